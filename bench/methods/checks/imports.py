"""What a method's file imports: nothing that knows the truth."""

from __future__ import annotations

import ast
from pathlib import Path

from bench.errors import UserError
from bench.methods.catalogue import BUILT_IN
from bench.methods.method import Method
from bench.methods.sources import source_file

TRUTH = ("bench.data", "bench.domains", "bench.testbeds", "bench.compare", "bench.papers")
ENCODERS = ("bench.data.encoder", "bench.data.encoded", "bench.data.decoder")  # they know texts, and no labels
# The language of the known-truth world: what its words mean, what is asked, and what is in a response, for anyone who
# reads. What people want of a response is `bench.data.world.gold`, and what they said is sold.
LANGUAGE = tuple(f"bench.data.world.{name}" for name in ("attributes", "lexicon", "prompts", "vocabulary"))


def require_blind(method: Method) -> None:
    """Raises UserError for a method of a user or of a package whose file names what knows held-out labels."""
    if method in BUILT_IN:
        return
    if named := forbidden(method.load()):
        raise UserError(f"{method.target} names {named[0]}, which knows held-out labels: it cannot be compared")


def forbidden(kind: type) -> list[str]:
    """As `forbidden_in`, of the file of `kind`. Modules that it imports are not read; those of `bench.methods` hold to
    the same, as a test of each says."""
    source = source_file(kind)
    return [] if source is None else forbidden_in(source)


def forbidden_in(path: Path) -> list[str]:
    """Modules of TRUTH that a file names, in imports or in strings, in order; none of ENCODERS or LANGUAGE."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            named.add(node.value)  # importlib.import_module("bench.data.world.gold")
    return sorted(name for name in named if _below(name, TRUTH) and not _below(name, ENCODERS + LANGUAGE))


def _below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)
