"""The look that every figure has: printed sizes, inks, Matplotlib's settings, logarithmic axes in plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

COLUMN, TEXT = 3.25, 6.75  # inches: one column and the full text width of an ICML page

INK, MUTED, GRID = "#1f2328", "#5f6873", "#dfe3e8"


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib settings of every figure: 8 pt text, thin ink, faint grid, fonts embedded as outlines' true type."""
    with mpl.rc_context(
        {
            "figure.constrained_layout.use": True,
            "font.size": 8,
            "axes.labelsize": 8,
            "axes.titlesize": 8,
            "xtick.labelsize": 7,
            "ytick.labelsize": 7,
            "legend.fontsize": 7,
            "legend.frameon": False,
            "legend.handlelength": 2.6,
            "axes.edgecolor": MUTED,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "text.color": INK,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "axes.linewidth": 0.6,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": GRID,
            "grid.linewidth": 0.5,
            "axes.axisbelow": True,
            "lines.linewidth": 1.2,
            "lines.markersize": 3.2,
            "pdf.fonttype": 42,
        }
    ):
        yield


def new(width: float, height: float, columns: int = 1, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of `columns` panels, made without pyplot so that nothing of it outlives the drawing."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False, **options)
    return figure, list(axes[0])


def apart(values: Iterable[float], ratio: float = 1.5) -> list[float]:
    """Those of the values that stand far enough apart on a logarithmic axis to be labelled."""
    kept: list[float] = []
    for value in sorted(set(values)):
        if not kept or value >= ratio * kept[-1]:
            kept.append(float(value))
    return kept


def log_axis(axis: Any, ticks: list[float] | None = None) -> None:
    """Plain numbers (0.01, 0.1, 100) at decades or at `ticks`, no labels between."""
    axis.set_major_locator(FixedLocator(ticks) if ticks else LogLocator(10))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value < 1e4 else f"{value:,.0f}"))
    axis.set_minor_formatter(NullFormatter())
    if ticks:
        axis.set_minor_locator(FixedLocator([]))
