"""The papers, one package each, found by being here: what the authors did, and nothing general.

The module `paper` of a package defines `PAPER`, a `bench.spec.Paper`. Nothing else has to be registered anywhere.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from bench.errors import unknown
from bench.spec import Paper


def names() -> list[str]:
    """The papers of the suite, by folder name."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/paper.py"))


def load(name: str) -> Paper:
    """The paper of that name; UserError with the nearest name otherwise."""
    if name not in names():
        raise unknown("paper", name, names())
    paper: Paper = import_module(f"bench.papers.{name}.paper").PAPER
    return paper
