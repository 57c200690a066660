"""Reddit TL;DR: workers who prefer longer or shorter summaries, and what the released code's quirks are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pal_panels
import pandas as pd
import panels
import style
from matplotlib.axes import Axes
from pal_panels import METHODS, SEEN, UNSEEN

from bench.report.drawing import Drawing, NothingToDrawError, cells, curves
from bench.spec import Published

BY = ["dataset", "size", "K", "weighting"]
AS_RELEASED = "#7a1f5c"


@dataclass(frozen=True)
class Arm:
    """A row of the table: which records, and how it is named and drawn."""

    method: str
    label: str
    where: Mapping[str, str | int] = field(default_factory=dict)
    line: bool = True  # whether it is among the lines, too

    def rows(self, series: pd.DataFrame) -> pd.DataFrame:
        """Its records; none where there are none."""
        chosen = series[series["method"] == self.method]
        for column, value in self.where.items():
            chosen = chosen[chosen[column] == value] if column in chosen else chosen.iloc[:0]
        return chosen

    def look(self, variant: str) -> panels.Look:
        """Of a dot or a line."""
        _, colour, marker = METHODS.get(self.method, ("", style.PUBLISHED, "X"))
        if variant == "as_released":
            return f"{self.label}, as released", AS_RELEASED, marker
        return self.label, colour, marker


def _pal(method: str, label: str, K: int, size: str = "tiny", weighting: str = "cumulative", line: bool = False) -> Arm:
    return Arm(method, label, {"K": K, "size": size, "weighting": weighting}, line)


ARMS = (
    _pal("pal_b", "PAL-B, K = 2", 2, line=True),
    _pal("pal_b", "PAL-B Large", 2, size="large"),
    _pal("pal_b", "PAL-B, equal weights", 2, weighting="mean"),
    _pal("pal_b", "PAL-B, last token", 2, weighting="last"),
    _pal("pal_b", "PAL-B, K = 1", 1),
    _pal("pal_a", "PAL-A, K = 2", 2, line=True),
    Arm("length", "length alone"),
    Arm("mixture", METHODS["mixture"][0]),
    Arm("low_rank", METHODS["low_rank"][0]),
    Arm("per_user", METHODS["per_user"][0]),
    Arm("user_embedding", METHODS["user_embedding"][0]),
    Arm("variational", METHODS["variational"][0]),
    Arm("shared", METHODS["shared"][0]),
)


def tldr(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Accuracy for seen workers, a row a model, and for unseen ones by how much they said."""
    panels.require(series)
    with style.style():
        figure, axes = style.new(style.TEXT, 3.1, columns=2, width_ratios=[1, 1.25])
        tables = [_seen(axes[0], series)]
        for arm in ARMS:
            for variant in ("corrected", "as_released") if arm.label == ARMS[0].label else ("corrected",):
                rows = arm.rows(series[series["variant"] == variant])
                if arm.line and len(rows):
                    tables.append(_line(axes[1], rows, arm, variant))
        if len(tables) == 1:
            raise NothingToDrawError("no records of unseen workers by comparisons of theirs")
        axes[1].set(ylim=(None, 1.02), ylabel="accuracy, unseen workers", xlabel="comparisons of an unseen worker")
        return panels.drawing(
            figure,
            tables,
            "Simulated TL;DR: labels are lengths, and three workers of ten prefer the shorter summary. Left: seen "
            "workers; purple: as the released code reads, adapts and splits. Right: unseen workers; K = 1 and the one "
            "model for all cannot adapt.",
            columns=4,
        )


def _seen(axes: Axes, series: pd.DataFrame) -> pd.DataFrame:
    tables, labels = [], []
    for arm in ARMS:
        rows = arm.rows(series)
        if not (rows["metric"] == SEEN).any():
            continue
        points = curves(rows, (arm.method,), SEEN, BY, lambda found: found["mean"])
        points = points.assign(y=-float(len(labels)), series=f"{arm.label} seen " + points["variant"])
        for point in points.to_dict("records"):
            panels.dot(axes, point, arm.look(point["variant"]), named=False)
        labels.append(arm.label)
        tables.append(points)
    if not labels:
        raise NothingToDrawError(f"no records of {SEEN}")
    axes.set_yticks([-float(place) for place in range(len(labels))], labels)
    axes.set(ylim=(0.6 - len(labels), 0.6), xlabel="accuracy, seen workers")
    axes.grid(visible=False, axis="y")
    return pd.concat(tables, ignore_index=True)


def _line(axes: Axes, rows: pd.DataFrame, arm: Arm, variant: str) -> pd.DataFrame:
    return pal_panels.along_counts(
        axes, rows, (arm.method,), BY, look=lambda _: arm.look(variant), named=f"{arm.label} {variant}"
    )


@dataclass(frozen=True)
class Quirk:
    """A row: what is compared with what."""

    name: str
    label: str
    method: str = "pal_b"
    K: int = 2
    against: str = "none"


QUIRKS = (
    Quirk("places", "4.2 item token t at prompt token t"),
    Quirk("padding", "4.6 padding in the window"),
    Quirk("padding id", "4.7 wrong padding id, beside 4.6", against="padding"),
    Quirk("truncation", "4.9 responses cut away (PAL-A)", "pal_a"),
    Quirk("norm bound", "4.10 bound on the norm (PAL-A)", "pal_a"),
    Quirk("epoch by test", "4.11 epoch chosen on the test"),
    Quirk("shared data", "4.12 repeats share their data"),
    Quirk("other K = 1", "4.13 the other projector of K = 1", K=1),
    Quirk("updated twice", "4.14 projector updated twice (PAL-A)", "pal_a"),
)
ACCURACIES = {"mean_token": "4.5 share of tokens (AccuMeanToken)", "last_token": "4.5 last place (AccuLastToken)"}
LOOKS: Mapping[str, panels.Look] = {
    SEEN: ("seen workers", "#d55e00", "o"),
    f"{UNSEEN}2": ("unseen, after 2", "#3fa3dc", "^"),
    f"{UNSEEN}20": ("unseen, after 20", "#0072b2", "s"),
}


def quirks(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """A row a quirk: the accuracy with it less that without, each seed with itself."""
    panels.require(series)
    tables, labels = [], []
    with style.style():
        figure, (axes,) = style.new(style.TEXT, 3.6)
        for row in (*ACCURACIES, *QUIRKS):
            points = [
                point.assign(y=-float(len(labels)) + 0.22 * (1 - place))
                for place, metric in enumerate(LOOKS)
                if len(point := _accuracy(series, row, metric) if isinstance(row, str) else _quirk(series, row, metric))
            ]
            for point in points:
                for drawn in point.to_dict("records"):
                    panels.dot(
                        axes, drawn, LOOKS[drawn["of"]], named=drawn["of"] not in {t["of"].iloc[0] for t in tables}
                    )
                tables.append(point)
            if points:
                labels.append(ACCURACIES[row] if isinstance(row, str) else row.label)
        if not labels:
            raise NothingToDrawError("no records of a quirk and of what it is compared with")
        axes.axvline(0, color=style.MUTED, linewidth=0.8)
        axes.set_yticks([-float(place) for place in range(len(labels))], labels)
        axes.set(ylim=(0.6 - len(labels), 0.6), xlabel="accuracy with the quirk less that without")
        axes.grid(visible=False, axis="y")
        return panels.drawing(figure, [table.drop(columns="of") for table in tables], _caption(series), columns=3)


def _quirk(series: pd.DataFrame, quirk: Quirk, metric: str) -> pd.DataFrame:
    with_it, without = (_of(series, quirk.method, quirk.K, name, metric) for name in (quirk.name, quirk.against))
    return _difference(with_it, without, quirk.name, metric)


def _accuracy(series: pd.DataFrame, kind: str, metric: str) -> pd.DataFrame:
    """Another accuracy of the same model."""
    name, count = (UNSEEN[:-1], metric.removeprefix(UNSEEN)) if metric.startswith(UNSEEN) else (SEEN, "")
    other = f"{name}_{kind}" + (f"_{count}" if count else "")
    sides = [_of(series, "pal_b", 2, "none", which) for which in (other, metric)]
    return _difference(*sides, kind, metric)


def _of(series: pd.DataFrame, method: str, K: int, quirk: str, metric: str) -> pd.DataFrame:
    keep = (series["method"] == method) & (series["K"] == K) & (series["quirk"] == quirk)
    return series[keep & (series["metric"] == metric)][["seed", "value"]]


def _difference(with_it: pd.DataFrame, without: pd.DataFrame, name: str, metric: str) -> pd.DataFrame:
    """One row, or none where one side is missing."""
    pairs = with_it.merge(without, on="seed", suffixes=("", "_without"))
    if pairs.empty:
        return pairs
    pairs = pairs.assign(value=pairs["value"] - pairs["value_without"], quirk=name)
    found = cells(pairs, ["quirk"])
    return found.assign(
        x=found["mean"], series=f"{name} {metric}", kind="fit", of=metric, method=None, variant=None, metric=None
    )


def _caption(series: pd.DataFrame) -> str:
    """Repeats that share their data differ less than they should: in numbers."""
    spread = {name: _of(series, "pal_b", 2, name, SEEN)["value"].std(ddof=1) for name in ("none", "shared data")}
    return (
        "What each quirk of the released code is worth on the simulated TL;DR (numbers: PAL's fact sheet), from PAL-B "
        "with K = 2 unless said otherwise, paired by seed. The standard deviation over seeds of the accuracy for seen "
        f"workers is {spread['none']:.3f} with own data a seed, {spread['shared data']:.3f} where repeats share them."
    )


SUMMARIES: Mapping[str, Callable[[pd.DataFrame, Sequence[Published]], Drawing]] = {"tldr": tldr, "quirks": quirks}
