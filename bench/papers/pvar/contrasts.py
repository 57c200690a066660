"""The differences that PVar's claims are about, each seed with itself, as effects. None where rows are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from bench.papers.pvar.benchmarks import WORTH, measured
from bench.spec import Effect, Scalar
from bench.verdict import effects
from bench.verdict.contrasts import chosen

STEP = "step"  # names one of several differences that must all be positive


def above(
    series: pd.DataFrame,
    *,
    steps: Sequence[tuple[str, str]],
    where: Mapping[str, Scalar],
    metrics: Sequence[str] = (WORTH,),
    by: Sequence[str] = (),
    unit: str = "",
) -> Effect | None:
    """For each (left, right) of `steps`, method `left` less `right` in each of `metrics`, at the conditions `where`.

    Within a seed it is the mean over sizes; it is to be positive at every step, metric and condition of `by`. On text,
    the win rates of both benchmarks stand for the one over the SFT policy.
    """
    tables, metrics = [], measured(series, metrics)
    for metric in metrics:
        for left, right in steps:
            found = differences(series, left, right, where=where, metric=metric, by=by)
            if found is None:
                return None
            tables.append(found.assign(**{STEP: f"{left} less {right}", "metric": metric}))
    apart = ((STEP,) if len(steps) > 1 else ()) + (("metric",) if len(metrics) > 1 else ()) + tuple(by)
    return effects.ordering_effect(pd.concat(tables), apart, unit=unit or _unit(metrics, steps))


def differences(
    series: pd.DataFrame,
    left: str,
    right: str,
    *,
    where: Mapping[str, Scalar],
    metric: str = WORTH,
    by: Sequence[str] = (),
) -> pd.DataFrame | None:
    """Columns seed, *by, difference: `left` less `right` of the same size, the mean over sizes. None without rows."""
    ours, theirs = (chosen(series, metric, method, where) for method in (left, right))
    if ours.empty or theirs.empty:
        return None
    keys = ["seed", *by]
    sized = [] if right == "all" else ["fraction"]
    pairs = ours[[*keys, "fraction", "value"]].merge(
        theirs[[*keys, *sized, "value"]], on=[*keys, *sized], suffixes=("", "_other")
    )
    if pairs.empty:
        return None
    pairs = pairs.assign(difference=pairs["value"] - pairs["value_other"])
    return pairs.groupby(keys)["difference"].mean().reset_index()


def positive(series: pd.DataFrame, *, metrics: Sequence[str], unit: str, by: Sequence[str] = ()) -> Effect | None:
    """The metrics themselves, each to be positive."""
    rows = series[series["metric"].isin(metrics)]
    if set(rows["metric"]) != set(metrics):
        return None
    apart = [*(["metric"] if len(metrics) > 1 else []), *by]
    return effects.ordering_effect(rows.rename(columns={"value": "difference"}), apart, unit=unit)


def within(series: pd.DataFrame, *, metrics: Sequence[str], by: Sequence[str] = ()) -> Effect | None:
    """What the metrics, shares of a bound that are used, leave of it, each to be positive."""
    rest = series[series["metric"].isin(metrics)].assign(value=lambda rows: 1 - rows["value"])
    return positive(rest, metrics=metrics, by=by, unit="share of the bound that is left")


def _unit(metrics: Sequence[str], steps: Sequence[tuple[str, str]]) -> str:
    what = " and ".join(metric.replace("_", " ").replace("sft", "SFT") for metric in metrics)
    if len(steps) > 1:
        return f"{what}, a step of the order"
    left, right = steps[0]
    return f"{what}, {left.replace('_', ' ')} less {right.replace('_', ' ')}"
