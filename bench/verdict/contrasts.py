"""What claims about differences are made of: rows at a condition, and two sides of them paired seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from bench.spec import Claim, Effect, Scalar, Variant

Side = tuple[str, Mapping[str, Scalar]]  # a method and its condition


def claim(
    name: str,
    experiment: str,
    statement: str,
    source: str,
    evaluate: Callable[[pd.DataFrame], Effect | None],
    criterion: str,
    variants: Sequence[Variant] = (Variant.CORRECTED,),
) -> Claim:
    """A claim of one experiment."""
    return Claim(
        name=name,
        statement=statement,
        source=source,
        experiments=(experiment,),
        variants=tuple(variants),
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


def differences(
    series: pd.DataFrame, left: Side, right: Side, by: Sequence[str], metric: str, right_metric: str = ""
) -> pd.DataFrame:
    """Seed, the columns `by`, and difference: `metric` of `left` less `right_metric` (default: the same) of `right`.

    Raises ValueError where one seed and condition has several rows.
    """
    keys = ["seed", *by]
    (method, where), (other, elsewhere) = left, right
    sides = [chosen(series, metric, method, where), chosen(series, right_metric or metric, other, elsewhere)]
    if any(not set(by) <= set(side) for side in sides):
        return pd.DataFrame(columns=[*keys, "difference"])
    pairs = sides[0][[*keys, "value"]].merge(sides[1][[*keys, "value"]], on=keys, suffixes=("", "_other"))
    if pairs.duplicated(keys).any():
        raise ValueError(f"{metric} of {method} and {other}: several rows for one seed and ({', '.join(by)})")
    return pairs.assign(difference=pairs["value"] - pairs["value_other"])[[*keys, "difference"]]
