"""The critical-difference diagram: average ranks on one axis, and bars over those who cannot be told apart.

Demšar (2006), "Statistical comparisons of classifiers over multiple data sets", Figure 1: the best is on the right,
and a thick bar joins a group of which no pair differs. The bars here are of pairwise tests, which need not be of
neighbours: a dot on the bar marks each member, so that one who lies under a bar without belonging to it is seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.compare.results import Entrant, Ranks
from bench.compare.words import TOO_FEW
from bench.report.drawing import Drawing
from bench.report.format import plural
from bench.report.style import INK, MUTED, TEXT, new, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR, LINE = 0.55, 1.0  # heights: between bars, between names; in lines of text
ROW = 0.16  # inches, a line of text


@contextmanager
def names_as_written() -> Iterator[None]:
    """Dollars in names are dollars, not mathematics."""
    import matplotlib as mpl

    with mpl.rc_context({"text.parse_math": False}):
        yield


def ranks_picture(entrants: Sequence[Entrant], ranks: Ranks) -> Drawing:
    """The diagram of `ranks`; the user's own entrants are in bold."""
    import pandas as pd

    order = sorted(ranks.average, key=lambda name: ranks.average[name])
    own = {entrant.name for entrant in entrants if entrant.own}
    bars = levels([span(group, ranks) for group in ranks.groups if len(group) > 1], gap=0.02 * len(order))
    depth = BAR * (1 + max((level for level, _ in bars), default=-1)) + 0.9
    height = depth + LINE * math.ceil(len(order) / 2)
    with style(), names_as_written():
        figure, (axes,) = new(TEXT, ROW * (height + 3.2))
        axes.set_axis_off()
        _axis(axes, len(order))
        for level, (low, high, members) in bars:
            y = -0.75 - BAR * level
            axes.plot([low, high], [y, y], color=INK, linewidth=2.6, solid_capstyle="round")
            axes.plot(members, [y] * len(members), "o", color=INK, markersize=4.2)
        if not ranks.telling:
            axes.text(axes.get_xlim()[0], 1.6, TOO_FEW, ha="left", va="bottom", fontsize=7, fontstyle="italic")
        _names(axes, order, ranks, own, depth)
        axes.set_ylim(-height - 0.2, 2.4)
    rows = [{"series": name, "x": ranks.average[name], "y": float(place)} for place, name in enumerate(order, 1)]
    return Drawing(figure, pd.DataFrame(rows), _caption(ranks, bool(bars)))


Span = tuple[float, float, list[float]]


def span(group: Sequence[str], ranks: Ranks) -> Span:
    """Where a group's bar begins and ends, and where its members are."""
    members = sorted(ranks.average[name] for name in group)
    return members[0], members[-1], members


def levels(spans: Sequence[Span], gap: float) -> list[tuple[int, Span]]:
    """Every bar with the first level below the axis at which it is further than `gap` from all others."""
    ends: list[float] = []
    placed = []
    for bar in sorted(spans, key=lambda one: (one[0], -one[1])):
        level = next((level for level, end in enumerate(ends) if end < bar[0] - gap), len(ends))
        ends[level : level + 1] = [bar[1]]
        placed.append((level, bar))
    return placed


def _axis(axes: Axes, count: int) -> None:
    """Ranks from the worst on the left to 1 on the right, with room for names on both sides."""
    axes.plot([1, count], [0, 0], color=MUTED, linewidth=0.8)
    for rank in range(1, count + 1):
        axes.plot([rank, rank], [0, 0.35], color=MUTED, linewidth=0.8)
        axes.text(rank, 0.55, str(rank), ha="center", va="bottom", fontsize=7)
    room = 0.42 * (count - 1)
    axes.set_xlim(count + room, 1 - room)
    axes.text(1, 1.6, "average rank, best on the right", ha="right", va="bottom", fontsize=7)


def _names(axes: Axes, order: Sequence[str], ranks: Ranks, own: set[str], depth: float) -> None:
    """The better half hangs on the right, the best on top; the other half on the left, the worst on top."""
    right = math.ceil(len(order) / 2)
    margin = 0.04 * (len(order) - 1)
    for side, end, names in (
        ("left", 1 - margin, order[:right]),
        ("right", len(order) + margin, order[: right - 1 : -1]),
    ):
        for row, name in enumerate(names):
            rank, y = ranks.average[name], -depth - LINE * row
            axes.plot([rank, rank, end], [0, y, y], color=MUTED, linewidth=0.7, zorder=1)
            text = f"{rank:.2f}  {name}" if side == "left" else f"{name}  {rank:.2f}"
            axes.text(
                end - (margin / 2 if side == "left" else -margin / 2), y, text, ha=side, va="center", fontsize=8,
                fontweight="bold" if name in own else "normal",
            )  # fmt: skip


def _caption(ranks: Ranks, bars: bool) -> str:
    if not ranks.telling:
        return f"Average ranks over {plural(ranks.blocks, 'block')} of task and seed: {TOO_FEW}. {ranks.test}."
    joined = "a bar joins those of whom no pair differs, a dot each" if bars else "every pair differs"
    return f"Average ranks over {plural(ranks.blocks, 'block')} of task and seed; {joined}. {ranks.test}."
