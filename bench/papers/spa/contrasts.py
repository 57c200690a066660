"""The differences that SPA's claims are about, each seed with itself, as effects. None where the rows are not there.

Rows of an iteration have it in the column `iteration`; the policies before the first have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from bench.spec import Effect
from bench.verdict import effects

BEFORE = {"sft": -1, "dpo": 0}  # stages before the first iteration
WIN_RATE = "win_rate_over_sft"


def above_half(series: pd.DataFrame, *, method: str, metric: str, by: Sequence[str] = ()) -> Effect | None:
    """A win rate of the last iteration, less one half, at every condition of `by`."""
    rows = _last(_rows(series, metric, method))
    if rows.empty:
        return None
    unit = metric.replace("_", " ").replace("sft", "SFT").replace("dpo", "DPO")
    return effects.ordering_effect(rows.assign(difference=rows["value"] - 0.5), by, unit=f"{unit}, less one half")


def rising(
    series: pd.DataFrame, *, methods: Sequence[str], along: str, unit: str, metric: str = WIN_RATE
) -> Effect | None:
    """The metric at every value of `along`, less that at the value before.

    `along` is a condition, and the last iteration counts; or "stage": the iterations, with those `BEFORE` them.
    """
    rows = _rows(series, metric, *methods)
    if rows.empty or set(rows["method"]) != set(methods):
        return None
    stage = rows["iteration"].astype(float).fillna(rows["method"].map(BEFORE))
    rows = rows.assign(stage=stage) if along == "stage" else _last(rows)
    levels = sorted(rows[along].unique())
    now = rows[["seed", along, "method", "value"]]
    before = now.assign(**{along: now[along].map(dict(pairwise(levels)))}).dropna()
    steps = _paired(now, before, (along,))
    return None if steps.empty else effects.ordering_effect(steps, (along,), unit=unit)


def beats(series: pd.DataFrame, *, left: str, right: Sequence[str]) -> Effect | None:
    """The win rate over SFT of `left` after its last iteration, less that of each of `right`, as far as it got."""
    rows = _rows(series, WIN_RATE, left, *right)
    if set(rows["method"]) != {left, *right}:
        return None
    ours = _last(rows[rows["method"] == left])
    at = rows["iteration"].isin(ours["iteration"].unique()) | rows["iteration"].isna()
    theirs = rows[rows["method"].isin(right) & at]
    pairs = _paired(ours, theirs, ())
    if set(pairs["method"]) != set(right):
        return None
    by = ("method",) if len(right) > 1 else ()
    return effects.ordering_effect(pairs, by, unit=f"win rate over SFT, {left} less {' and '.join(right)}")


def shorter(series: pd.DataFrame, *, method: str, than: str) -> Effect | None:
    """How much shorter the responses of `method` are than those of another, at every iteration."""
    pairs = _paired(_rows(series, "length", than), _rows(series, "length", method), ("iteration",))
    if pairs.empty:
        return None
    return effects.ordering_effect(pairs, ("iteration",), unit=f"tokens a response, {than} less {method}")


def exceeds(series: pd.DataFrame, *, method: str, upper: str, lower: str) -> Effect | None:
    """One metric of a stage less another of the same stage, at every iteration."""
    pairs = _paired(_rows(series, upper, method), _rows(series, lower, method), ("iteration",))
    if pairs.empty:
        return None
    unit = f"{upper} less {lower}".replace("_", " ")
    return effects.ordering_effect(pairs, ("iteration",), unit=unit)


def _rows(series: pd.DataFrame, metric: str, *methods: str) -> pd.DataFrame:
    return series[(series["metric"] == metric) & series["method"].isin(methods)]


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    return rows if rows.empty else rows[rows["iteration"] == rows["iteration"].max()]


def _paired(left: pd.DataFrame, right: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """`left` less `right` where seed and `by` are equal, with the method of `right`; without a partner, left out."""
    keys = ["seed", *by]
    if left.empty or right.empty:
        return pd.DataFrame(columns=[*keys, "method", "difference"])
    pairs = left[[*keys, "value"]].merge(right[[*keys, "method", "value"]], on=keys, suffixes=("", "_right"))
    return pairs.assign(difference=pairs["value"] - pairs["value_right"])
