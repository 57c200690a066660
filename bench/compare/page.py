"""The leaderboard: one HTML file that loads nothing, with tables that sort and filter, light and dark."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from bench.compare.page_parts import beside, costs, differences, leaderboard, tuning
from bench.compare.pictures import NAMED
from bench.compare.results import Results, Tournament
from bench.compare.words import TOO_FEW, compared, given, landmarks, listed, resampled, summary, timed
from bench.report.drawing import Drawing
from bench.report.format import number, plural
from bench.report.html import minus, page, write_text
from bench.report.svg import svg_text


def write_page(
    results: Results,
    tournament: Tournament,
    drawn: Mapping[str, Drawing],
    written: Sequence[Path],
    out: Path,
    runs: Path,
) -> Path:
    """Write index.html to the folder `out`, with links to the files `written` there and to records under `runs`."""
    return write_text(render(results, tournament, drawn, written, out, runs), out / "index.html")


def render(
    results: Results,
    tournament: Tournament,
    drawn: Mapping[str, Drawing],
    written: Sequence[Path],
    out: Path,
    runs: Path,
) -> str:
    """The page as text."""
    script = files("bench.compare").joinpath("templates", "leaderboard.js").read_text(encoding="utf-8")
    filters: dict[str, Callable[..., Any]] = {"sortable": _sortable, "signs": _signs}
    names = [path.name for path in written]
    view = {
        "title": _title(results),
        "compared": compared(results),
        "given": given(results),
        "summary": summary(results, tournament),
        "command": results.command,
        "failures": results.failures,
        "notes": tournament.notes,
        "resampled": resampled(results),
        "partial": any(cell.missing for cell in tournament.cells),
        "within": any(cell.within is not None for cell in tournament.cells),
        "grown": any(cost.memory is not None for cost in tournament.costs),
        "timed": timed(tournament),
        "too_few": TOO_FEW,
        "tasks": list(results.measures),
        "entrants": results.entrants,
        "board": leaderboard(results, tournament),
        "differences": differences(results, tournament),
        "beside": beside(results, tournament),
        "landmarks": {task: said for task in results.measures if (said := landmarks(tournament, task))},
        "costs": costs(results, tournament),
        "tuning": tuning(results),
        "count": results.tuning.count,
        "pictures": [
            {
                "name": name,
                "title": NAMED[name],
                "caption": drawing.caption,
                "svg": Markup(svg_text(drawing.figure, name, title=f"{NAMED[name]}. {drawing.caption}")),
                "files": [file for file in names if file.startswith(f"{name}.")],
            }
            for name, drawing in drawn.items()
        ],
        "tables": [file for file in names if file.endswith((".csv", ".tex"))],
        "records": _records(results, out, runs),
        "ranks": tournament.ranks,
        "script": Markup(script),
    }
    return page("bench.compare", "leaderboard.html.j2", ("page.css", "leaderboard.css"), filters, view)


def _title(results: Results) -> str:
    own = [entrant.name for entrant in results.entrants if entrant.own]
    others = len(results.entrants) - len(own)
    if own and others:
        return f"{listed(own)} beside {plural(others, 'other')}"
    return f"{plural(len(results.entrants), 'entrant')} beside each other"


def _records(results: Results, out: Path, runs: Path) -> list[dict[str, Any]]:
    """For every task and entrant the measure of each seed (rows) at each budget (columns), with its record's link."""
    found = []
    for at, (task, measure) in enumerate(results.measures.items()):
        rows = results.rows[(results.rows["task"] == task) & (results.rows["metric"] == measure.metric)]
        columns = ("entrant", "seed", "budget", "value", "record")
        values: dict[tuple[str, int, int], tuple[float, str]] = {
            (name, int(seed), int(budget)): (float(value), record)
            for name, seed, budget, value, record in zip(*(rows[column] for column in columns), strict=True)
        }
        budgets = sorted({budget for _, _, budget in values})
        entrants = []
        for place, entrant in enumerate(results.entrants):
            seeds = sorted({seed for name, seed, _ in values if name == entrant.name})
            cells = [
                (seed, [_value(values.get((entrant.name, seed, budget)), out, runs) for budget in budgets])
                for seed in seeds
            ]
            entrants.append({"id": f"records-{at}-{place}", "name": entrant.name, "seeds": cells})
        found.append({"task": task, "words": measure.words, "budgets": budgets, "entrants": entrants})
    return found


def _value(found: tuple[float, str] | None, out: Path, runs: Path) -> dict[str, str] | None:
    if found is None:
        return None
    value, record = found
    return {"text": minus(number(value, 4)), "link": link(runs / record, out)}


def link(path: Path, out: Path) -> str:
    """`path` as a page in `out` links to it: relative, or absolute where that lies on another drive."""
    try:
        return quote(Path(os.path.relpath(path.absolute(), out.absolute())).as_posix())
    except ValueError:
        return path.absolute().as_uri()


def _sortable(value: float | None) -> str:
    """The number that a column is sorted by; empty where there is none."""
    return f"{value:.8g}" if value is not None and math.isfinite(value) else ""


def _signs(sentence: str) -> str:
    """A sentence with minus signs before its negative numbers; hyphens within words and names stay."""
    return re.sub(r"(?<![^\s(])-(?=[\d∞])", "−", sentence)
