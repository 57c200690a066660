"""The differences that PAL's claims are about, each seed with itself, as effects. None where rows are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from bench.spec import Claim, Effect, Scalar, Variant
from bench.verdict import effects


def claim(
    name: str,
    experiment: str,
    statement: str,
    source: str,
    evaluate: Callable[[pd.DataFrame], Effect | None],
    criterion: str,
    variants: tuple[Variant, ...] = (Variant.CORRECTED,),
) -> Claim:
    """A claim of one experiment."""
    return Claim(
        name=name,
        statement=statement,
        source=source,
        experiments=(experiment,),
        variants=variants,
        evaluate=evaluate,
        criterion=criterion,
    )


def chosen(series: pd.DataFrame, metric: str, method: str, where: Mapping[str, Scalar]) -> pd.DataFrame:
    """The rows of a metric and method at a condition; none where a column of it is missing."""
    keep = (series["method"] == method) & (series["metric"] == metric)
    for column, value in where.items():
        if column not in series:
            return series.iloc[:0]
        keep &= series[column] == value
    return series[keep]


def above(
    series: pd.DataFrame,
    *,
    metric: str,
    left: tuple[str, Mapping[str, Scalar]],
    right: tuple[str, Mapping[str, Scalar]],
    by: Sequence[str] = (),
    margin: float = 0.0,
    right_metric: str | None = None,
    unit: str = "",
) -> Effect | None:
    """`left` less `right`, each (method, its condition), paired by seed and the columns `by`, plus `margin`.

    It is to be positive at every value of `by`: with a margin, `left` is to be no further below `right` than that.
    `right_metric` is the metric of `right` where it is another.
    """
    sides = [
        chosen(series, name, method, where)
        for name, (method, where) in ((metric, left), (right_metric or metric, right))
    ]
    if any(side.empty for side in sides):
        return None
    keys = ["seed", *by]
    pairs = sides[0][[*keys, "value"]].merge(sides[1][[*keys, "value"]], on=keys, suffixes=("", "_other"))
    if pairs.empty:
        return None
    if pairs.duplicated(keys).any():
        raise ValueError(f"{metric} of {left} and {right}: several rows for one seed and ({', '.join(by)})")
    table = pairs.assign(difference=pairs["value"] - pairs["value_other"] + margin)
    named = f"{metric.replace('_', ' ')}, {left[0]} less {right[0]}" + (f", plus {margin:g}" if margin else "")
    return effects.ordering_effect(table, list(by), unit=unit or named)
