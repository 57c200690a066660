"""The figures of a comparison: curves over labels, ranks with who cannot be told apart, performance profiles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from bench.compare.rank_picture import names_as_written, ranks_picture
from bench.compare.results import Cell, Entrant, Profiles, Results, Tournament
from bench.compare.words import budgets_of, half, seeds_of
from bench.report.drawing import Drawing
from bench.report.format import plural
from bench.report.style import TEXT, apart, log_axis, new, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Told apart by colour, lightness and marker; the report's page has a twin of each for a dark ground.
LOOKS = (
    *(("#d55e00", "o"), ("#0072b2", "s"), ("#009e73", "^"), ("#b85c9e", "D"), ("#b8860b", "v"), ("#4652a8", "P")),
    *(("#3fa3dc", "X"), ("#9e4a10", "<"), ("#2a9d9d", ">"), ("#7a5cb8", "h"), ("#e6842a", "p"), ("#5f6873", "d")),
    *(("#a38a00", "*"), ("#5a78c8", "8"), ("#7fa8c9", "H"), ("#848c96", ".")),
)
BANDS = 3  # more entrants than these and only the user's own have bands
ABREAST = 3  # panels
LINE = 0.17  # inches, of a legend
LETTERS = 32  # of a line of an axis' name: as many as a panel is high
_Look = Mapping[str, Any]  # of a line
NAMED = {"curves": "Quality by labels", "critical_difference": "Average ranks", "profiles": "Performance profiles"}


def pictures(results: Results, tournament: Tournament) -> dict[str, Drawing]:
    """The figures that there are numbers for, by the name of their files; `NAMED` has their titles."""
    drawn = {"curves": curves(results, tournament)}
    if tournament.ranks is not None:
        drawn["critical_difference"] = ranks_picture(results.entrants, tournament.ranks)
    if tournament.profiles is not None:
        drawn["profiles"] = profiles(results.entrants, tournament.profiles)
    return drawn


def write_pictures(drawn: Mapping[str, Drawing], out: Path) -> list[Path]:
    """Write a PDF and a PNG (300 dpi) of each to the folder `out`."""
    paths = []
    for name, drawing in drawn.items():
        pdf, png = out / f"{name}.pdf", out / f"{name}.png"
        drawing.figure.savefig(pdf, metadata={"CreationDate": None})
        drawing.figure.savefig(png, dpi=300)
        paths += [pdf, png]
    return paths


def curves(results: Results, tournament: Tournament) -> Drawing:
    """A panel a task: the mean by number of labels with its interval; of a single budget, a row an entrant."""
    tasks = list(results.measures)
    looks = _looks(results.entrants)
    with style(), names_as_written():
        single = [len(budgets_of(tournament, task)) == 1 for task in tasks]
        figure, panels = _panels(len(tasks), 0.7 + 0.18 * len(looks) if all(single) else 2.2)
        rows = []
        for place, (axes, task) in enumerate(zip(panels, tasks, strict=True)):
            cells = [cell for cell in tournament.cells if cell.task == task and cell.budget is not None]
            (_beside if single[place] else _over_labels)(axes, cells, results.entrants, looks)
            axes.set_title(task)
            name = fill(results.measures[task].words, LETTERS)
            axes.set_xlabel(name) if single[place] else axes.set_ylabel(name)
            if single[place] and place % ABREAST == 0:
                axes.set_yticks(range(len(looks)), list(looks))
            rows += [
                {"series": cell.entrant, "task": task, "x": cell.budget, "y": cell.mean.value, "low": cell.mean.low,
                 "high": cell.mean.high, "replicates": cell.seeds}
                for cell in cells
            ]  # fmt: skip
        if not all(single):
            _legend(figure, results.entrants, looks)
    caption = (
        f"Quality by number of labels that were bought, mean over {plural(seeds_of(results), 'seed')}; bars: 95 % "
        "intervals of each mean by itself (differences are tested in pairs, seed by seed)."
    )
    if any(cell.missing for cell in tournament.cells):
        caption += " Hollow: over fewer seeds than others have."
    return Drawing(figure, _table(rows), caption)


def _over_labels(axes: Axes, cells: Sequence[Cell], entrants: Sequence[Entrant], looks: Mapping[str, _Look]) -> None:
    """Curves on a logarithmic axis, drawn a little beside each other where bars would hide each other."""
    budgets = sorted({cell.budget for cell in cells if cell.budget is not None})
    gap = min(later / earlier for earlier, later in pairwise(budgets))
    spread = 0.25 * math.log(gap)
    for place, entrant in enumerate(entrants):
        mine = sorted((cell for cell in cells if cell.entrant == entrant.name), key=lambda cell: cell.budget or 0)
        aside = math.exp(spread * ((place + 0.5) / len(entrants) - 0.5))
        x = [(cell.budget or 0) * aside for cell in mine]
        look = looks[entrant.name]
        finite = [(at, cell.mean) for at, cell in zip(x, mine, strict=True) if math.isfinite(half(cell.mean))]
        axes.vlines(
            [at for at, _ in finite], [mean.low for _, mean in finite], [mean.high for _, mean in finite],
            color=look["color"], linewidth=0.8, alpha=0.55,
        )  # fmt: skip
        axes.plot(x, [cell.mean.value for cell in mine], **look, zorder=3 if entrant.own else 2)
        _hollow(axes, [(at, cell.mean.value) for at, cell in zip(x, mine, strict=True) if cell.missing], look)
    axes.set_xscale("log")
    log_axis(axes.xaxis, apart(budgets))
    axes.set_xlabel("labels")


def _beside(axes: Axes, cells: Sequence[Cell], entrants: Sequence[Entrant], looks: Mapping[str, _Look]) -> None:
    """Means and intervals of one budget, a row an entrant, the first on top."""
    by_name = {cell.entrant: cell for cell in cells}
    for place, entrant in enumerate(entrants):
        if (cell := by_name.get(entrant.name)) is not None:
            look = looks[entrant.name]
            if math.isfinite(half(cell.mean)):
                axes.hlines(place, cell.mean.low, cell.mean.high, color=look["color"], linewidth=1.2)
            axes.plot([cell.mean.value], [place], **look)
            _hollow(axes, [(cell.mean.value, place)] if cell.missing else [], look)
    axes.set_yticks(range(len(entrants)), [""] * len(entrants))
    axes.set_ylim(len(entrants) - 0.5, -0.5)
    axes.margins(x=0.08)


def _hollow(axes: Axes, points: Sequence[tuple[float, float]], look: _Look) -> None:
    """Means over fewer seeds than others have."""
    hollow = {
        "linestyle": "",
        "markerfacecolor": "white",
        "markeredgewidth": 0.8,
        "markersize": 1.6 * look["markersize"],
    }
    for x, y in points:
        axes.plot([x], [y], **{**look, **hollow}, zorder=4)


def profiles(entrants: Sequence[Entrant], found: Profiles) -> Drawing:
    """The share of runs above each threshold; the right end of what matters is where nobody is left.

    Who took no part somewhere has no profile.
    """
    looks = _looks(entrants)
    entrants = [entrant for entrant in entrants if entrant.name in found.share]
    banded = [entrant.name for entrant in entrants if (entrant.own or len(entrants) <= BANDS) and found.low]
    with style(), names_as_written():
        figure, (axes,) = new(TEXT * 0.72, 2.6)
        rows = []
        for entrant in entrants:
            name, look = entrant.name, dict(looks[entrant.name], marker="")
            axes.step(found.thresholds, found.share[name], where="post", **look, zorder=3 if entrant.own else 2)
            if name in banded:
                axes.fill_between(
                    found.thresholds, found.low[name], found.high[name], step="post", color=look["color"],
                    alpha=0.14, linewidth=0,
                )  # fmt: skip
            unknown = (math.nan,) * len(found.thresholds)
            bands = found.low.get(name, unknown), found.high.get(name, unknown)
            points = zip(found.thresholds, found.share[name], *bands, strict=True)
            rows += [{"series": name, "x": x, "y": y, "low": low, "high": high} for x, y, low, high in points]
        axes.set_xlim(*_varying(found))
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("score: area under the curve, 0 at chance, 1 at the task's best mean")
        axes.set_ylabel("share of runs above")
        _legend(figure, entrants, looks, marker="")
    shown = f"bands: 95 %, pointwise, {'of each' if len(banded) == len(entrants) else 'of yours'}" if banded else ""
    if not found.low:
        shown = "no bands, as the seeds of a task that splits the same data anew are not independent"
    caption = "Performance profiles over tasks and seeds: higher is better" + (f"; {shown}." if shown else ".")
    return Drawing(figure, _table(rows), caption)


def _varying(found: Profiles) -> tuple[float, float]:
    """The thresholds between which some entrant's share is neither 0 nor 1, with a little room."""
    inside = [
        threshold
        for place, threshold in enumerate(found.thresholds)
        if any(0 < share[place] < 1 for share in found.share.values())
    ] or list(found.thresholds)
    room = 0.05 * (inside[-1] - inside[0]) + 0.02
    return max(inside[0] - room, found.thresholds[0]), min(inside[-1] + room, found.thresholds[-1])


def _looks(entrants: Sequence[Entrant]) -> dict[str, _Look]:
    """A colour and a marker each, in the order of entrants; the user's own are drawn stronger."""
    looks: dict[str, _Look] = {}
    for place, entrant in enumerate(entrants):
        colour, marker = LOOKS[place % len(LOOKS)]
        line = "-" if place < len(LOOKS) else (0, (4, 2))
        strength = {"linewidth": 2.0, "markersize": 4.4} if entrant.own else {"linewidth": 1.1, "markersize": 3.4}
        looks[entrant.name] = {"color": colour, "marker": marker, "linestyle": line, **strength}
    return looks


def _panels(count: int, height: float) -> tuple[Figure, list[Axes]]:
    """Panels of a figure as wide as a page's text, at most `ABREAST` in a row."""
    from matplotlib.figure import Figure

    columns = min(count, ABREAST)
    rows = math.ceil(count / columns)
    width = TEXT if columns > 1 else TEXT * 0.72
    figure = Figure(figsize=(width, height * rows + 0.5), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for spare in panels[count:]:
        spare.remove()
    return figure, panels[:count]


def _legend(figure: Figure, entrants: Sequence[Entrant], looks: Mapping[str, _Look], **options: Any) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], **{**looks[entrant.name], **options}) for entrant in entrants]
    names = [f"{entrant.name} (yours)" if entrant.own else entrant.name for entrant in entrants]
    longest = max(map(len, names))
    width = figure.get_figwidth() * 72 / (36 + 3.7 * longest)  # points; an entry is its line and its letters
    lines = math.ceil(len(names) / max(1, int(width)))
    figure.set_figheight(figure.get_figheight() + LINE * max(0, lines - 2))  # more lines: a higher figure
    legend = figure.legend(handles, names, loc="outside lower center", ncols=math.ceil(len(names) / lines))
    for text, entrant in zip(legend.get_texts(), entrants, strict=True):
        text.set_fontweight("bold" if entrant.own else "normal")


def _table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows)
