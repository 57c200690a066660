"""The l0-constrained estimate: minimise L(theta) subject to ||theta||_0 <= k and ||theta||_2 <= radius.

The problem is NP-hard in general; the paper analyses its minimiser and ships no algorithm. Ours: supports suggested by
the l1 path, each refitted without penalty; then, from the best few, single swaps (one coordinate out, one in) while one
lowers the objective. Swaps are ranked by the exact change of the second-order model, all k (d - k) of them at once, and
the most promising are tried by a refit.

What is guaranteed: the coefficients are the certified optimum on their support; none of the `SWAPS_TRIED` best-ranked
swaps improves on it; and the objective is within a stated global gap of the best k-sparse one, a gap that is proven and
often loose. Not guaranteed: that the support is globally optimal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward.loss import Columns, PreferenceLoss
from bench.learn.reward.path import beta_grid
from bench.learn.reward.solver import Solution, Solver

Array = NDArray[np.float64]

PATH_LENGTH, PATH_RATIO, PATH_TOLERANCE = 20, 1e-2, 1e-4
STARTS = 5  # supports from which swaps are searched
SWAPS_TRIED = 10  # refits per round of swaps; 400 led to the same supports on 50 problems (seeds 1000-1009, d = 100)


@dataclass(frozen=True)
class SubsetSolution:
    """A k-sparse point: optimal on its support up to `restricted.gap`, and globally up to `global_gap`."""

    theta: Array  # (d,), at most k non-zeros
    restricted: Solution  # the fit on the support
    global_gap: float
    iterations: int  # Newton steps of all refits


def best_subset(loss: PreferenceLoss, k: int, radius: float, tol: float, max_iter: int) -> SubsetSolution:
    """A swap-optimal support of size k and the certified fit on it; `radius` is finite. Deterministic."""
    search = _SubsetSearch(loss, radius, tol, max_iter)
    supports, bound = _candidates(loss, k, radius, max_iter)
    fitted = sorted(supports, key=lambda support: search.fit(support).objective)
    support = min((search.swap(s) for s in fitted[:STARTS]), key=lambda s: search.fit(s).objective)
    restricted = search.fit(support)
    theta = np.zeros(loss.d)
    theta[list(support)] = restricted.theta
    bound = max(bound, _global_bound(loss, theta, k, radius))
    return SubsetSolution(theta, restricted, max(restricted.objective - bound, 0.0), search.iterations)


class _SubsetSearch:
    """Refits on supports, remembered, and the search over swaps."""

    def __init__(self, loss: PreferenceLoss, radius: float, tol: float, max_iter: int) -> None:
        self._loss = loss
        self._radius = radius
        self._tol = tol
        self._max_iter = max_iter
        self._fits: dict[tuple[int, ...], Solution] = {}
        self.iterations = 0

    def fit(self, support: tuple[int, ...], start: Array | None = None) -> Solution:
        """The certified fit on a support."""
        if support not in self._fits:
            restricted = self._loss.restrict(np.array(support))
            solution = Solver(restricted, self._radius, self._tol, self._max_iter, start).minimise(0.0)
            self._fits[support] = solution
            self.iterations += solution.iterations
        return self._fits[support]

    def swap(self, support: tuple[int, ...]) -> tuple[int, ...]:
        """The support after swaps, each the best-ranked that lowers the objective by more than the tolerance."""
        while True:
            for leaving, entering in self._ranked_swaps(support):
                coefficients = dict(zip(support, self.fit(support).theta, strict=True))
                del coefficients[leaving]
                coefficients[entering] = 0.0
                neighbour = tuple(sorted(coefficients))
                start = np.array([coefficients[j] for j in neighbour])
                if self.fit(neighbour, start).objective < self.fit(support).objective - self._tol:
                    support = neighbour
                    break
            else:
                return support

    def _ranked_swaps(self, support: tuple[int, ...]) -> list[tuple[int, int]]:
        """The `SWAPS_TRIED` swaps (leaving, entering) that lower the second-order model most.

        With H the Hessian plus the ball's multiplier and M the inverse of its block on the support: dropping i and
        refitting costs theta_i^2 / (2 M_ii) and changes the gradient and the Schur complement of each j outside by
        rank-one terms in (H M)_ji; letting j in then gains gradient_j^2 / (2 schur_j).
        """
        inside: Columns = np.array(support)
        loss, theta = self._loss, self.fit(support).theta
        outside = np.setdiff1d(np.arange(loss.d), inside)
        margins = loss.restrict(inside).margins(theta)
        gradient = loss.gradient(margins)
        multiplier = 0.0
        if np.linalg.norm(theta) > self._radius * (1 - 1e-6):
            multiplier = max(-float(gradient[inside] @ theta) / float(theta @ theta), 0.0)
        columns, diagonal = loss.hessian_columns(margins, inside)
        ridge = multiplier + 1e-10 * float(diagonal.max()) + np.finfo(float).tiny
        inverse = np.linalg.inv(columns[inside] + ridge * np.eye(len(inside)))
        influence = columns[outside] @ inverse  # (H M)_ji
        schur = diagonal[outside] + ridge - np.einsum("ji,ji->j", influence, columns[outside])
        pivots = np.diag(inverse)
        new_gradient = gradient[outside, None] - influence * (theta / pivots)
        new_schur = np.maximum(schur, ridge)[:, None] + influence**2 / pivots
        change = theta**2 / (2 * pivots) - new_gradient**2 / (2 * new_schur)
        best = np.argsort(change, axis=None, kind="stable")[:SWAPS_TRIED]
        return [(support[int(i)], int(outside[j])) for j, i in zip(*np.unravel_index(best, change.shape), strict=True)]


def _candidates(loss: PreferenceLoss, k: int, radius: float, max_iter: int) -> tuple[set[tuple[int, ...]], float]:
    """Supports of size k from the l1 path, and the best lower bound on the optimum met along it."""
    solver = Solver(loss, radius, PATH_TOLERANCE, max_iter)
    size = np.sqrt(np.mean(loss.differences**2, axis=0)) + np.finfo(float).tiny
    bound = max(_global_bound(loss, np.zeros(loss.d), k, radius), 0.0)  # the loss is never negative
    if not loss.gradient(np.zeros(loss.n)).any():  # zero is the optimum, on every support
        return {tuple(range(k))}, bound
    supports = set()
    for beta in beta_grid(loss, PATH_LENGTH, PATH_RATIO)[1:]:
        theta = solver.minimise(float(beta)).theta
        gradient = loss.gradient(loss.margins(theta))
        bound = max(bound, _global_bound(loss, theta, k, radius))
        importance = np.where(theta != 0, np.inf, np.abs(gradient) / size)
        if np.count_nonzero(theta) > k:
            importance = np.abs(theta) * size
        supports.add(tuple(sorted(np.argsort(-importance, kind="stable")[:k].tolist())))
        if np.count_nonzero(theta) >= 2 * k:
            break
    return supports, bound


def _global_bound(loss: PreferenceLoss, theta: Array, k: int, radius: float) -> float:
    """A lower bound on L over all k-sparse points of the ball.

    By convexity L(u) >= L(theta) + <g, u - theta> for every u, and <g, u> >= -radius * ||the k largest |g_j|||_2 over
    k-sparse u of the ball (Cauchy-Schwarz on the support of u). Valid for every theta; tight ones lie on the l1 path.
    """
    margins = loss.margins(theta)
    gradient = loss.gradient(margins)
    largest = np.sort(np.abs(gradient))[-k:]
    return loss.value(margins) - float(gradient @ theta) - radius * float(np.linalg.norm(largest))
