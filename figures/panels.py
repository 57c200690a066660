"""What figures of several papers are made of: narrowing records, one legend for all panels, seeds in every caption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.drawing import Drawing, NothingToDrawError

INTERVALS = "bars: 95 %, of each mean by itself (claims are paired by seed)."
Look = tuple[str, str, str]  # label, colour, marker


def require(series: pd.DataFrame) -> None:
    """NothingToDrawError unless there is a record."""
    if series.empty:
        raise NothingToDrawError("no records of this experiment")


def where(series: pd.DataFrame, **condition: str | float) -> pd.DataFrame:
    """The rows at a condition; NothingToDrawError where there are none."""
    for column, value in condition.items():
        series = series[series[column] == value] if column in series else series.iloc[:0]
    if series.empty:
        named = ", ".join(f"{column} = {value}" for column, value in condition.items())
        raise NothingToDrawError(f"no records with {named}")
    return series


def line(axes: Axes, points: pd.DataFrame, look: Look, **options: Any) -> None:
    """One series of `records` rows: its line, its markers, its 95 % intervals."""
    label, colour, marker = look
    drawn = {"label": label, "color": colour, "marker": marker, **options}
    axes.vlines(points["x"], points["low"], points["high"], color=drawn["color"], linewidth=0.8, alpha=0.7)
    axes.plot(points["x"], points["y"], gid=points["series"].iloc[0], **drawn)


def dot(axes: Axes, point: Mapping[Any, Any], look: Look, *, named: bool) -> None:
    """One point with its interval along x; in the legend if `named`."""
    label, colour, marker = look
    axes.hlines(point["y"], point["low"], point["high"], color=colour, linewidth=1.0, alpha=0.8)
    axes.plot(
        [point["x"]], [point["y"]], linestyle="none", color=colour, marker=marker, markersize=4.5, gid=point["series"],
        label=label if named else None,
    )  # fmt: skip


def drawing(figure: Figure, tables: Sequence[pd.DataFrame], caption: str, *, columns: int = 5) -> Drawing:
    """With one legend for all panels, and what stands in every caption: seeds and intervals."""
    plotted = pd.concat([table for table in tables if len(table)], ignore_index=True)
    handles: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=columns)
    counts = plotted["replicates"].dropna().astype(int)
    few, many = counts.min(), counts.max()
    seeds = f"{many} seeds" if few == many else f"{few} to {many} seeds"
    return Drawing(figure, plotted, f"{caption} Means of {seeds}; {INTERVALS}")
