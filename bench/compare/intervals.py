"""Intervals and tests over seeds: of means, of paired differences, and of a probability.

Means over seeds take t intervals: exact for normal seeds at any number of them, and at five to twenty seeds they
cover 93 to 95 % where seeds have a skewness of one (a Gamma of shape 4, or accuracies near their ceiling). For seeds as
skewed as an exponential they cover 88 % at five seeds and 92 % at twenty. Nothing here is resampled: of five seeds a
bootstrap covers less than t does. `benchmarks/comparison_statistics.py` measures all of this.

Where every seed splits the same data anew, seeds are not independent: tests of two seeds share rows, and a mean over
ever more seeds does not come ever closer to what new data would say. Nadeau and Bengio (2003), "Inference for the
generalization error", correct the variance of a mean over S such splits from s^2 / S to s^2 (1 / S + overlap), where
`overlap` is rows held out over rows learnt from: their corrected resampled t-test. It is exact where all luck is in
which rows are held out, and covers more than it says where a seed brings luck of its own (few labels, initial weights).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from bench.compare.results import Value
from bench.verdict.statistics import ALPHA, MINIMUM_REPLICATES, detectable_shift, mean_interval, p_mean_above

Array = NDArray[np.float64]

ROUNDING = 12  # decimal places, relative to the larger value, that a difference of two floats can be trusted to


@dataclass(frozen=True)
class Estimates:
    """Values with 95 % intervals, one a place."""

    value: Array
    low: Array
    high: Array

    def at(self, *place: int) -> Value:
        """One of them."""
        return Value(float(self.value[place]), float(self.low[place]), float(self.high[place]))


@dataclass(frozen=True)
class PairedTests:
    """Mean paired differences (P,): intervals, two-sided p of no difference, and what would be found."""

    difference: Estimates
    p: Array
    detectable: Array  # the true difference that a two-sided test at 5 % over `family` finds with 80 % power
    equal: NDArray[np.bool_]  # on every seed


def widened(values: ArrayLike, overlap: float, axis: int = -1) -> Array:
    """`values` spread about their mean over seeds (`axis`) so that 1 / S of their variance is Nadeau and Bengio's.

    What is computed of them as of independent seeds then has the corrected standard error. The same values where
    `overlap` is 0, and where all seeds are equal.
    """
    sample = np.asarray(values, dtype=float)
    if overlap == 0:
        return sample
    mean = sample.mean(axis=axis, keepdims=True)
    spread = mean + (sample - mean) * np.sqrt(1 + sample.shape[axis] * overlap)
    return np.where(np.ptp(sample, axis=axis, keepdims=True) == 0, sample, spread)


def means(values: ArrayLike, overlap: float = 0.0) -> Estimates:
    """Means over the last axis, seeds, with t intervals; infinite ones below three seeds."""
    sample = np.asarray(values, dtype=float)
    mean = sample.mean(axis=-1)
    if sample.shape[-1] < MINIMUM_REPLICATES:
        return Estimates(mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf))
    _, low, high = mean_interval(widened(sample, overlap))
    return Estimates(mean, low, high)


def paired_differences(left: ArrayLike, right: ArrayLike) -> Array:
    """`left` less `right`, both (..., S) and paired by seed; what is equal but for rounding is equal."""
    first, second = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    scale = np.maximum(np.abs(first), np.abs(second)).max(axis=-1, keepdims=True)
    scale = np.where(scale > 0, scale, 1.0)
    rounded: Array = np.round((first - second) / scale, ROUNDING) * scale
    return rounded


def paired_tests(differences: ArrayLike, overlap: float = 0.0, family: int = 1) -> PairedTests:
    """Paired t-tests of differences (P, S) over S seeds. Below three seeds: infinite intervals, p = 1.

    What is detectable is so at 5 % over `family`, the number of tests that p-values are corrected for: Bonferroni's
    level, which is that of Holm's first step, so that what Holm finds is at least this.

    Where all seeds differ by the same, t has no error to divide by, and a p of zero would be wrong: measures that count
    (wins among 50 prompts) do so by chance. There the sign test's p stands, 2^(1 - S), and the interval is the one that
    belongs to it: everything while that p is above 5 %, else the difference itself. The sign test needs independent
    seeds; where they overlap p is 1 and the interval infinite. Where all seeds are equal, p = 1.
    """
    sample = np.asarray(differences, dtype=float)
    count = sample.shape[-1]
    estimates = means(sample, overlap)
    equal = (sample == 0).all(axis=-1)
    if count < MINIMUM_REPLICATES:
        return PairedTests(estimates, np.ones(len(sample)), np.full(len(sample), np.inf), equal)
    spread = widened(sample, overlap)
    p = np.minimum(1.0, 2 * np.minimum(p_mean_above(spread), p_mean_above(-spread)))
    constant = np.ptp(sample, axis=-1) == 0
    signs = 1.0 if overlap else 2.0 ** (1 - count)
    p = np.where(constant, np.where(equal, 1.0, signs), p)
    detectable = np.where(constant, np.inf, detectable_shift(spread, ALPHA / 2 / family))
    if signs > ALPHA:
        low, high = np.where(constant, -np.inf, estimates.low), np.where(constant, np.inf, estimates.high)
        estimates = Estimates(estimates.value, low, high)
    return PairedTests(estimates, p, detectable, equal)


def improvement(differences: ArrayLike, overlap: float = 0.0) -> Estimates:
    """The probability that a difference is above zero on a new seed, from differences (P, S); ties count half.

    Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical precipice", compare
    every run of one algorithm with every run of the other, as their runs are independent. Ours are paired by seed:
    both entrants have the same data on a seed, and the question is who is better on it. So it is a proportion over
    seeds, with Clopper and Pearson's exact interval (`proportion`), which agrees with the sign test. Where seeds
    overlap no interval of a proportion is exact, and all ten may agree by the luck of one data set: there is none.
    """
    sample = np.asarray(differences, dtype=float)
    wins = np.mean(sample > 0, axis=-1) + 0.5 * np.mean(sample == 0, axis=-1)
    if overlap:
        return Estimates(wins, np.full_like(wins, -np.inf), np.full_like(wins, np.inf))
    return proportion(wins, sample.shape[-1])


def proportion(share: ArrayLike, count: float) -> Estimates:
    """Clopper and Pearson's (1934) interval of a probability seen as `share` (...) of `count` independent runs.

    It covers at least 95 % whatever the probability, and more where there are few runs (97 % or more at five), as a
    count can only be one of a few numbers. At five to twenty runs Wilson's and Jeffreys' intervals cover 95 % only on
    average over probabilities, and 84 and 87 % at the worst; the percentile bootstrap has no width where all agree.
    Runs that count half (ties), or that differ in their probabilities (several tasks; Hoeffding 1956), spread less than
    a binomial of the same mean, so they are covered as well. `count` may be a fraction.
    """
    part = np.asarray(share, dtype=float)
    hits, misses = part * count, (1 - part) * count
    with np.errstate(invalid="ignore"):
        low = np.where(hits > 0, stats.beta.ppf(ALPHA / 2, np.maximum(hits, 1e-9), misses + 1), 0.0)
        high = np.where(misses > 0, stats.beta.ppf(1 - ALPHA / 2, hits + 1, np.maximum(misses, 1e-9)), 1.0)
    return Estimates(part, low, high)
