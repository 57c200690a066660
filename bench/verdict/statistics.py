"""The tests behind every verdict: equivalence within a margin, difference beyond it, and what could be detected.

Replicates are seeds: independent, roughly normal once averaged. Every test below is a t-test, so it is exact for normal
replicates at any number of them, and nearly so for the skewed ones that squared errors are. Two errors are held at
5 % each, separately: calling two different things equivalent, and calling two equivalent things different.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

Array = NDArray[np.float64]

ALPHA = 0.05
POWER = 0.80
MINIMUM_REPLICATES = 3  # two have a variance too, but an interval 13 standard errors wide: nothing can be said with it


@dataclass(frozen=True)
class Comparison:
    """Our mean beside a reference value. Every field has the leading shape of the replicates (a scalar for one row).

    `low`, `high` is the 95 % interval of our mean, with the standard error that the tests use. "Different" says that
    this interval lies wholly beyond the margin; "equivalent" (two one-sided tests at 5 %) that the 90 % interval
    lies wholly within it.
    """

    mean: Array
    low: Array
    high: Array
    p_equivalent: Array  # null: |mean - reference| >= margin
    p_different: Array  # null: |mean - reference| <= margin
    detectable: Array  # the smallest true departure that is ruled different with 80 % power


def compare(
    replicates: ArrayLike,
    reference: float,
    margin: float,
    *,
    spread: float | None = None,
    reference_replicates: int | None = None,
) -> Comparison:
    """Two one-sided tests and a minimum-effect test of the mean of `replicates` (..., n) against `reference` +- margin.

    Where the reference is itself a mean of `reference_replicates` values with standard deviation `spread`, its
    sampling error enters the standard error (Welch). Where that is not known, the reference counts as fixed, and
    the margin has to cover its sampling error. The error of reading a value off a figure is no sampling error (it is
    the same at every repetition), so it belongs into the margin always.

    The minimum-effect test spends 2.5 % on each side, so that its error stays below 5 % however small the margin
    is against the standard error.

    Raises ValueError for fewer than MINIMUM_REPLICATES, values that are not finite, or a negative margin.
    """
    values = _finite(replicates)
    if not (np.isfinite(margin) and margin >= 0 and np.isfinite(reference)):
        raise ValueError(f"reference and margin must be finite, the margin not negative: got {reference}, {margin}")
    n = values.shape[-1]
    mean = values.mean(axis=-1)
    own = _variance(values) / n
    theirs = spread**2 / reference_replicates if spread is not None and reference_replicates else 0.0
    error = np.sqrt(own + theirs)
    freedom = _welch_freedom(own, n, theirs, reference_replicates or 0)
    difference = mean - reference
    above = _p_greater(difference - margin, error, freedom)  # null: difference <= margin
    below = _p_greater(-difference - margin, error, freedom)
    within = np.maximum(
        _p_greater(margin - difference, error, freedom), _p_greater(margin + difference, error, freedom)
    )
    half = stats.t.ppf(1 - ALPHA / 2, freedom) * error
    return Comparison(
        mean=mean,
        low=mean - half,
        high=mean + half,
        p_equivalent=within,
        p_different=np.minimum(1.0, 2 * np.minimum(above, below)),
        detectable=margin + _shift(freedom, ALPHA / 2) * error,
    )


def p_mean_above(values: ArrayLike, bound: float = 0.0) -> Array:
    """p-value of "the mean of `values` (..., n) is at most `bound`": small where it lies above."""
    sample = _finite(values)
    n = sample.shape[-1]
    return _p_greater(sample.mean(axis=-1) - bound, np.sqrt(_variance(sample) / n), np.asarray(n - 1.0))


def mean_interval(values: ArrayLike) -> tuple[Array, Array, Array]:
    """Mean of `values` (..., n) and its 95 % t interval."""
    sample = _finite(values)
    n = sample.shape[-1]
    mean = sample.mean(axis=-1)
    half = stats.t.ppf(1 - ALPHA / 2, n - 1) * np.sqrt(_variance(sample) / n)
    return mean, mean - half, mean + half


def detectable_shift(values: ArrayLike, alpha: float) -> Array:
    """The true mean of values (..., n) spread like these that a one-sided t-test at `alpha` finds with 80 % power."""
    sample = _finite(values)
    n = sample.shape[-1]
    shift: Array = _shift(np.asarray(n - 1.0), alpha) * np.sqrt(_variance(sample) / n)
    return shift


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment: rejecting where the result is below 5 % errs anywhere with at most 5 %."""
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, stepped)
    return [float(p) for p in adjusted]


def intersection_union(p_values: ArrayLike) -> float:
    """p-value of "at least one of these statements is false": the largest, with no correction needed (Berger 1982)."""
    return float(np.max(np.asarray(p_values, dtype=float)))


def union(p_values: ArrayLike) -> float:
    """p-value of "all of these nulls hold": Bonferroni's, valid under any dependence."""
    values = np.asarray(p_values, dtype=float)
    return float(min(1.0, values.size * values.min()))


def _finite(values: ArrayLike) -> Array:
    sample = np.asarray(values, dtype=float)
    if sample.ndim == 0 or sample.shape[-1] < MINIMUM_REPLICATES:
        count = 1 if sample.ndim == 0 else sample.shape[-1]
        raise ValueError(f"needs at least {MINIMUM_REPLICATES} replicates, there are {count}")
    if not np.isfinite(sample).all():
        raise ValueError(f"{int((~np.isfinite(sample)).sum())} of {sample.size} replicates are not finite")
    return sample


def _variance(sample: Array) -> Array:
    """Sample variance; exactly zero where all values are equal, which rounding in the mean would hide."""
    return np.where(np.ptp(sample, axis=-1) == 0, 0.0, sample.var(axis=-1, ddof=1))


def _welch_freedom(own: Array, n: int, theirs: float, reference_replicates: int) -> Array:
    """Welch-Satterthwaite degrees of freedom of the sum of two squared standard errors."""
    if theirs == 0:
        return np.full_like(own, n - 1.0)
    denominator = own**2 / (n - 1) + theirs**2 / max(reference_replicates - 1, 1)
    return (own + theirs) ** 2 / denominator


def _p_greater(distance: Array, error: Array, freedom: Array) -> Array:
    """One-sided p-value of a true distance <= 0. Without any spread the sign decides."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p = stats.t.sf(distance / error, freedom)
    return np.where(error > 0, p, np.where(distance > 0, 0.0, 1.0))


def _shift(freedom: Array, alpha: float) -> Array:
    """The noncentrality that a one-sided t-test at `alpha` rejects with 80 % power."""
    distinct, back = np.unique(np.round(freedom, 1), return_inverse=True)
    return np.array([_noncentrality(float(f), alpha) for f in distinct])[back].reshape(np.shape(freedom))


@functools.lru_cache(maxsize=4096)
def _noncentrality(freedom: float, alpha: float) -> float:
    bound = stats.t.ppf(1 - alpha, freedom)
    upper = bound * 4 + 10
    return float(optimize.brentq(lambda shift: stats.nct.sf(bound, freedom, shift) - POWER, 0.0, upper))
