"""People with known ideal points: accuracy by K, by comparisons of newcomers, by D and K*, and two fits in pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pal_panels
import pandas as pd
import panels
import style
from matplotlib.axes import Axes
from pal_panels import SEEN, UNSEEN
from pal_pictures import pictures

from bench.report.drawing import Drawing, curves
from bench.spec import Published

ONE_EACH = "one each"
CROWD = ["k_star", "d", "each", "mixed"]
NEWCOMERS = "#e9a15f"
SHADES = ("#56b4e9", "#0072b2", "#16304a")  # from few to many


def prototypes(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Accuracy by K, a panel a population."""
    panels.require(series)
    populations = (
        series[["mixed", "k_star"]].drop_duplicates().sort_values(["mixed", "k_star"], ascending=[False, True])
    )
    tables = []
    with style.style():
        figure, columns = style.new(style.TEXT, 2.2, columns=len(populations), sharey=True)
        for axes, (mixed, k_star) in zip(columns, populations.itertuples(index=False), strict=True):
            rows = panels.where(series, mixed=mixed, k_star=k_star)
            named = f"{mixed} {k_star}"
            tables += [_level(axes, rows, method, named) for method in ("shared", "per_user", "mixture")]
            axes.axvline(k_star, color=style.MUTED, linewidth=0.8, linestyle=":")
            unseen = sorted(pal_panels.counts(rows))[-1]
            for metric, look in (
                (f"{UNSEEN}{unseen}", (f"PAL-A, unseen people after {unseen}", NEWCOMERS, "^")),
                (SEEN, ("PAL-A, seen people", pal_panels.METHODS["pal_a"][1], "o")),
            ):
                tables.append(
                    pal_panels.along(
                        axes, rows, ("pal_a",), metric, "K", by=CROWD, look=lambda _, look=look: look, named=named
                    )
                )
            axes.set(xlabel="K", xlim=(0.6, 6.4), xticks=range(1, 7))
            axes.set_title(f"K* = {k_star:g}" if mixed == ONE_EACH else f"mixtures of {k_star:g}")
        columns[0].set(ylabel="accuracy", ylim=_limits(tables))
        return panels.drawing(
            figure,
            tables,
            "Accuracy by the number of prototypes K; K* (dotted) are in the population. Level lines: other models' "
            "accuracy on seen people, the mixture with K* groups.",
        )


def _limits(tables: Sequence[pd.DataFrame]) -> tuple[float, float]:
    """Of accuracies: room below all means, and a little above 1; an interval of few seeds may leave the frame."""
    return style.limits(*tables)[0], 1.01


def _level(axes: Axes, rows: pd.DataFrame, method: str, named: str) -> pd.DataFrame:
    """What a model without K reaches, as a line across the panel."""
    point = curves(rows, (method,), SEEN, CROWD, lambda cells: cells["mean"])
    points = pd.concat([point.assign(x=0.7), point.assign(x=6.3)], ignore_index=True)
    points = points.assign(series=f"{method} {named}")
    label, colour, _ = pal_panels.METHODS[method]
    axes.plot(
        points["x"], points["y"], color=colour, linewidth=0.9, linestyle="--", label=label, gid=f"{method} {named}"
    )
    return points


def newcomers(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Accuracy on unseen people by comparisons of theirs, a panel a population."""
    panels.require(series)
    tables = []
    populations = sorted(series["mixed"].unique(), reverse=True)
    others = [method for method in pal_panels.METHODS if not method.startswith("pal")]
    with style.style():
        figure, columns = style.new(style.TEXT, 2.9, columns=len(populations), sharey=True)
        for axes, mixed in zip(columns, populations, strict=True):
            rows = panels.where(series, mixed=mixed)
            tables.append(pal_panels.along_counts(axes, rows, others, CROWD, apart=0.02, named=mixed))
            k_star = int(rows["k_star"].iloc[0])
            for K in sorted(rows.loc[rows["method"] == "pal_a", "K"].unique()):
                label, colour, marker = pal_panels.METHODS["pal_a"]
                look = (label, colour, marker) if k_star == K else (f"{label}, K = K* + {K - k_star:g}", NEWCOMERS, "^")
                own = rows[rows["K"] == K]
                tables.append(
                    pal_panels.along_counts(
                        axes, own, ("pal_a",), [*CROWD, "K"], look=lambda _, look=look: look, named=f"{mixed} {K:g}"
                    )
                )
            axes.set_title(f"K* = {k_star:g}, one prototype each" if mixed == ONE_EACH else f"mixtures of {k_star:g}")
        columns[0].set(ylabel="accuracy on unseen people", ylim=_limits(tables))
        return panels.drawing(
            figure,
            tables,
            "Accuracy on unseen people by how many of their comparisons a model has had; none: as a stranger. Groups "
            "and rank are the true ones.",
            columns=6,
        )


def complexity(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Accuracy by comparisons a person, for seen and unseen people, by D and by K*."""
    panels.require(series)
    tables = []
    most = series["each"].max()
    middle = int(series["k_star"].mode().iloc[0]), int(series["d"].mode().iloc[0])
    parts = (("d", "D", series[series["k_star"] == middle[0]]), ("k_star", "K*", series[series["d"] == middle[1]]))
    with style.style():
        figure, columns = style.new(style.TEXT, 2.5, columns=4, sharey=True)
        for place, (column, symbol, rows) in enumerate(parts):
            for axes, seen in ((columns[place], True), (columns[2 + place], False)):
                for value, colour in zip(sorted(rows[column].unique()), SHADES, strict=False):
                    own = rows[rows[column] == value]
                    own = own if seen else own[own["each"] == most]
                    for method, marker, dashes in (("pal_a", "o", "-"), ("per_user", "v", ":")):
                        points = _along_comparisons(own, method, seen)
                        if points is None or (method == "per_user" and column == "k_star"):
                            continue
                        points = points.assign(series=f"{method} {symbol} {value:g} {seen}")
                        listed = "" if method == "pal_a" else "_"  # a label that no legend lists
                        look = (f"{listed}{symbol} = {value:g}", colour, marker)
                        panels.line(axes, points, look, linestyle=dashes)
                        tables.append(points)
                axes.set(xscale="log", xlabel="comparisons a person")
                style.log_axis(axes.xaxis, sorted(float(count) for count in series["each"].unique()))
                axes.set_title(f"{'seen' if seen else 'unseen'} people, by {symbol}")
        columns[0].set(ylabel="accuracy", ylim=_limits(tables))
        return panels.drawing(
            figure,
            tables,
            f"PAL-A (solid) by comparisons a person; at K* = {middle[0]} by dimension, and at D = {middle[1]} "
            "by prototypes. Dotted, in the same colours: a model each. Unseen people come after seen ones said most.",
            columns=6,
        )


def _along_comparisons(rows: pd.DataFrame, method: str, seen: bool) -> pd.DataFrame | None:
    """Accuracy of one model in one population, by comparisons."""
    rows = rows[rows["method"] == method]
    if rows.empty:
        return None
    if seen:
        return curves(rows, (method,), SEEN, CROWD, lambda cells: cells["each"].astype(float))
    found = [
        curves(rows, (method,), f"{UNSEEN}{count}", CROWD, lambda cells, at=count: 0.0 * cells["mean"] + at)
        for count in pal_panels.counts(rows)
        if count
    ]
    return pd.concat(found, ignore_index=True)


SYNTHETIC: Mapping[str, Callable[[pd.DataFrame, Sequence[Published]], Drawing]] = {
    "prototypes": prototypes,
    "newcomers": newcomers,
    "complexity": complexity,
    "pictures": pictures,
}
