"""Numbers that the paper reads off a whole map or curve, one replicate a seed, as further rows of the series.

Such a number (where a contour lies, where two curves cross) is a function of means over seeds. Its replicates are the
jackknife's pseudo-values: S times the number from all S seeds, minus S - 1 times the number without one. Their mean
is the bias-corrected estimate and their scatter gives its standard error.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Row = dict[str, object]

LEVELS = (-1.2, -1.8, -2.4, -3.0)  # contour levels of log10 error in Figure 1 whose boundaries were read
AT_LOG10_BETA = (-1.5, -2.0, -2.5, -3.0, -3.5)  # where they were read; all on the grid


def derive(series: pd.DataFrame) -> pd.DataFrame:
    """The derived rows of Figures 1 and 2a: columns as in `series`, and `level`, `log10_beta` for the contours."""
    rows: list[Row] = []
    errors = series[series["metric"] == "squared_sigma_error"]
    for _, part in errors[errors["experiment"] == "fig1"].groupby(["variant", "profile"]):
        rows += _map_rows(part)
    for _, part in errors[errors["experiment"] == "fig2a"].groupby(["variant", "profile"]):
        rows += _crossing_rows(part)
    return pd.DataFrame(rows, columns=[*series.columns, "level", "log10_beta"])


def _map_rows(part: pd.DataFrame) -> Iterator[Row]:
    """What Figure 1 says of the map log10 mean error over (log10 n, log10 beta)."""
    table = part.pivot_table(index="seed", columns=["n", "beta"], values="value").dropna()
    n = np.log10(table.columns.get_level_values("n").unique().to_numpy(dtype=float))
    beta = np.log10(table.columns.get_level_values("beta").unique().to_numpy(dtype=float))
    if len(table) < 2 or table.shape[1] != len(n) * len(beta) or min(len(n), len(beta)) < 3:
        return
    maps = table.to_numpy(dtype=float).reshape(len(table), len(n), len(beta))
    base = _row_like(part) | {"n": np.nan, "beta": np.nan}

    def rows(metric: str, number: Callable[[Array], float], **condition: float) -> Iterator[Row]:
        values = _pseudo_values(maps, lambda mean: number(np.log10(mean)))
        for seed, value in zip(table.index, values, strict=False):
            yield {**base, **condition, "seed": seed, "metric": metric, "value": value}

    yield from rows("log10_best_beta_slope", lambda z: _line(n, beta[z.argmin(axis=1)])[0])
    yield from rows("log10_best_beta_intercept", lambda z: _line(n, beta[z.argmin(axis=1)])[1])
    yield from rows("log10_error_min", np.min)
    yield from rows("log10_error_max", np.max)
    for column, at in enumerate(beta):
        for level in LEVELS:
            if np.isclose(at, AT_LOG10_BETA, atol=1e-3).any():
                nearest = min(AT_LOG10_BETA, key=lambda b: abs(b - at))
                fall = functools.partial(_fall, n, column, level)
                yield from rows("log10_n_at_level", fall, level=level, log10_beta=nearest)


def _crossing_rows(part: pd.DataFrame) -> Iterator[Row]:
    """Where the curves of Figure 2a cross, in k."""
    table = part.pivot_table(index="seed", columns=["method", "k"], values="value").dropna()
    if len(table) < 2 or not {"mle", "l1"} <= set(table.columns.get_level_values("method")):
        return
    k = table["l1"].columns.to_numpy(dtype=float)
    differences = table["l1"].to_numpy(dtype=float) - table["mle"].to_numpy(dtype=float)
    values = _pseudo_values(differences, lambda mean: _last_crossing(k, -_isotonic(mean), 0.0))
    base = _row_like(part[part["method"] == "l1"]) | {"k": np.nan}
    for seed, value in zip(table.index, values, strict=False):
        yield {**base, "seed": seed, "metric": "crossing_k", "value": value}


def _row_like(part: pd.DataFrame) -> Row:
    return {str(name): value for name, value in part.iloc[0].items()}


def _fall(n: Array, column: int, level: float, z: Array) -> float:
    return _last_crossing(n, z[:, column], level)


def _pseudo_values(replicates: Array, number: Callable[[Array], float]) -> list[float]:
    """The jackknife's pseudo-values of `number(mean over the first axis)`; none where a number does not exist."""
    count = len(replicates)
    total = replicates.sum(axis=0)
    whole = number(total / count)
    without = [number((total - one) / (count - 1)) for one in replicates]
    if not np.isfinite([whole, *without]).all():
        return []
    return [count * whole - (count - 1) * each for each in without]


def _last_crossing(x: Array, y: Array, level: float) -> float:
    """The last x at which y falls through `level`, on straight lines between the points; NaN where it never does."""
    falls = np.flatnonzero((y[:-1] >= level) & (y[1:] < level))
    if not len(falls):
        return float("nan")
    i = falls[-1]
    return float(x[i] + (y[i] - level) / (y[i] - y[i + 1]) * (x[i + 1] - x[i]))


def _isotonic(values: Array) -> Array:
    from sklearn.isotonic import isotonic_regression

    fitted: Array = isotonic_regression(values)
    return fitted


def _line(x: Array, y: Array) -> tuple[float, float]:
    slope, intercept = np.polyfit(x, y, 1)
    return float(slope), float(intercept)
