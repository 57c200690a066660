"""The differences that SPA's claims are about, each seed with itself, as effects. None where the rows are not there.

Rows of an iteration have it in the column `iteration`; the policies before the first have none. What a policy is worth
is its win rate over the SFT policy, or over GPT-4's answers where the judge compares with these only, as in the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from bench.spec import Effect
from bench.verdict import effects

BEFORE = {"sft": -1, "dpo": 0}  # stages before the first iteration
WORTH = ("win_rate_over_sft", "win_rate")


def worth(series: pd.DataFrame) -> str:
    """The metric that says what a policy is worth, in these records."""
    return next((metric for metric in WORTH if (series["metric"] == metric).any()), WORTH[0])


def wins(
    series: pd.DataFrame, *, method: str, other: str, metric: str = "win_rate_over_dpo", by: Sequence[str] = ()
) -> Effect | None:
    """The last iteration's win rate over the policy `other`, less one half, at every condition of `by`.

    `metric` is that win rate. Where the judge compares with GPT-4's answers only: what `method` is worth less `other`.
    """
    rows = _last(_rows(series, metric, method), by)
    if rows.empty:
        return beats(series, left=method, right=[other], by=by)
    unit = f"{_words(metric)}, less one half"
    return effects.ordering_effect(rows.assign(difference=rows["value"] - 0.5), by, unit=unit)


def rising(
    series: pd.DataFrame, *, methods: Sequence[str], along: str, unit: str, metric: str | None = None
) -> Effect | None:
    """The metric at every value of `along`, less that at the value before.

    `along` is a condition, and the last iteration counts; or "stage": the iterations, with those `BEFORE` them.
    """
    rows = _rows(series, metric or worth(series), *methods)
    if set(rows["method"]) != set(methods):
        return None
    stage = rows["iteration"].astype(float).fillna(rows["method"].map(BEFORE))
    rows = rows.assign(stage=stage) if along == "stage" else _last(rows)
    levels = sorted(rows[along].unique())
    now = rows[["seed", along, "method", "value"]]
    before = now.assign(**{along: now[along].map(dict(pairwise(levels)))}).dropna()
    steps = _paired(now, before, (along,))
    return None if steps.empty else effects.ordering_effect(steps, (along,), unit=unit)


def beats(series: pd.DataFrame, *, left: str, right: Sequence[str], by: Sequence[str] = ()) -> Effect | None:
    """What `left` is worth after its last iteration, less each of `right` at that iteration, or without any."""
    metric = worth(series)
    ours, rows = _last(_rows(series, metric, left), by), _rows(series, metric, *right)
    if ours.empty or set(rows["method"]) != set(right):
        return None
    at = rows["iteration"].isin(ours["iteration"].unique()) | rows["iteration"].isna()
    pairs = _paired(ours, rows[at], by)
    if set(pairs["method"]) != set(right):
        return None
    among = ("method",) if len(right) > 1 else ()
    return effects.ordering_effect(pairs, (*by, *among), unit=f"{_words(metric)}, {left} less {' and '.join(right)}")


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
    return effects.ordering_effect(pairs, ("iteration",), unit=f"{_words(upper)} less {_words(lower)}")


def _rows(series: pd.DataFrame, metric: str, *methods: str) -> pd.DataFrame:
    return series[(series["metric"] == metric) & series["method"].isin(methods)]


def _last(rows: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Those of the last iteration, at every condition of `by`."""
    if rows.empty:
        return rows
    last = rows.groupby(list(by))["iteration"].transform("max") if by else rows["iteration"].max()
    return rows[rows["iteration"] == last]


def _paired(left: pd.DataFrame, right: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """`left` less `right` where seed and `by` are equal, with the method of `right`; without a partner, left out."""
    keys = ["seed", *by]
    if left.empty or right.empty:
        return pd.DataFrame(columns=[*keys, "method", "difference"])
    pairs = left[[*keys, "value"]].merge(right[[*keys, "method", "value"]], on=keys, suffixes=("", "_right"))
    return pairs.assign(difference=pairs["value"] - pairs["value_right"])


def _words(metric: str) -> str:
    return metric.replace("_", " ").replace("sft", "SFT").replace("dpo", "DPO")
