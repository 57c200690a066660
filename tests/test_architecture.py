"""Imports go one way (docs/architecture.md), and the front door is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "bench"

# A module may import from its own layer and from those before it.
LAYERS = (
    ("bench.errors",),
    ("bench.spec",),
    ("bench.seeds", "bench.files", "bench.paths", "bench.environment"),
    ("bench.data", "bench.models"),
    ("bench.learn",),
    ("bench.generate",),
    ("bench.select",),
    ("bench.label",),
    ("bench.evaluate",),
    ("bench.run",),
    ("bench.verdict",),
    ("bench.report",),
    ("bench.domains",),
    ("bench.methods",),
    ("bench.testbeds",),
    ("bench.compare",),
    ("bench.papers",),
    ("bench.cli",),
)
CONTENT = (
    "bench.data",
    "bench.models",
    "bench.learn",
    "bench.generate",
    "bench.select",
    "bench.label",
    "bench.evaluate",
)
TRUTH = ("bench.data.world.gold", "bench.data.world.card")
FORBIDDEN = {  # within the order above, and yet not allowed: these know spec, not each other's content
    "bench.run": CONTENT,
    "bench.verdict": CONTENT,
    "bench.report": CONTENT,
    "bench.learn": TRUTH,  # what labels cost is counted; nobody reads the truth for free
    "bench.generate": TRUTH,
    "bench.select": TRUTH,
    "bench.label": TRUTH,
    "bench.domains": ("bench.verdict", "bench.report"),
    "bench.methods": TRUTH,
    "bench.papers": ("bench.report", "bench.methods", "bench.testbeds", "bench.compare"),
}


def layer(module: str) -> int:
    for index, names in enumerate(LAYERS):
        if any(module == name or module.startswith(name + ".") for name in names):
            return index
    raise AssertionError(f"{module} belongs to no layer: add it to LAYERS and docs/architecture.md")


def modules() -> list[tuple[str, Path]]:
    files = sorted(PACKAGE.rglob("*.py"))
    named = [(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts), path) for path in files]
    return [(name.removesuffix(".__init__"), path) for name, path in named if name != "bench.__init__"]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("bench.") and name != "bench.__version__"}


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_module_imports_only_what_lies_below_it(name, path):
    for imported in imports(path):
        assert layer(imported) <= layer(name), f"{name} imports {imported}"
        for top, banned in FORBIDDEN.items():
            if name.startswith(top):
                assert not imported.startswith(banned), f"{name} imports {imported}"


PAPERS = sorted(path.name for path in (PACKAGE / "papers").iterdir() if (path / "paper.py").is_file())


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_paper_is_known_by_nobody_else(name, path):
    """What two papers need is in a slot or in bench.domains; `bench.papers` itself finds them by their folders."""
    own = name.split(".")[2] if name.startswith("bench.papers.") else None
    for paper in PAPERS:
        if paper != own:
            for imported in imports(path):
                assert not (imported + ".").startswith(f"bench.papers.{paper}."), f"{name} imports {imported}"


@pytest.mark.parametrize("heavy", ["torch", "transformers", "pandas", "scipy", "sklearn", "matplotlib", "numpy"])
def test_importing_bench_and_the_command_line_loads_nothing_heavy(heavy):
    code = f"import sys, bench, bench.cli; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_planning_a_study_in_a_domain_does_not_load_torch():
    code = "import sys, bench.papers.spa.paper, bench.domains.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_worker_of_a_synthetic_experiment_does_not_load_torch():
    code = "import sys, bench.papers.sparse.synthetic, bench.papers.sparse.fitting; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
