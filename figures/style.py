"""One look for all figures: a method is a colour and a marker, a variant is a line style; printed sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from bench.report.style import COLUMN, GRID, INK, MUTED, TEXT, apart, log_axis, new, style

__all__ = ["COLUMN", "GRID", "INK", "MUTED", "TEXT", "apart", "log_axis", "new", "style"]  # scripts find all looks here

PUBLISHED = "#9aa3ad"
PAPER_RULE = "#7a1f5c"
ON_MAP = "#16191d"  # ink on a map, whose colours stay as they are on a dark page

# Okabe and Ito's colours: distinct to colour-blind readers, and of distinct lightness together with the markers
METHODS: Mapping[str, tuple[str, str, str]] = {
    "mle": ("MLE", "#d55e00", "o"),
    "l1": ("ℓ1", "#0072b2", "s"),
    "l0": ("ℓ0", "#009e73", "^"),
    "length": ("length only", "#5f6873", "D"),
}
VARIANTS: Mapping[str, tuple[str, Any, bool]] = {  # label, line style, filled markers
    "corrected": ("true optimum", "-", True),
    "as_released": ("authors' solver", (0, (4, 2)), False),
    "as_published": ("as published", (0, (1, 1.5)), False),
}


def label(method: str, variant: str, variants: int) -> str:
    """The label of a curve: the method, and the variant where the figure shows more than one."""
    method_label = METHODS[method][0]
    return f"{method_label}, {VARIANTS[variant][0]}" if variants > 1 else method_label


def map_colours(count: int) -> list[str]:
    """`count` colours from small to large error, mid to light: dark ink reads on all of them, in colour and in grey."""
    shades = mpl.colormaps["YlGnBu"](np.linspace(0.68, 0.03, count))
    return [to_hex(shade) for shade in shades]


def curve(axes: Axes, rows: pd.DataFrame, variants: int, **options: Any) -> None:
    """Draw one series of `records` rows (see bench.report.drawing): its line, its markers and its 95 % interval.

    The interval is a band for the corrected variant and bars for the others, which run on few seeds. `variants` is how
    many variants the figure shows.
    """
    first = rows.iloc[0]
    _, colour, marker = METHODS[first["method"]]
    _, line, filled = VARIANTS[first["variant"]]
    if filled:
        axes.fill_between(rows["x"], rows["low"], rows["high"], color=colour, alpha=0.18, linewidth=0)
    else:
        axes.vlines(rows["x"], rows["low"], rows["high"], color=colour, linewidth=0.7, alpha=0.7)
    axes.plot(
        rows["x"],
        rows["y"],
        gid=first["series"],
        **{
            "label": label(first["method"], first["variant"], variants),
            "color": colour,
            "linestyle": line,
            "marker": marker,
            "markerfacecolor": colour if filled else "none",
            "markeredgewidth": 0.9,
            "markevery": max(1, len(rows) // 12),
            **options,
        },
    )


def published(axes: Axes, rows: pd.DataFrame, label: str = "published") -> None:
    """Draw one published curve behind ours: a broad grey line within the error of reading it."""
    axes.fill_between(rows["x"], rows["low"], rows["high"], color=PUBLISHED, alpha=0.35, linewidth=0, zorder=1.5)
    axes.plot(rows["x"], rows["y"], color=PUBLISHED, linewidth=2.4, label=label, zorder=1.6, solid_capstyle="round")


def limits(*tables: pd.DataFrame, logarithmic: bool = False) -> tuple[float, float]:
    """Limits of y that hold every mean with room around it; an interval of few seeds may leave the frame."""
    means = np.concatenate([table["y"].to_numpy(float) for table in tables])
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    return (low / 1.6, high * 1.6) if logarithmic else (low - 0.3 * (high - low), high + 0.3 * (high - low))
