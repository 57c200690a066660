"""Sparse meets PAL: one shared model, and few features in which an annotator differs from it.

    theta_u = theta + delta_u
    minimise  sum_i log(1 + exp(-<theta + delta_u(i), x_i>)) + shared_l1 ||theta||_1 + deviation_l1 sum_u ||delta_u||_1

x_i being the preferred item's features less the other's: the consensus and the sparse personal deviations of Xu et al.
(AAAI 2020), with the l1 estimator of Yao, He and Gastpar (ICML 2025) in place of a Bregman path. The problem is convex.
With delta_u in units of shared_l1 / deviation_l1 all penalties are equal, so that the sparse estimators' certificate of
optimality holds for it.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward.certificate import optimality_gap
from bench.learn.reward.links import Logistic
from bench.learn.reward.loss import PreferenceLoss
from bench.learn.reward.personal.base import ProfiledRewardModel, rowwise
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.model import Places, differences
from bench.learn.reward.prox import soft_threshold
from bench.learn.reward.solver import MAX_ITER as NEWTON_STEPS
from bench.learn.reward.solver import TOLERANCE, NotConverged, Solution, minimise
from bench.learn.reward.validation import check_count, check_positive

Array = NDArray[np.float64]

MAX_ITER = 10_000
CHECK_EVERY = 20  # steps from one certificate to the next, which costs about as much as a step

_LINK = Logistic()


class SparseDeviations(ProfiledRewardModel):
    """A profile is delta_u, the average one zero: of somebody unknown, theta is all that is known.

    `adapt` solves the convex problem of a new annotator's delta_u. Learned parameters are those that are not zero.
    Attributes: `theta_` (d,), `objective_` (the sum above), `optimality_gap_` (how far above the minimum it is at
    most), `converged_`. NotConverged is warned of where the gap, a comparison, is above `tol`.
    """

    def __init__(
        self, deviation_l1: float = 1.0, shared_l1: float = 1.0, tol: float = TOLERANCE, max_iter: int = MAX_ITER
    ) -> None:
        self.deviation_l1 = deviation_l1
        self.shared_l1 = shared_l1
        self.tol = tol
        self.max_iter = max_iter

    def _learn(self, known: Ordered) -> Array:
        shared, deviation = (
            check_positive("shared_l1", self.shared_l1),
            check_positive("deviation_l1", self.deviation_l1),
        )
        tol, max_iter = check_positive("tol", self.tol), check_count("max_iter", self.max_iter)
        n, d = len(known.places), self.n_features_in_
        unit = shared / deviation
        loss = _DeviationLoss(known.signed, known.places, known.starts, unit)
        solution = _minimise(loss, shared / n, tol, max_iter)
        self.theta_ = solution.theta[:d]
        self.objective_, self.optimality_gap_ = n * solution.objective, n * solution.gap
        self.converged_ = self._told(solution.converged, "fit")
        self.average_profile_ = np.zeros(d)
        return solution.theta[d:].reshape(-1, d) * unit

    def _profile(self, judged: Ordered) -> Array:
        signed = judged.signed
        offsets = signed @ self.theta_
        rows = np.split(np.arange(len(signed)), judged.starts[1:])
        return np.array([self._deviation(signed[own], offsets[own]) for own in rows])

    def _deviation(self, signed: Array, offsets: Array) -> Array:
        loss = _OffsetLoss(signed, np.ones(len(signed)), _LINK, offsets)
        solution = minimise(loss, self.deviation_l1 / len(signed), math.inf, self.tol, NEWTON_STEPS)
        self._told(solution.converged, "adapt")
        return solution.theta

    def _told(self, converged: bool, where: str) -> bool:
        if not converged:
            warnings.warn(
                f"SparseDeviations.{where}: no certificate below tol={self.tol:g}; raise max_iter, or tol",
                NotConverged,
                stacklevel=2,
            )
        return converged

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        return rowwise(differences(items), self.theta_ + profiles)

    def _own_parameters(self, profiles: Array) -> int:
        return int(np.count_nonzero(profiles))

    def _shared_parameters(self) -> dict[str, int]:
        return {"theta": int(np.count_nonzero(self.theta_))}


@dataclass(frozen=True)
class _DeviationLoss:
    """The mean loss as a function of (theta, delta_1 / unit, delta_2 / unit, ...), (1 + annotators) d numbers.

    `signed` (n, d) are the comparisons, those of one annotator after those of another.
    """

    signed: Array
    places: Places
    starts: Places
    unit: float

    def margins(self, parameters: Array) -> Array:
        """(n,): linear in the parameters."""
        d = self.signed.shape[1]
        own = parameters[d:].reshape(-1, d)[self.places]
        return self.signed @ parameters[:d] + self.unit * rowwise(self.signed, own)

    def value(self, margins: Array) -> float:
        return float(_LINK.loss(margins).mean())

    def gradient(self, margins: Array) -> Array:
        slope = _LINK.slope(margins) / len(margins)
        own = np.add.reduceat(self.signed * slope[:, None], self.starts, axis=0)
        return np.concatenate([own.sum(axis=0), self.unit * own.ravel()])

    def steps(self) -> Array:
        """For each parameter, the inverse of a bound on the curvature of its block.

        f'' <= 1/4, and (a + b)^2 <= 2 a^2 + 2 b^2 parts the shared block from the annotators' own.
        """
        whole = np.linalg.norm(self.signed, 2)
        own = [np.linalg.norm(rows, 2) * self.unit for rows in np.split(self.signed, self.starts[1:])]
        bounds = np.array([whole, *own]) ** 2 / (2 * len(self.signed))
        return np.repeat(1 / np.where(bounds > 0, bounds, 1.0), self.signed.shape[1])


def _minimise(loss: _DeviationLoss, beta: float, tol: float, max_iter: int) -> Solution:
    """The mean loss plus beta times the l1 norm of all parameters, least.

    Accelerated proximal gradient (Beck and Teboulle 2009) with a step size for each block, momentum dropped where it
    leads uphill (O'Donoghue and Candes 2015), until the certificate of the sparse estimators is below `tol`. Newton's
    method would want a matrix over all deviations that are not zero.
    """
    steps = loss.steps()
    point = ahead = np.zeros(len(steps))
    margins = margins_ahead = loss.margins(point)
    momentum = 1.0
    for iteration in range(max_iter + 1):
        if iteration % CHECK_EVERY == 0 or iteration == max_iter:
            objective = loss.value(margins) + beta * float(np.abs(point).sum())
            gap = optimality_gap(point, loss.gradient(margins), objective, beta, math.inf)
            if gap <= tol or iteration == max_iter:
                break
        before, margins_before = point, margins
        point = steps * soft_threshold(ahead / steps - loss.gradient(margins_ahead), beta)
        margins = loss.margins(point)
        uphill = float(((ahead - point) / steps) @ (point - before)) > 0
        larger = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        share, momentum = (0.0, 1.0) if uphill else ((momentum - 1) / larger, larger)
        ahead, margins_ahead = point + share * (point - before), margins + share * (margins - margins_before)
    return Solution(point, objective, gap, iteration, gap <= tol)


@dataclass(frozen=True)
class _OffsetLoss(PreferenceLoss):
    """The mean loss where part of every margin is known beforehand; `margins` are without it, so as to be linear."""

    offsets: Array  # (n,)

    def value(self, margins: Array) -> float:
        return super().value(margins + self.offsets)

    def gradient(self, margins: Array) -> Array:
        return super().gradient(margins + self.offsets)

    def hessian(self, margins: Array) -> Array:
        return super().hessian(margins + self.offsets)
