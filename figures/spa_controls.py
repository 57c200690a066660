"""What the paper does not draw: SPA's controls, and how many labels DPO needs to equal it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import spa_panels as panels
import style
from matplotlib.axes import Axes
from spa_panels import AGREEMENT, DOTTED

from bench.papers.spa.contrasts import worth
from bench.papers.spa.efficiency import LabelsToEqual, labels_to_equal
from bench.report.drawing import Drawing, curves
from bench.spec import Published

CONTROLS = ("dpo", "dpo_longer", "dpo_gentle", "spa", "spa_gentle", "spa_random_labels", "spa_gold_labels")
THIRDS = ("least", "middle", "most")


def controls(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """What a reviewer would ask: other DPO, other labels, and whether low confidence means noise."""
    rows = panels.one_variant(series)
    metric = worth(rows)
    methods = panels.best_first(panels.final(rows), CONTROLS, metric)
    known = panels.there(rows, (metric, f"{AGREEMENT}_most_sure", "marked_wrong"), methods or CONTROLS)
    drawn = [_thirds] * (f"{AGREEMENT}_most_sure" in known) + [_marks] * ("marked_wrong" in known)
    with style.style():
        ratios = (1.25, *(1 for _ in drawn))
        figure, (left, *others) = style.new(style.TEXT, 2.4, columns=len(ratios), width_ratios=ratios)
        tables = [panels.ranked(left, panels.final(rows), methods, metric, {})]
        tables += [draw(axes, rows) for draw, axes in zip(drawn, others, strict=True)]
        left.set_title("last iteration")
        return panels.drawing(
            figure,
            tables,
            "Controls. Left: DPO for as many steps as SPA, DPO and SPA from a seed at a quarter of DPO's best rate, SPA"
            " with random and with true labels. Middle: SPA's labels by thirds of confidence. Right: wrong labels among"
            f" all pairs, and among those that refinement marks. {DOTTED}",
        )


def efficiency(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """DPO on ever more labels, SPA's level on few, and where the two are equal."""
    rows = panels.one_variant(series)
    metric = worth(rows)
    dpo = curves(rows, ("dpo",), metric, ["labels", "gold_percent"], lambda c: c["labels"])
    spa = curves(panels.final(rows), ("spa",), metric, ["gold_percent"], lambda c: c["gold_percent"])
    spa = spa.assign(iteration=rows["iteration"].max(), x=spa["x"].map(dpo.set_index("gold_percent")["labels"]))
    crossing = labels_to_equal(rows)
    with style.style():
        figure, (axes,) = style.new(style.COLUMN * 1.4, 2.6)
        axes.set(xscale="log", xlabel="paid labels", ylabel=panels.PANELS[metric])
        axes.axhline(spa["y"].iloc[0], color=panels.METHODS["spa"][1], linewidth=0.8, linestyle="--")
        found = _crossing(axes, crossing, dpo["x"]) if crossing else pd.DataFrame()
        for points in (dpo, spa):
            panels.line(axes, points, 1, points["series"].iloc[0])
        panels.half(axes, metric)
        style.log_axis(axes.xaxis, list(dpo["x"]))
        where = f" {crossing.words}." if crossing else ""
        return panels.drawing(
            figure,
            [dpo, spa, found],
            f"DPO on ever more paid labels, and SPA on few (dashed: its level).{where} Shaded: where the two are not"
            f" told apart (95 %, paired by seed). {DOTTED}",
        )


def _thirds(axes: Axes, series: pd.DataFrame) -> pd.DataFrame:
    """Agreement with gold of SPA's least, middle and most confident labels, a line an iteration."""
    found = [
        curves(series, ("spa",), f"{AGREEMENT}_{third}_sure", ["iteration"], lambda c, at=at: 0.0 * c["iteration"] + at)
        for at, third in enumerate(THIRDS)
    ]
    points = pd.concat(found, ignore_index=True)
    points["x"] += panels.APART * (points["iteration"] - points["iteration"].mean())
    points["series"] += points["iteration"].map(" thirds {:g}".format)
    looks = {1: ("none", ":"), 2: ("none", "--")}
    for name, rows in points.groupby("series", sort=False):
        number = int(rows["iteration"].iloc[0])
        options = {}
        if number < points["iteration"].max() and number in looks:
            options = dict(zip(("markerfacecolor", "linestyle"), looks[number], strict=True))
        panels.line(axes, rows, 1, str(name), f"SPA, iteration {number}", **options)
    axes.set(title=panels.PANELS[AGREEMENT], xlabel="third, by confidence", xlim=(-0.4, 2.4))
    axes.set_xticks(range(len(THIRDS)), THIRDS)
    return points


def _marks(axes: Axes, series: pd.DataFrame) -> pd.DataFrame:
    """The share of wrong labels among marked pairs and among all, by iteration."""
    tables = []
    for place, (metric, label, options) in enumerate(
        (
            ("labels_wrong", "all pairs", {"color": style.MUTED, "marker": "o", "markerfacecolor": style.MUTED}),
            ("marked_wrong", "marked pairs", {"color": style.INK, "marker": "X", "markerfacecolor": style.INK}),
        )
    ):
        points = curves(series, ("spa",), metric, ["iteration"], lambda c: c["iteration"].astype(float))
        points = points.assign(series=f"{metric} " + points["series"], x=points["x"] + panels.APART * (place - 0.5))
        panels.line(axes, points, 1, points["series"].iloc[0], label, **options)
        tables.append(points)
    at = sorted(tables[0]["iteration"].astype(int))
    axes.set(title="share of wrong labels", xlabel="iteration", xlim=(at[0] - 0.4, at[-1] + 0.4), xticks=at)
    return pd.concat(tables, ignore_index=True)


def _crossing(axes: Axes, found: LabelsToEqual, labels: pd.Series) -> pd.DataFrame:
    """Shade the numbers of labels at which DPO and SPA may be equal, and mark where their means are."""
    ends = np.clip([found.low, found.high], labels.min(), labels.max())
    axes.axvspan(*ends, color=style.GRID, alpha=0.6, linewidth=0, zorder=0.2)
    inside = found.first == found.last
    if inside:
        axes.axvline(found.last, color=style.MUTED, linewidth=0.8)
    row = {"series": "DPO equals SPA", "kind": "fit", "x": found.last if inside else np.nan, "y": found.level}
    return pd.DataFrame([{**row, "low": found.low, "high": found.high}])
