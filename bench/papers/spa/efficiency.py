"""How many labels DPO needs to be as good as SPA is with few: the headline in labels.

One seed's curve crosses SPA's level anywhere or nowhere, and with few seeds neither a jackknife nor a bootstrap of the
crossing is worth much. So the question is put where it is simple: at a number of labels, is DPO below SPA, or above?
That is a t-test of paired differences. The interval of the crossing holds all numbers of labels at which neither is
significant (Fieller). Where it reaches an end of the curve, nothing is known beyond, and it says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bench.evaluate.label_efficiency import labels_to_target
from bench.papers.spa.contrasts import worth
from bench.spec import Effect
from bench.verdict import effects, statistics

POINTS = 401  # at which the differences are tested, equally apart in log(labels)


@dataclass(frozen=True)
class LabelsToEqual:
    """Numbers of labels. `low` is 0 and `high` infinite where the curve of DPO sets no bound.

    DPO's mean reaches SPA's between `first` and `last`: the same number, or (0, fewest) or (most, infinity).
    """

    spa: float  # that SPA had
    level: float  # SPA's mean win rate
    first: float
    last: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """For a caption, or beside a verdict."""
        bounds = {
            (False, False): f"{self.low:,.0f} to {self.high:,.0f}",
            (False, True): f"at least {self.low:,.0f}",
            (True, False): f"at most {self.high:,.0f}",
            (True, True): "no bound",
        }[self.low == 0, math.isinf(self.high)]
        if self.first == 0:
            found = f"DPO is as good as SPA with {self.last:,.0f} labels already, the fewest tried"
        elif math.isinf(self.last):
            found = f"DPO is not as good as SPA with {self.first:,.0f} labels, the most tried"
        else:
            found = f"DPO is as good as SPA at {self.last:,.0f} labels, {self.last / self.spa:.2g} times SPA's"
        return f"{found} (95 %: {bounds}; SPA had {self.spa:,.0f})"


def labels_to_equal(series: pd.DataFrame) -> LabelsToEqual | None:
    """From the `efficiency` rows of one variant and profile. None with fewer than two label counts or three seeds."""
    found = _curves(series)
    if found is None:
        return None
    dpo, spa, had = found
    counts = dpo.columns.to_numpy(dtype=float)
    first, last = labels_to_target(counts, dpo, float(spa.mean()))
    points = np.geomspace(counts[0], counts[-1], POINTS)
    differences = dpo.to_numpy(dtype=float) - spa.to_numpy(dtype=float)[:, None]
    along = np.stack([np.interp(np.log(points), np.log(counts), one) for one in differences], axis=1)
    _, below, above = statistics.mean_interval(along)  # of DPO less SPA, at every point
    not_below, not_above = points[above >= 0], points[below <= 0]
    low = points[-1] if not len(not_below) else not_below[0] if not_below[0] > points[0] else 0.0
    high = points[0] if not len(not_above) else not_above[-1] if not_above[-1] < points[-1] else math.inf
    low, high = sorted((float(low), float(high)))
    return LabelsToEqual(had, float(spa.mean()), first, last, low, high)


def saves_labels(series: pd.DataFrame) -> Effect | None:
    """How many times SPA's labels DPO needs, tested at once: with as many as SPA had, is DPO below it?

    `detectable` is the ratio that DPO's own curve has where it is higher by the detectable difference in win rate.
    """
    found, crossing = _curves(series), labels_to_equal(series)
    if found is None or crossing is None or crossing.spa not in found[0].columns:
        return None
    dpo, spa, had = found
    same = dpo[had]
    differences = pd.DataFrame({"seed": spa.index, "difference": (spa - same).to_numpy()})
    tested = effects.ordering_effect(differences, (), unit="labels that DPO needs for one of SPA's")
    shift = labels_to_target(dpo.columns.to_numpy(dtype=float), dpo, float(same.mean()) + tested.detectable)
    return replace(
        tested,
        estimate=crossing.last / had if crossing.first == crossing.last else math.nan,
        low=crossing.low / had,
        high=crossing.high / had,
        detectable=shift[1] / had if shift[0] > 0 else math.inf,
        detail=crossing.words,
    )


def _curves(series: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[float], float] | None:
    """DPO's win rates (seeds down, labels across), SPA's after its last iteration, and how many labels SPA had."""
    rows = series[series["metric"] == worth(series)]
    dpo, spa = rows[rows["method"] == "dpo"], rows[rows["method"] == "spa"]
    if dpo.empty or spa.empty or "labels" not in rows:
        return None
    last = spa[spa["iteration"] == spa["iteration"].max()]
    had = dpo["labels"][dpo["gold_percent"] == last["gold_percent"].iloc[0]]
    level = last.set_index("seed")["value"]
    table = dpo.pivot(index="seed", columns="labels", values="value").sort_index(axis=1).dropna()
    table = table[table.index.isin(level.index)]
    if had.empty or len(table) < statistics.MINIMUM_REPLICATES or table.shape[1] < 2:
        return None
    return table, level[table.index], float(had.iloc[0])
