"""How many paid labels random choice needs to be as good as the highest variance is: the headline in labels.

The ratio is that of two label-efficiency curves (`bench.evaluate.label_efficiency`), with its bootstrap over seeds, at
the win rate that random choice has with .3 of the pool, the size at which its learning rate was chosen. Both curves end
in the whole pool, where they are the same. Whether the ratio is above 1 is tested where it is simple: is PVar above
random at the same budgets?
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bench.evaluate.label_efficiency import MINIMUM_SEEDS, LabelRatio, label_ratio
from bench.papers.pvar.benchmarks import WORTH
from bench.papers.pvar.contrasts import differences
from bench.spec import Effect
from bench.verdict import effects

PAID = "random_labelled"
REFERENCE_SIZE = 0.3  # of the pool


@dataclass(frozen=True)
class Saving:
    """Labels that random choice needs for one of PVar's."""

    ratio: LabelRatio
    target: float  # the win rate that both are to reach
    words: str


def saving(series: pd.DataFrame, pairs: str = PAID) -> Saving | None:
    """From the `efficiency` rows of one variant and profile. None with fewer than three seeds, or without a curve."""
    pvar, random = (_curve(series, method, pairs) for method in ("pvar", "random"))
    seeds, sizes = pvar.index.intersection(random.index), pvar.columns.intersection(random.columns)
    if len(seeds) < MINIMUM_SEEDS or len(sizes) < 2 or REFERENCE_SIZE not in sizes:
        return None
    pvar, random = pvar.loc[seeds, sizes], random.loc[seeds, sizes]
    labels = sizes.to_numpy(dtype=float) * _pool(series)
    target = float(random[REFERENCE_SIZE].mean())
    ratio = label_ratio(labels, pvar.to_numpy(), random.to_numpy(), target)
    return Saving(ratio, target, _words(ratio, target))


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
        detectable=math.inf,  # of the difference it is known, of the ratio it is not
        detail=found.words,
    )


def _curve(series: pd.DataFrame, method: str, pairs: str) -> pd.DataFrame:
    """Win rates, seeds down, sizes across, the whole pool the last."""
    rows = series[(series["metric"] == WORTH) & series["method"].isin((method, "all")) & (series["pairs"] == pairs)]
    return rows.pivot(index="seed", columns="fraction", values="value").sort_index(axis=1).dropna()


def _pool(series: pd.DataFrame) -> float:
    """How many prompts the pool has."""
    rows = series[series["metric"] == "pairs_trained"]
    return float(np.round((rows["value"] / rows["fraction"]).max()))


def _words(ratio: LabelRatio, level: float) -> str:
    value = f"{ratio.low_value:.2g}"
    if ratio.low_value != ratio.high_value:
        value = f"{ratio.low_value:.2g} to {ratio.high_value:.2g}"
    return (
        f"for a win rate of {level:.3f}, that of random choice with {100 * REFERENCE_SIZE:g} % of the pool, random "
        f"choice needs {value} times the labels of PVar (95 %: {ratio.low:.2g} to {ratio.high:.2g})"
    )
