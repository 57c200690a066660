"""What claims about people who judged texts are made of: several differences that are all, or in part, to be positive.

Every difference is paired by seed. Each function gives None where rows are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import pandas as pd

from bench.spec import Effect, Scalar
from bench.verdict import effects, statistics
from bench.verdict.contrasts import Side, chosen, differences

SEEN, UNSEEN = "seen_accuracy", "unseen_accuracy_20"


def beyond(series: pd.DataFrame) -> pd.DataFrame:
    """With a column `beyond`: K less the number of groups that there are, K*; 0 is the right K."""
    if not {"K", "k_star"} <= set(series):
        return series
    return series.assign(beyond=series["K"].astype(float) - series["k_star"].astype(float))


def every(lefts: Sequence[Side], rights: Sequence[Side]) -> tuple[tuple[Side, Side], ...]:
    """Each of `lefts` against each of `rights`."""
    return tuple(product(lefts, rights))


def all_above(
    series: pd.DataFrame,
    *,
    pairs: Sequence[tuple[Side, Side]],
    by: Sequence[str] = (),
    metric: str = SEEN,
    margin: float = 0.0,
) -> Effect | None:
    """The first less the second of every pair, plus `margin`: positive at every value of `by`."""
    tables = []
    for left, right in pairs:
        table = differences(beyond(series), left, right, by, metric)
        if table.empty:
            return None
        named = f"{_named(left)} less {_named(right)}"
        tables.append(table.assign(difference=table["difference"] + margin, pair=named))
    unit = f"difference in {metric.replace('_', ' ')}" + (f", plus {margin:g}" if margin else "")
    return effects.ordering_effect(pd.concat(tables), [*by, "pair"], unit=unit)


def parity(series: pd.DataFrame, *, sides: Sequence[Side], by: Sequence[str], margin: float) -> Effect | None:
    """Accuracy on unseen people after 20 comparisons less that on seen people, plus `margin`, of each of `sides`."""
    tables = []
    for side in sides:
        table = differences(beyond(series), side, side, by, UNSEEN, SEEN)
        if table.empty:
            return None
        tables.append(table.assign(difference=table["difference"] + margin, pair=_named(side)))
    unit = f"accuracy, unseen after 20 comparisons less seen, plus {margin:g}"
    return effects.ordering_effect(pd.concat(tables), [*by, "pair"], unit=unit)


def larger_gain(series: pd.DataFrame, *, lefts: Sequence[Side], right: Side, by: Sequence[str]) -> Effect | None:
    """The gain of each of `lefts` over `right` on unseen people after 20 comparisons, less that on seen people."""
    tables = []
    for left in lefts:
        seen, unseen = (differences(beyond(series), left, right, by, metric) for metric in (SEEN, UNSEEN))
        both = unseen.merge(seen, on=["seed", *by], suffixes=("", "_seen"))
        if both.empty:
            return None
        tables.append(both.assign(difference=both["difference"] - both["difference_seen"], pair=_named(left)))
    return effects.ordering_effect(pd.concat(tables), [*by, "pair"], unit="gain in accuracy, unseen less seen")


def some_above(
    series: pd.DataFrame, *, lefts: Sequence[Side], right: Side, where: Mapping[str, Scalar]
) -> Effect | None:
    """Whether one of `lefts`, whichever, is above `right`: Bonferroni over them. The best one is shown."""
    found = {
        _named(left): differences(series, (left[0], {**left[1], **where}), (right[0], {**right[1], **where}), (), SEEN)
        for left in lefts
    }
    if any(table.empty for table in found.values()):
        return None
    values = {name: table["difference"].to_numpy(dtype=float) for name, table in found.items()}
    best = max(values, key=lambda name: float(values[name].mean()))
    unit = f"seen accuracy, the best of {len(values)} less {_named(right)}"
    if min(len(sample) for sample in values.values()) < statistics.MINIMUM_REPLICATES:
        return effects.ordering_effect(found[best], [], unit=unit)
    mean, low, high = statistics.mean_interval(values[best])
    alone = [name for name, sample in values.items() if statistics.p_mean_above(sample) < statistics.ALPHA]
    return Effect(
        estimate=float(mean),
        low=float(low),
        high=float(high),
        unit=unit,
        p_for=statistics.union([float(statistics.p_mean_above(sample)) for sample in values.values()]),
        p_against=statistics.intersection_union(
            [float(statistics.p_mean_above(-sample)) for sample in values.values()]
        ),
        replicates=min(len(sample) for sample in values.values()),
        detectable=float(statistics.detectable_shift(values[best], statistics.ALPHA / len(values))),
        detail=f"the best is {best}; above by themselves: {', '.join(alone) or 'none'}",
    )


def fewer(
    series: pd.DataFrame, *, own: Side, other: Side, by: Sequence[str], parts: Sequence[str], times: float
) -> Effect | None:
    """Numbers that `other` learns, over `times`, less those of `own`; `parts` are the metrics that are summed."""
    tables = []
    for side in (own, other):
        rows = [chosen(beyond(series), part, *side) for part in parts]
        if any(part.empty for part in rows):
            return None
        tables.append(pd.concat(rows).groupby(["seed", *by], as_index=False)["value"].sum())
    pairs = tables[0].merge(tables[1], on=["seed", *by], suffixes=("", "_other"))
    table = pairs.assign(difference=pairs["value_other"] / times - pairs["value"])
    unit = f"numbers learnt, those of {_named(other)} / {times:g} less {_named(own)}"
    return effects.ordering_effect(table, list(by), unit=unit)


def _named(side: Side) -> str:
    method, where = side
    told = [f"{column} {value}" for column, value in where.items() if column in ("K", "beyond")]
    return " ".join([method, *told])
