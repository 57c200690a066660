"""What a figure is made of: the matplotlib figure, and every point it plots, as a table that can be checked.

A row of `Drawing.plotted` is one point. Its columns:

- `series`: the label of the curve or map, which is also the `gid` of the line that draws it;
- `kind`: `records` (a mean over replicates), `published` (as the paper has it) or `fit` (derived from `records`);
- `method`, `variant`, `metric`: which records, for the first two kinds;
- the condition columns that single out the records (n, k, beta, ...), missing where the point does not depend on one;
- `x`, `y`, `low`, `high`: what is drawn, `low` and `high` being the 95 % interval or the reading error;
- `mean`: for `records`, the mean over replicates behind the point (`y` itself, or what a map shows at x, y).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from bench.spec import Published, Variant

FIXED_COLUMNS = ("series", "kind", "method", "variant", "metric", "x", "y", "low", "high", "mean", "replicates")
VARIANT_ORDER = (Variant.CORRECTED, Variant.AS_RELEASED, Variant.AS_PUBLISHED)


@dataclass(frozen=True)
class Drawing:
    """A figure, the points it plots (see the module's docstring for the columns), and its caption."""

    figure: Figure
    plotted: pd.DataFrame
    caption: str


class NothingToDrawError(Exception):
    """The series lacks what a figure needs; the message says what."""


def cells(series: pd.DataFrame, by: Sequence[str], confidence: float = 0.95) -> pd.DataFrame:
    """Mean and Student-t interval over replicates for every cell of `by`, in the order of the cells.

    `series` is the tidy table, already narrowed to one metric. Returns the columns of `by` and `mean`, `low`, `high`,
    `replicates`; a cell with a single replicate has no interval (low = high = NaN).
    """
    rows = []
    for key, group in series.groupby(list(by), sort=True, dropna=False):
        values = group["value"].to_numpy(dtype=float)
        count, mean = len(values), float(np.mean(values))
        half = np.nan
        if count > 1:
            half = float(stats.t.ppf((1 + confidence) / 2, count - 1) * np.std(values, ddof=1) / np.sqrt(count))
        rows.append((*key, mean, mean - half, mean + half, count))
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "replicates"])


def curves(
    series: pd.DataFrame,
    methods: Sequence[str],
    metric: str,
    by: Sequence[str],
    x: Callable[[pd.DataFrame], pd.Series],
) -> pd.DataFrame:
    """The `records` rows of every method and variant that the series holds `metric` of.

    One curve a method and variant, one point a cell of the condition columns `by`, in the order of `x(cells)`. Raises
    NothingToDrawError when there is none.
    """
    tables = []
    for method in methods:
        for variant in VARIANT_ORDER:
            chosen = series[
                (series["metric"] == metric) & (series["method"] == method) & (series["variant"] == variant)
            ]
            if chosen.empty:
                continue
            table = cells(chosen, by)
            table = table.assign(x=x(table), y=table["mean"]).sort_values("x", kind="stable")
            identity = {"series": f"{method} {variant}", "kind": "records", "method": method, "variant": variant}
            tables.append(table.assign(**identity, metric=metric))
    if not tables:
        raise NothingToDrawError(f"no records of {metric} for {', '.join(methods)}")
    return pd.concat(tables, ignore_index=True)


def published_curves(
    published: Sequence[Published], methods: Sequence[str], metric: str, x: Callable[[pd.DataFrame], pd.Series]
) -> pd.DataFrame:
    """The `published` rows of `metric`, in the order of `x(conditions)`; `low` and `high` are the reading error."""
    rows = [
        {
            **number.condition,
            "method": number.method,
            "mean": number.value,
            "low": number.value - number.reading_error,
            "high": number.value + number.reading_error,
        }
        for number in published
        if number.value is not None
        and number.known != "rerun"  # not in the paper
        and number.method in methods
        and number.metric == metric
    ]
    if not rows:
        return pd.DataFrame(columns=[*FIXED_COLUMNS])
    table = pd.DataFrame(rows)
    table = table.assign(x=x(table), y=table["mean"], kind="published", metric=metric, variant=None)
    table["series"] = table["method"] + " published"
    return table.sort_values(["method", "x"], kind="stable", ignore_index=True)


def tolerance(number: Published) -> float:
    """How far a point may lie from a published number before the figure check says it is outside.

    The margin where there is one, and never less than the error with which the number could be read.
    """
    return max(number.margin.value if number.margin else 0.0, number.reading_error)
