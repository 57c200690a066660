"""The tests that claims are made of: a value, an order, a crossing. Each turns replicates into an Effect.

The replicate is the seed: whatever is computed within one seed (a paired difference) or for it (a pseudo-value) gives
one number, and the tests are on those numbers. `p_for` tests "the claim is false", `p_against` tests "the claim is
true"; either alone errs with at most 5 %. All functions return an Effect that rules nothing (both p-values 1, an
infinite interval) where there are fewer seeds than statistics.MINIMUM_REPLICATES, and raise ValueError for values that
are not finite.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from bench.spec import Effect
from bench.verdict import statistics
from bench.verdict.statistics import Array


def paired_differences(
    series: pd.DataFrame, *, metric: str, on: str, left: str, right: str, by: Sequence[str]
) -> pd.DataFrame:
    """`left` minus `right` in `metric`, paired within each seed and condition.

    Columns of the result: seed, *by, left, right, difference. `series` is tidy (one row per task and metric), `on` the
    column that tells left from right ("method" or "variant"), `by` the condition columns. What has no partner is
    left out. Raises ValueError where one seed and condition has several rows, which means that `by` misses a
    column.
    """
    rows = series[series["metric"] == metric]
    keys = ["seed", *by]
    sides = {}
    for name, side in (("left", left), ("right", right)):
        chosen = rows[rows[on] == side]
        if chosen.duplicated(keys).any():
            raise ValueError(f"{metric} of {side}: several rows for one seed and ({', '.join(by)})")
        sides[name] = chosen[[*keys, "value"]].rename(columns={"value": name})
    pairs = sides["left"].merge(sides["right"], on=keys, how="inner").sort_values(keys, ignore_index=True)
    return pairs.assign(difference=pairs["left"] - pairs["right"])


def equivalence_effect(values: ArrayLike, *, target: float, margin: float, unit: str, detail: str = "") -> Effect:
    """Claim: the mean of `values` (one a seed) is `target` to within `margin`. `detectable` counts from target."""
    sample = np.asarray(values, dtype=float)
    if len(sample) < statistics.MINIMUM_REPLICATES:
        return _undecided(sample, unit, detail)
    result = statistics.compare(sample, target, margin)
    return Effect(
        estimate=float(result.mean),
        low=float(result.low),
        high=float(result.high),
        unit=unit,
        p_for=float(result.p_equivalent),
        p_against=float(result.p_different),
        replicates=len(sample),
        detectable=float(result.detectable),
        detail=detail,
    )


def ordering_effect(differences: pd.DataFrame, by: Sequence[str], *, unit: str) -> Effect:
    """Claim: the mean difference is positive at EVERY condition. With `by` empty: the mean difference is positive.

    `differences` has columns seed, *by and difference (as from `paired_differences`). p_for: intersection-union test,
    the largest of the conditions' one-sided t-test p-values. p_against: the smallest of the opposite ones, times the
    number of conditions (Bonferroni). Estimate and interval are those of the weakest condition, the one with the
    largest p-value; `detectable` is the largest over conditions, since every one of them has to be shown.
    """
    groups = differences.groupby(list(by), sort=True, dropna=False) if by else [((), differences)]
    cells = [(key, group["difference"].to_numpy(dtype=float)) for key, group in groups]
    fewest_key, fewest = min(cells, key=lambda cell: len(cell[1]))
    if len(fewest) < statistics.MINIMUM_REPLICATES:
        return _undecided(fewest, unit, f"too few seeds{_at(by, fewest_key)}")
    p_above = np.array([float(statistics.p_mean_above(values)) for _, values in cells])
    p_below = np.array([float(statistics.p_mean_above(-values)) for _, values in cells])
    weakest_key, weakest = cells[int(np.argmax(p_above))]
    mean, low, high = statistics.mean_interval(weakest)
    holding = int(np.sum(p_above < statistics.ALPHA))
    return Effect(
        estimate=float(mean),
        low=float(low),
        high=float(high),
        unit=unit,
        p_for=statistics.intersection_union(p_above),
        p_against=statistics.union(p_below),
        replicates=len(fewest),
        detectable=max(float(statistics.detectable_shift(values, statistics.ALPHA)) for _, values in cells),
        detail=f"holds by itself at {holding} of {len(cells)} conditions; the weakest is shown{_at(by, weakest_key)}"
        if len(cells) > 1
        else "",
    )


def crossing_effect(differences: pd.DataFrame, x: str, *, target: float, margin: float) -> Effect:
    """Claim: two curves cross at `target` to within `margin`, the difference going from negative to positive.

    `differences` has columns seed, x and difference (as from `paired_differences`), one row per seed and x.

    A crossing found seed by seed is noise (one seed's curves cross many times or never), and its bootstrap is poor
    at few seeds. So the question is put where it is simple: the curves cross in [target - margin, target + margin]
    exactly when the difference is negative at the left end and positive at the right end. Each end is a one-sided
    t-test over seeds of the difference there, each seed smoothed by a parabola through its points within `margin`
    of the end (a straight line would be off by the curvature, and turn true claims false). p_for is the larger of
    the two p-values (intersection-union), p_against twice the smaller of the opposite two: above zero already at
    the left end, or below zero still at the right end. The interval inverts the same test (Fieller): all x at which
    the smoothed difference is not significantly different from zero. The estimate is the zero of the isotonic
    regression of the mean difference. `detectable` is in units of x from target.

    Raises ValueError where the x do not reach both ends of the margin.
    """
    table = _by_seed(differences, x, "difference")
    grid, values = table.columns.to_numpy(dtype=float), table.to_numpy(dtype=float)
    if len(values) < statistics.MINIMUM_REPLICATES:
        return _undecided(np.full(len(values), math.nan), x, f"crossing of two curves over {x}")
    ends = target - margin, target + margin
    if grid[0] > ends[0] or grid[-1] < ends[1]:
        raise ValueError(f"{x} covers {grid[0]:g} to {grid[-1]:g}, the crossing needs {ends[0]:g} to {ends[1]:g}")
    left, right = _smoothing(grid, np.array(ends), margin) @ values.T
    p_for = statistics.intersection_union([statistics.p_mean_above(-left), statistics.p_mean_above(right)])
    p_against = statistics.union([statistics.p_mean_above(left), statistics.p_mean_above(-right)])
    low, high = _fieller(grid, values, margin)
    estimate = _isotonic_zero(grid, values.mean(axis=0))
    slope = float((right.mean() - left.mean()) / (2 * margin))
    shift = max(float(statistics.detectable_shift(end, statistics.ALPHA / 2)) for end in (left, right))
    return Effect(
        estimate=estimate,
        low=low,
        high=high,
        unit=x,
        p_for=p_for,
        p_against=p_against,
        replicates=len(values),
        detectable=margin + shift / slope if slope > 0 else math.inf,
        detail=f"difference {left.mean():.3g} at {x} = {ends[0]:g} and {right.mean():.3g} at {x} = {ends[1]:g}",
    )


def _by_seed(frame: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Seeds down, x across; seeds that miss an x are left out, so that every x has the same seeds."""
    if frame.duplicated(["seed", x]).any():
        raise ValueError(f"several rows for one seed and {x}")
    if not np.isfinite(frame[y].to_numpy(dtype=float)).all():
        raise ValueError(f"{y} has values that are not finite")
    return frame.pivot(index="seed", columns=x, values=y).sort_index(axis=1).dropna()


def _smoothing(grid: Array, points: Array, window: float) -> Array:
    """Weights (points, grid) that give the value at each point of the parabola fitted to what lies within `window`.

    Where the window does not hold grid points on both sides, the line between the point's two neighbours.
    """
    offset = grid[None, :] - points[:, None]
    near = np.abs(offset) <= window * (1 + 1e-9)
    after = np.clip(np.searchsorted(grid, points), 1, len(grid) - 1)
    for row in np.flatnonzero(~((near & (offset <= 0)).any(axis=1) & (near & (offset >= 0)).any(axis=1))):
        near[row, after[row] - 1 : after[row] + 1] = True
    scaled = offset / np.ptp(grid)
    parabola = near.sum(axis=1, keepdims=True) > 2
    design = np.stack([np.ones_like(scaled), scaled, scaled**2 * parabola], axis=2) * near[:, :, None]
    weights: Array = np.linalg.pinv(design)[:, 0, :]
    return weights


def _fieller(grid: Array, values: Array, window: float) -> tuple[float, float]:
    """Where the smoothed difference is not significantly below (above) zero yet (any more); infinite past the grid."""
    points = np.linspace(grid[0], grid[-1], 201)
    smooth = _smoothing(grid, points, window) @ values.T  # (points, seeds)
    not_below = points[statistics.p_mean_above(-smooth) >= statistics.ALPHA / 2]
    not_above = points[statistics.p_mean_above(smooth) >= statistics.ALPHA / 2]
    low = float(not_below[0]) if len(not_below) and not_below[0] > grid[0] else -math.inf
    high = float(not_above[-1]) if len(not_above) and not_above[-1] < grid[-1] else math.inf
    return (low, high) if low <= high else (-math.inf, math.inf)


def _isotonic_zero(grid: Array, mean: Array) -> float:
    """Where the isotonic regression of `mean` on `grid`, joined by straight lines, is zero; infinite past the grid."""
    from sklearn.isotonic import IsotonicRegression

    fit = IsotonicRegression().fit_transform(grid, mean)
    if fit[0] > 0:
        return -math.inf
    if fit[-1] < 0:
        return math.inf
    below, above = np.flatnonzero(fit <= 0)[-1], np.flatnonzero(fit >= 0)[0]
    if above <= below:  # a stretch at zero exactly: its middle
        return float((grid[above] + grid[below]) / 2)
    share = -fit[below] / (fit[above] - fit[below])
    return float(grid[below] + share * (grid[above] - grid[below]))


def _undecided(values: Array, unit: str, detail: str) -> Effect:
    estimate = float(values.mean()) if len(values) else math.nan
    return Effect(estimate, -math.inf, math.inf, unit, 1.0, 1.0, len(values), math.inf, detail)


def _at(by: Sequence[str], key: object) -> str:
    values = key if isinstance(key, tuple) else (key,)
    shown = (f"{value:g}" if isinstance(value, float) else value for value in values)
    named = [f"{name} = {value}" for name, value in zip(by, shown, strict=True)]
    return f" at {', '.join(named)}" if named else ""
