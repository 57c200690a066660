"""What a comparison has found, shown: on the terminal, and as a folder with a page, tables and figures."""

from __future__ import annotations

from pathlib import Path

from bench import paths
from bench.compare.latex import write_latex
from bench.compare.page import write_page
from bench.compare.pictures import pictures, write_pictures
from bench.compare.results import Results, Tournament
from bench.compare.tables import write_tables
from bench.compare.terminal import show
from bench.errors import UserError

__all__ = ["show", "write"]


def write(results: Results, tournament: Tournament, out: Path, runs: Path | None = None) -> list[Path]:
    """Write everything to the folder `out` and return what was written, the page first.

    `runs` is the folder that records lie in (by default PREFBENCH_RUNS, else ./runs): the page links to them, and
    relative to itself. Raises UserError where the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        drawn = pictures(results, tournament)
        files = [
            *write_pictures(drawn, out),
            *write_tables(results, tournament, out),
            *write_latex(results, tournament, out),
        ]
    except OSError as error:
        raise UserError(f"{out}: the comparison cannot be written there ({error.strerror or error})") from error
    return [write_page(results, tournament, drawn, files, out, paths.runs_dir(runs)), *files]
