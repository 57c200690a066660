"""How many paid labels random choice needs to be as good as the highest variance is: the headline in labels.

The ratio is that of two label-efficiency curves (`bench.evaluate.label_efficiency`), with its bootstrap over seeds, at
the win rate that random choice reaches with its largest budget below the whole pool. Whether it is above 1 is tested
where it is simple: is PVar above random at the same budgets?
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd

from bench.evaluate.label_efficiency import MINIMUM_SEEDS, LabelRatio, label_ratio
from bench.papers.pvar.contrasts import WORTH, differences
from bench.spec import Effect
from bench.verdict import effects

PAID = "random_labelled"


@dataclass(frozen=True)
class Saving:
    """Labels that random choice needs for one of PVar's."""

    ratio: LabelRatio
    target: float  # the win rate that both are to reach
    words: str


def saving(series: pd.DataFrame, pairs: str = PAID) -> Saving | None:
    """From the `efficiency` rows of one variant and profile. None with fewer than two budgets or three seeds."""
    found = [_curve(series, method, pairs) for method in ("pvar", "random")]
    if any(curve is None for curve in found):
        return None
    pvar, random = (curve for curve in found if curve is not None)
    both = pvar.index.intersection(random.index), pvar.columns.intersection(random.columns)
    pvar, random = pvar.loc[both], random.loc[both]
    if len(pvar) < MINIMUM_SEEDS or pvar.shape[1] < 2:
        return None
    labels = pvar.columns.to_numpy(dtype=float)
    ratio = label_ratio(labels, pvar.to_numpy(), random.to_numpy())
    level = float(random.to_numpy().mean(axis=0)[-1])
    return Saving(ratio, level, _words(ratio, level, labels[-1]))


def _words(ratio: LabelRatio, level: float, most: float) -> str:
    value = f"{ratio.low_value:.2g}"
    if ratio.low_value != ratio.high_value:
        value = f"{ratio.low_value:.2g} to {ratio.high_value:.2g}"
    return (
        f"for the win rate of {level:.3f} that random choice has with {most:,.0f} labels, it needs {value} times those "
        f"of PVar (95 %: {ratio.low:.2g} to {ratio.high:.2g})"
    )


def saves_labels(series: pd.DataFrame) -> Effect | None:
    """The ratio of `saving`, tested by the difference in win rate at the same budgets."""
    where = {"pairs": PAID, "spread": "wide", "model": "large", "loss": "dpo"}
    apart, found = differences(series, "pvar", "random", where=where), saving(series)
    if apart is None or found is None:
        return None
    tested = effects.ordering_effect(apart, (), unit="labels that random choice needs for one of PVar's")
    exact = found.ratio.low_value == found.ratio.high_value
    return replace(
        tested,
        estimate=found.ratio.low_value if exact else math.nan,
        low=found.ratio.low,
        high=found.ratio.high,
        detectable=math.inf,
        detail=found.words,
    )


def _curve(series: pd.DataFrame, method: str, pairs: str) -> pd.DataFrame | None:
    """Win rates, seeds down, labels across."""
    rows = series[(series["metric"] == WORTH) & (series["method"] == method) & (series["pairs"] == pairs)]
    sizes = series[(series["metric"] == "pairs_trained") & (series["method"] == method) & (series["pairs"] == pairs)]
    if rows.empty or sizes.empty:
        return None
    counts = sizes.groupby("fraction")["value"].first()
    table = rows.pivot(index="seed", columns="fraction", values="value").dropna()
    return table.set_axis(counts.loc[table.columns].to_numpy(), axis=1).sort_index(axis=1)
