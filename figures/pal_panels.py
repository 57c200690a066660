"""What the figures of PAL are made of: one look for each reward model, and accuracy along comparisons or along K."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import panels
import style
from matplotlib.axes import Axes

from bench.report.drawing import NothingToDrawError, curves

METHODS: Mapping[str, panels.Look] = {  # label, colour, marker; orange: PAL, grey: not personal, the others: personal
    "pal_a": ("PAL-A", "#d55e00", "o"),
    "pal_b": ("PAL-B", "#e6842a", "s"),
    "cosine": ("cosine, untrained", "#9aa3ad", "X"),
    "shared": ("one for all", "#5f6873", "D"),
    "per_user": ("one each", "#16191d", "v"),
    "mixture": ("mixture", "#0072b2", "o"),
    "clusters": ("clusters", "#3fa3dc", "^"),
    "nearest_users": ("nearest users", "#5a78c8", "P"),
    "low_rank": ("low rank", "#009e73", "s"),
    "sparse_deviations": ("sparse deviations", "#2a9d9d", "*"),
    "user_embedding": ("user embedding", "#b85c9e", "^"),
    "variational": ("variational", "#7a5cb8", "v"),
}
SEEN, UNSEEN = "seen_accuracy", "unseen_accuracy_"


def counts(rows: pd.DataFrame) -> list[int]:
    """Comparisons of an unseen person after which there is an accuracy."""
    found = rows["metric"].str.extract(rf"^{UNSEEN}(\d+)$")[0].dropna()
    return sorted(int(count) for count in found.unique())


def along_counts(
    axes: Axes,
    rows: pd.DataFrame,
    methods: Sequence[str],
    by: Sequence[str] = (),
    *,
    apart: float = 0.03,
    look: Callable[[str], panels.Look] | None = None,
    named: str = "",
) -> pd.DataFrame:
    """Accuracy on unseen people by comparisons of theirs, a line a method, on a logarithmic axis. Gives what it drew.

    `rows` have one condition a method, and `by` are its columns; what strangers get stands at the left end.
    """
    known = counts(rows)
    if not any(known):
        raise NothingToDrawError("no records of unseen people by comparisons of theirs")
    least = min(count for count in known if count > 0)
    tables = []
    there = [method for method in methods if (rows["method"] == method).any()]
    for place, method in enumerate(there):
        parts = [
            curves(
                rows, (method,), f"{UNSEEN}{count}", by or ["dataset"], lambda cells, at=count: 0 * cells["mean"] + at
            )
            for count in known
        ]
        points = pd.concat(parts, ignore_index=True)
        shift = (1 + apart) ** (place - (len(there) - 1) / 2)
        points = points.assign(
            x=points["x"].where(points["x"] > 0, least / 2.5) * shift, series=f"{method} unseen {named}".strip()
        )
        panels.line(axes, points, (look or METHODS.__getitem__)(method))
        tables.append(points)
    axes.set(xscale="log", xlabel="comparisons of an unseen person")
    ticks = [least / 2.5, *(float(count) for count in known if count > 0)]
    style.log_axis(axes.xaxis, ticks)
    axes.xaxis.set_major_formatter(lambda value, _: "none" if value < least / 2 else f"{value:g}")
    return pd.concat(tables, ignore_index=True)


def along(
    axes: Axes,
    rows: pd.DataFrame,
    methods: Sequence[str],
    metric: str,
    column: str,
    *,
    by: Sequence[str] = (),
    look: Callable[[str], panels.Look] | None = None,
    named: str = "",
) -> pd.DataFrame:
    """A metric along a condition column of numbers, a line a method. Gives what it drew."""
    tables = []
    for method in methods:
        if not ((rows["method"] == method) & (rows["metric"] == metric)).any():
            continue
        points = curves(rows, (method,), metric, [column, *by], lambda cells: cells[column].astype(float))
        points = points.assign(series=f"{method} {metric} {named}".strip())
        panels.line(axes, points, (look or METHODS.__getitem__)(method))
        tables.append(points)
    if not tables:
        raise NothingToDrawError(f"no records of {metric} for {', '.join(methods)}")
    return pd.concat(tables, ignore_index=True)


def ranked(
    axes: Axes, rows: pd.DataFrame, metric: str, names: Mapping[str, str] | None = None, by: Sequence[str] = ()
) -> pd.DataFrame:
    """A dot a method with its interval, the best on top; `rows` have one condition a method. Gives what it drew."""
    methods = [method for method in METHODS if ((rows["method"] == method) & (rows["metric"] == metric)).any()]
    points = curves(rows, methods, metric, by or ["dataset"], lambda cells: cells["mean"])
    order = list(points.sort_values("mean", ascending=False)["method"])
    points = points.assign(
        y=points["method"].map({method: -float(place) for place, method in enumerate(order)}),
        series=points["method"] + " " + metric,
    )
    for point in points.to_dict("records"):
        panels.dot(axes, point, METHODS[point["method"]], named=False)
    labels = [(names or {}).get(method, METHODS[method][0]) for method in order]
    axes.set_yticks([-float(place) for place in range(len(order))], labels)
    axes.set(ylim=(0.6 - len(order), 0.6))
    axes.grid(visible=False, axis="y")
    return points
