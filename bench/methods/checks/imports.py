"""What a method's file imports: nothing that knows the truth."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

TRUTH = ("bench.data", "bench.domains", "bench.testbeds", "bench.compare", "bench.papers")
ENCODERS = ("bench.data.encoder", "bench.data.encoded", "bench.data.decoder")  # they know texts, and no labels


def forbidden(kind: type) -> list[str]:
    """Modules of TRUTH that the file of `kind` names, in imports or in strings, in order; none of ENCODERS."""
    source = inspect.getsourcefile(kind)
    if source is None:
        return []
    named: set[str] = set()
    for node in ast.walk(ast.parse(Path(source).read_text())):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            named.add(node.value)  # importlib.import_module("bench.data.world.gold")
    return sorted(name for name in named if _below(name, TRUTH) and not _below(name, ENCODERS))


def _below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)
