"""Where things lie: shipped resources, the user's data, records, caches and reports.

Every folder has an environment variable and a command-line option; nothing is ever written into the package.
"""

from __future__ import annotations

import os
from pathlib import Path

from bench.errors import UserError

_PACKAGE = Path(__file__).parent


def resource(name: str) -> Path:
    """The folder `name` (paper_results, figures or data_cards): in a checkout, or as shipped in the wheel."""
    checkout = _PACKAGE.parent / name
    return checkout if checkout.is_dir() else _PACKAGE / "_shipped" / name


def data_dir(given: Path | None = None) -> Path | None:
    """The user's data directory: `given`, else PREFBENCH_DATA, else none. One that is named must exist."""
    named = given or (Path(value) if (value := os.environ.get("PREFBENCH_DATA")) else None)
    if named is None:
        return None
    if not named.is_dir():
        source = "--data-dir" if given else "PREFBENCH_DATA"
        raise UserError(f"{source}: no data directory at {named.absolute()}{_nearest_existing(named)}")
    return named.absolute()


def runs_dir(given: Path | None = None) -> Path:
    """The folder of records: `given`, else PREFBENCH_RUNS, else ./runs."""
    return (given or Path(os.environ.get("PREFBENCH_RUNS", "runs"))).absolute()


def cache_dir() -> Path:
    """The folder of recomputable intermediates: PREFBENCH_CACHE, else ~/.cache/prefbench."""
    return Path(os.environ.get("PREFBENCH_CACHE", "~/.cache/prefbench")).expanduser().absolute()


def _nearest_existing(path: Path) -> str:
    parent = next((p for p in path.absolute().parents if p.is_dir()), None)
    if parent is None:
        return ""
    folders = sorted(p.name for p in parent.iterdir() if p.is_dir() and not p.name.startswith("."))
    return f"\n{parent} exists and holds: {', '.join(folders[:12]) or '(no folders)'}"
