"""Numbers that belong to a whole map, curve or grid, one replicate a seed, as further rows of the series.

Such a number (where a contour lies, where two curves cross, at which rate the error falls) is a function of means over
seeds, the mean squared error being what the paper plots and its theorems bound. Its replicates are the
jackknife's pseudo-values: S times the number from all S seeds, minus S - 1 times the number without one. Their mean
is the bias-corrected estimate and their scatter gives its standard error (`bench.verdict.jackknife`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.papers.sparse.fig3_analysis import fitted_rows
from bench.verdict.jackknife import derived_rows

Array = NDArray[np.float64]
Row = dict[str, object]

LEVELS = (-1.2, -1.8, -2.4, -3.0)  # contour levels of log10 error in Figure 1 whose boundaries were read
AT_LOG10_BETA = (-1.5, -2.0, -2.5, -3.0, -3.5)  # where they were read; all on the grid


def derive(series: pd.DataFrame) -> pd.DataFrame:
    """The derived rows of Figures 1, 2a, 3 and of the rates: columns as in `series`, and `level`, `log10_beta`."""
    rows: list[Row] = []
    errors = series[series["metric"] == "squared_sigma_error"]
    for experiment, derived in (("fig1", _map_rows), ("fig2a", _crossing_rows), ("rates", _rate_rows)):
        for _, part in errors[errors["experiment"] == experiment].groupby(["variant", "profile"]):
            rows += derived(part)
    for _, part in series[series["experiment"] == "fig3"].groupby(["variant", "profile"]):
        rows += fitted_rows(part)
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
        yield from derived_rows(base | condition, table.index, maps, metric, lambda mean: number(np.log10(mean)))

    yield from rows("log10_best_beta_slope", lambda z: _best_beta_line(n, beta, z)[0])
    yield from rows("log10_best_beta_intercept", lambda z: _best_beta_line(n, beta, z)[1])
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
    base = _row_like(part[part["method"] == "l1"]) | {"k": np.nan}
    yield from derived_rows(
        base, table.index, differences, "crossing_k", lambda mean: _last_crossing(k, -_isotonic(mean), 0.0)
    )


def rate(method: str, n: Array, d: Array, k: Array) -> Array:
    """What the theory bounds the error by: d/n for the MLE, (k/n) log(d/k) for l0 and l1 (abstract of the paper)."""
    return d / n if method == "mle" else k / n * np.log(d / k)


def _rate_rows(part: pd.DataFrame) -> Iterator[Row]:
    """The line of log10 mean error on log10 rate over the grid in n, d and k, for each method."""
    for method, own in part.groupby("method"):
        table = own.pivot_table(index="seed", columns=["n", "d", "k"], values="value").dropna()
        levels = (table.columns.get_level_values(name).to_numpy(dtype=float) for name in ("n", "d", "k"))
        x = np.log10(rate(str(method), *levels))
        if len(table) < 2 or len(np.unique(x)) < 3:
            continue
        base = _row_like(own) | {"n": np.nan, "d": np.nan, "k": np.nan, "beta": np.nan}
        for index, metric in enumerate(("log10_rate_slope", "log10_rate_intercept")):
            line = functools.partial(_rate_line, x, index)
            yield from derived_rows(base, table.index, table.to_numpy(dtype=float), metric, line)


def _rate_line(x: Array, index: int, mean: Array) -> float:
    return _line(x, np.log10(mean))[index]


def _row_like(part: pd.DataFrame) -> Row:
    return {str(name): value for name, value in part.iloc[0].items()}


def _fall(n: Array, column: int, level: float, z: Array) -> float:
    return _last_crossing(n, z[:, column], level)


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


def _best_beta_line(n: Array, beta: Array, z: Array) -> tuple[float, float]:
    """The line through the best log10 beta at each log10 n; an n whose best is on the edge of the grid is left out.

    The best is the vertex of the parabola through the lowest point of the grid and its neighbours.
    """
    inside, vertices = [], []
    for x, curve in zip(n, z, strict=True):
        at = int(np.argmin(curve))
        if 0 < at < len(beta) - 1:
            curvature, slope, _ = np.polyfit(beta[at - 1 : at + 2] - beta[at], curve[at - 1 : at + 2], 2)
            inside.append(x)
            vertices.append(beta[at] - (slope / (2 * curvature) if curvature > 0 else 0.0))
    return _line(np.array(inside), np.array(vertices)) if len(inside) > 2 else (float("nan"), float("nan"))


def _line(x: Array, y: Array) -> tuple[float, float]:
    slope, intercept = np.polyfit(x, y, 1)
    return float(slope), float(intercept)
