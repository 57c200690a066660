"""Quality against the number of labels: the area under the curve, and what share of the labels another method needs.

Labels are on a logarithmic axis throughout: doubling them is one step, wherever one starts. A curve is quality (S, L)
at L label counts for S seeds; seed s of two methods is one pair (same data, same split), so both are resampled
together. Intervals are percentile bootstraps over seeds, widened for few seeds (Hesterberg 2015, "What teachers
should know about the bootstrap", section 4.3): plain percentiles ignore the factor sqrt(S / (S - 1)) and the t
distribution's tails, and at ten seeds cover about 90 % instead of 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.optimize import isotonic_regression

from bench.errors import UserError
from bench.seeds import seed_for

Array = NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95
MINIMUM_SEEDS = 3


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LabelRatio:
    """How many times the labels of `method` the `reference` needs to reach the target: above 1 the method saves labels.

    Where a curve never reaches the target, or is there from its first point on, the number of labels is known to lie
    beyond the last count, or below the first, and the ratio is a range: `low_value` to `high_value` (equal where both
    crossings were seen). The 95 % interval is from the lower ends of the resampled ranges to the upper ends, so it
    covers whatever the true crossing is; an end of 0 or inf says that the data set no bound there.
    """

    low_value: float
    high_value: float
    low: float
    high: float
    censored: float  # share of resamples in which a crossing was not seen
    note: str  # in words, where a curve did not cross within its labels; else empty


def areas(labels: ArrayLike, quality: ArrayLike) -> Array:
    """(S,) areas, one a seed, in quality's unit: `area` before it is averaged, for any number of seeds.

    `labels` (L,) at least two, ascending and positive, `quality` (S, L); not checked.
    """
    axis = np.log(np.asarray(labels, dtype=float))
    by_seed: Array = np.trapezoid(np.asarray(quality, dtype=float), axis, axis=1) / (axis[-1] - axis[0])
    return by_seed


def area(labels: ArrayLike, quality: ArrayLike) -> Interval:
    """The mean quality over log(labels): trapezoids over the log axis, divided by its length, so in quality's unit.

    `labels` (L,) ascending and positive, `quality` (S, L). Raises UserError for other shapes, fewer than two label
    counts or three seeds, or values that are not finite.
    """
    counts, values = _curves(labels, quality)
    return _bootstrap(areas(counts, values))


def area_difference(labels: ArrayLike, method: ArrayLike, reference: ArrayLike) -> Interval:
    """The area of `method` minus that of `reference`, both (S, L) and paired by seed. Raises UserError as `area`."""
    counts, ours = _curves(labels, method)
    _, theirs = _curves(labels, reference)
    _check_paired(ours, theirs)
    return _bootstrap(areas(counts, ours) - areas(counts, theirs))


def labels_to_target(labels: ArrayLike, quality: ArrayLike, target: float) -> tuple[float, float]:
    """The range in which the number of labels lies at which the mean curve of `quality` (S, L) reaches `target`.

    The mean over seeds is made monotone by isotonic regression, and interpolated linearly in log(labels); the two ends
    are equal where the crossing lies within the labels. (0, first) says that the first point is there already;
    (last, inf) that the last is not: nothing is extrapolated. Raises UserError as `area`.
    """
    counts, values = _curves(labels, quality)
    return _crossing(counts, _monotone(values.mean(axis=0)), target)


def label_ratio(
    labels: ArrayLike,
    method: ArrayLike,
    reference: ArrayLike,
    target: float | None = None,
    names: tuple[str, str] = ("the method", "the reference"),
) -> LabelRatio:
    """Labels of `reference` over labels of `method`, both (S, L) and paired by seed, at the quality `target`.

    The default target is what the reference reaches at its last label count (its monotone mean curve), found anew
    in every resample, as its own uncertainty is part of the question. `names` are of the two in the note. Raises
    UserError as `area`.
    """
    counts, ours = _curves(labels, method)
    _, theirs = _curves(labels, reference)
    _check_paired(ours, theirs)

    low_value, high_value, note = _ratio(counts, ours.mean(axis=0), theirs.mean(axis=0), target, names)
    seeds = _resamples(len(ours))
    means = zip(ours[seeds].mean(axis=1), theirs[seeds].mean(axis=1), strict=True)
    resampled = [_ratio(counts, own, other, target, names) for own, other in means]
    lows, highs = np.array([one[0] for one in resampled]), np.array([one[1] for one in resampled])
    below, above = _tails(len(ours))
    return LabelRatio(
        low_value,
        high_value,
        float(np.quantile(lows, below, method="lower")),
        float(np.quantile(highs, above, method="higher")),
        float(np.mean(lows != highs)),
        note,
    )


def _ratio(
    labels: Array, method: Array, reference: Array, target: float | None, names: tuple[str, str]
) -> tuple[float, float, str]:
    """The range of the ratio for two mean curves (L,), and what kept it from being a number."""
    own, other = _monotone(method), _monotone(reference)
    goal = float(other[-1]) if target is None else target
    own_low, own_high = _crossing(labels, own, goal)
    other_low, other_high = _crossing(labels, other, goal)
    notes = (_note(names[0], own_low, own_high), _note(names[1], other_low, other_high))
    high = other_high / own_low if own_low > 0 else np.inf
    return other_low / own_high, high, "; ".join(filter(None, notes))


def _monotone(curve: Array) -> Array:
    fitted: Array = isotonic_regression(curve).x
    return fitted


def _crossing(labels: Array, curve: Array, target: float) -> tuple[float, float]:
    """The first crossing of a curve (L,) that never falls."""
    reached = int(np.searchsorted(curve, target))  # the first point at or above the target
    if reached == 0:
        return 0.0, float(labels[0])
    if reached == len(labels):
        return float(labels[-1]), np.inf
    before, after = curve[reached - 1], curve[reached]
    share = (target - before) / (after - before)
    crossing = float(labels[reached - 1] ** (1 - share) * labels[reached] ** share)
    return crossing, crossing


def _note(name: str, low: float, high: float) -> str:
    if low == 0:
        return f"{name} is at the target from its first point ({high:g} labels): it may need fewer"
    if np.isinf(high):
        return f"{name} does not reach the target within {low:g} labels"
    return ""


def _bootstrap(values: Array) -> Interval:
    means = values[_resamples(len(values))].mean(axis=1)
    low, high = np.quantile(means, _tails(len(values)))
    return Interval(float(values.mean()), float(low), float(high))


def _resamples(seeds: int) -> NDArray[np.intp]:
    """(RESAMPLES, S) indices of seeds, the same for every pair of curves with S seeds."""
    rng = np.random.default_rng(seed_for("label efficiency", "bootstrap", seeds))
    return rng.integers(seeds, size=(RESAMPLES, seeds))


def _tails(seeds: int) -> tuple[float, float]:
    """The quantiles of the bootstrap distribution that the widened interval ends at."""
    tail = float(stats.norm.cdf(np.sqrt(seeds / (seeds - 1)) * stats.t.ppf((1 - LEVEL) / 2, seeds - 1)))
    return tail, 1 - tail


def _curves(labels: ArrayLike, quality: ArrayLike) -> tuple[Array, Array]:
    counts, values = np.asarray(labels, dtype=float), np.asarray(quality, dtype=float)
    if counts.ndim != 1 or len(counts) < 2 or not (counts[0] > 0 and (np.diff(counts) > 0).all()):
        raise UserError("labels: expected at least two positive counts in ascending order")
    if values.ndim != 2 or values.shape[1] != len(counts):
        raise UserError(f"quality: expected an array (seeds, {len(counts)}), found shape {values.shape}")
    if len(values) < MINIMUM_SEEDS:
        raise UserError(f"quality: an interval needs at least {MINIMUM_SEEDS} seeds, there are {len(values)}")
    if not np.isfinite(values).all():
        seed, point = np.argwhere(~np.isfinite(values))[0]
        raise UserError(f"quality: {values[seed, point]} for seed {seed} at {counts[point]:g} labels")
    return counts, values


def _check_paired(ours: Array, theirs: Array) -> None:
    if ours.shape != theirs.shape:
        raise UserError(f"curves are paired by seed: found {len(ours)} seeds of the method, {len(theirs)} of the other")
