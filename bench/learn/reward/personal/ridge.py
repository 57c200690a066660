"""Bradley-Terry models with a Gaussian prior, as many as there are annotators, in one call.

    minimise over theta   sum_i w_i log(1 + exp(-(<theta, x_i> + o_i))) + ridge / 2 ||theta||^2,

x_i being the preferred item's features less the other's: the posterior mode under theta ~ N(0, 1 / ridge). Losses are
summed, so that somebody with few comparisons stays close to the prior. Newton's method with backtracking, for all
problems at once; the objective is ridge-strongly convex, hence  P(theta) - min P <= ||grad P||^2 / (2 ridge).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.learn.reward.estimators import LinearRewardModel
from bench.learn.reward.links import Logistic
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.model import Places
from bench.learn.reward.solver import Solution
from bench.learn.reward.validation import check_count, check_differences, check_labels, check_positive

Array = NDArray[np.float64]

RIDGE = 1.0
TOLERANCE = 1e-10  # of the bound above, relative to the objective at zero
MAX_ITER = 100
SUFFICIENT_DECREASE = 1e-4
SHORTEST_STEP = 1e-10
ROUNDING = 1e-15  # relative error of an objective, below which two values are not told apart
BATCH = 2**23  # numbers of features in one batch of annotators

_LINK = Logistic()


class RidgeBradleyTerry(LinearRewardModel):
    """One such model with the interface of the other linear reward models; `objective_` is the sum above."""

    sigma = 1.0
    link = "logistic"
    radius = None

    def __init__(self, ridge: float = RIDGE, tol: float = TOLERANCE, max_iter: int = MAX_ITER) -> None:
        self.ridge = ridge
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, differences: ArrayLike, labels: ArrayLike) -> Self:
        """Fit to `differences` (n, d) and `labels` (n,) in {-1, +1}; bad input raises InvalidInputError."""
        X = check_differences(differences)
        signed = (X * check_labels(labels, len(X))[:, None])[None]
        ridge, tol = check_positive("ridge", self.ridge), check_positive("tol", self.tol)
        return self._store(_newton(signed, ridge, tol=tol, max_iter=check_count("max_iter", self.max_iter))[0])


def fit_annotators(judged: Ordered, ridge: float, signed: Array | None = None, offsets: Array | None = None) -> Array:
    """(annotators, d): a model for each from their own comparisons.

    `signed` (n, d) are the features, by default the comparisons' own; `offsets` (n,) are margins known beforehand.
    """
    x = judged.signed if signed is None else signed
    o = np.zeros(len(x)) if offsets is None else offsets
    coefs = np.zeros((len(judged.annotators.known), x.shape[1]))
    for who, rows, there in _batches(judged, x.shape[1]):
        signed_there = np.where(there[:, :, None], x[rows], 0.0)
        for place, solution in zip(who, _newton(signed_there, ridge, there.astype(np.float64), o[rows]), strict=True):
            coefs[place] = solution.theta
    return coefs


def fit_weighted(signed: Array, weights: Array, ridge: float, start: Array) -> Array:
    """(k, d): k models of the same comparisons `signed` (n, d), under `weights` (k, n); `start` is (k, d)."""
    shared = np.broadcast_to(signed, (len(weights), *signed.shape))
    return np.array([solution.theta for solution in _newton(shared, ridge, weights, start=start)])


def _batches(judged: Ordered, width: int) -> Iterator[tuple[Places, Places, NDArray[np.bool_]]]:
    """Annotators with about as many comparisons each: who (u,), their rows (u, m), and which of these exist (u, m)."""
    counts, starts = judged.counts, judged.starts
    by_count = np.argsort(counts, kind="stable")
    begin = 0
    while begin < len(by_count):
        most = 2 ** int(np.ceil(np.log2(counts[by_count[begin]])))
        end = int(np.searchsorted(counts[by_count], most, side="right"))
        end = min(end, begin + max(1, BATCH // (most * max(width, 1))))
        who = by_count[begin:end]
        step = np.arange(counts[who].max())
        there = step < counts[who, None]
        yield who, np.where(there, starts[who, None] + step, starts[who, None]), there
        begin = end


def _newton(
    signed: Array,
    ridge: float,
    weights: Array | None = None,
    offsets: Array | None = None,
    start: Array | None = None,
    tol: float = TOLERANCE,
    max_iter: int = MAX_ITER,
) -> list[Solution]:
    """The minimisers for `signed` (u, m, d), `weights` and `offsets` (u, m), from `start` (u, d), by default zero."""
    u, m, d = signed.shape
    w = np.ones((u, m)) if weights is None else weights
    theta = np.zeros((u, d)) if start is None else start.copy()
    margins = _times(signed, theta) + (0.0 if offsets is None else offsets)
    scale = np.maximum(w.sum(axis=1) * np.log(2.0), 1.0)
    steps, going = np.zeros(u, dtype=np.int64), np.ones(u, dtype=bool)
    objective, gap = _objective(theta, margins, w, ridge), np.full(u, np.inf)
    for _ in range(max_iter + 1):
        gradient = _transposed(signed, w * _LINK.slope(margins)) + ridge * theta
        gap = (gradient**2).sum(axis=1) / (2 * ridge)
        going &= (gap > tol * scale) & (steps < max_iter)
        if not (now := np.flatnonzero(going)).size:
            break
        there = slice(None) if len(now) == u else now  # a view spares a copy of all features
        direction = -_solve(signed[there], w[there] * _LINK.curvature(margins[there]), ridge, gradient[there])
        change = _times(signed[there], direction)
        slope = (gradient[now] * direction).sum(axis=1)
        length = _line_search(theta[now], direction, margins[now], change, w[now], ridge, objective[now], slope)
        going[now] = length > 0
        theta[now] += length[:, None] * direction
        margins[now] += length[:, None] * change
        objective[now] = _objective(theta[now], margins[now], w[now], ridge)
        steps[now] += 1
    return [
        Solution(theta[k], float(objective[k]), float(gap[k]), int(steps[k]), bool(gap[k] <= tol * scale[k]))
        for k in range(u)
    ]


def _times(signed: Array, theta: Array) -> Array:
    return np.asarray((signed @ theta[:, :, None])[:, :, 0])


def _transposed(signed: Array, residuals: Array) -> Array:
    return np.asarray((residuals[:, None, :] @ signed)[:, 0])


def _objective(theta: Array, margins: Array, weights: Array, ridge: float) -> Array:
    return np.asarray((weights * _LINK.loss(margins)).sum(axis=1) + ridge / 2 * (theta**2).sum(axis=1))


def _solve(signed: Array, curvature: Array, ridge: float, gradient: Array) -> Array:
    """(u, d): (ridge I + X' C X)^-1 gradient; where comparisons are fewer than features, by Woodbury's identity."""
    _, m, d = signed.shape
    root = signed * np.sqrt(curvature)[:, :, None]
    if d <= m:
        hessian = ridge * np.eye(d) + root.transpose(0, 2, 1) @ root
        return np.asarray(np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0], dtype=np.float64)
    inner = np.linalg.solve(ridge * np.eye(m) + root @ root.transpose(0, 2, 1), root @ gradient[:, :, None])
    return np.asarray((gradient[:, :, None] - root.transpose(0, 2, 1) @ inner)[:, :, 0] / ridge)


def _line_search(
    theta: Array,
    direction: Array,
    margins: Array,
    change: Array,
    weights: Array,
    ridge: float,
    objective: Array,
    slope: Array,
) -> Array:
    """(u,): the first of 1, 1/2, 1/4, ... that lowers each objective enough; 0 where none does, by rounding."""
    length = np.ones(len(theta))
    for _ in range(int(-np.log2(SHORTEST_STEP))):
        ahead = margins + length[:, None] * change
        value = _objective(theta + length[:, None] * direction, ahead, weights, ridge)
        short = value > objective + SUFFICIENT_DECREASE * length * slope + ROUNDING * np.abs(objective)
        if not short.any():
            return length
        length = np.where(short, length / 2, length)
    return np.where(short, 0.0, length)
