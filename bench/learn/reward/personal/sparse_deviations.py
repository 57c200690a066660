"""Sparse meets PAL: one shared model, and few features in which an annotator differs from it.

    theta_u = theta + delta_u
    minimise  sum_i log(1 + exp(-<theta + delta_u(i), x_i>)) + shared_l1 ||theta||_1 + deviation_l1 sum_u ||delta_u||_1

x_i being the preferred item's features less the other's: the consensus and the sparse personal deviations of Xu et al.
(AAAI 2020), with the l1 estimator of Yao, He and Gastpar (ICML 2025) in place of a Bregman path. The problem is convex,
and one l1 problem: with delta_u in units of shared_l1 / deviation_l1 all penalties are equal, so that the working-set
solver of the sparse estimators solves and certifies it, without ever forming a column that is zero.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward.links import Logistic
from bench.learn.reward.loss import Columns, PreferenceLoss
from bench.learn.reward.personal.base import ProfiledRewardModel, rowwise
from bench.learn.reward.personal.comparisons import Comparisons
from bench.learn.reward.personal.model import Places, differences
from bench.learn.reward.solver import MAX_ITER, TOLERANCE, NotConverged, minimise
from bench.learn.reward.validation import check_count, check_positive

Array = NDArray[np.float64]


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

    def _learn(self, known: Comparisons) -> Array:
        shared, deviation = (
            check_positive("shared_l1", self.shared_l1),
            check_positive("deviation_l1", self.deviation_l1),
        )
        tol, max_iter = check_positive("tol", self.tol), check_count("max_iter", self.max_iter)
        n, d = len(known.places), self.n_features_in_
        unit = shared / deviation
        loss = _DeviationLoss(known.signed, np.ones(n), Logistic(), known.places, known.starts, unit)
        solution = minimise(loss, shared / n, math.inf, tol, max_iter)
        self.theta_ = solution.theta[:d]
        self.objective_, self.optimality_gap_ = n * solution.objective, n * solution.gap
        self.converged_ = self._told(solution.converged, "fit")
        self.average_profile_ = np.zeros(d)
        return solution.theta[d:].reshape(-1, d) * unit

    def _profile(self, judged: Comparisons) -> Array:
        signed = judged.signed
        offsets = signed @ self.theta_
        rows = np.split(np.arange(len(signed)), judged.starts[1:])
        return np.array([self._deviation(signed[own], offsets[own]) for own in rows])

    def _deviation(self, signed: Array, offsets: Array) -> Array:
        loss = _OffsetLoss(signed, np.ones(len(signed)), Logistic(), offsets)
        solution = minimise(loss, self.deviation_l1 / len(signed), math.inf, self.tol, self.max_iter)
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
class _DeviationLoss(PreferenceLoss):
    """The mean loss as a function of (theta, delta_1 / unit, delta_2 / unit, ...), (1 + annotators) d numbers.

    Comparisons of one annotator follow each other. A solver's working set is dense, the rest is never formed.
    """

    places: Places
    starts: Places
    unit: float

    @property
    def d(self) -> int:
        return int(self.differences.shape[1]) * (1 + len(self.starts))

    def margins(self, theta: Array) -> Array:
        shared, own = self._parts(theta)
        return self.differences @ shared + self.unit * rowwise(self.differences, own[self.places])

    def gradient(self, margins: Array) -> Array:
        slope = self.link.slope(margins) / self.n
        own = np.add.reduceat(self.differences * slope[:, None], self.starts, axis=0)
        return np.concatenate([own.sum(axis=0), self.unit * own.ravel()])

    def hessian(self, margins: Array) -> Array:
        return self.restrict(np.arange(self.d)).hessian(margins)

    def restrict(self, columns: Columns) -> PreferenceLoss:
        whose, feature = np.divmod(columns, self.differences.shape[1])  # 0: everybody's
        dense = np.zeros((self.n, len(columns)), order="F")
        ends = np.append(self.starts, self.n)
        for column, (who, j) in enumerate(zip(whose, feature, strict=True)):
            rows = slice(None) if who == 0 else slice(ends[who - 1], ends[who])
            dense[rows, column] = self.differences[rows, j] * (1.0 if who == 0 else self.unit)
        return PreferenceLoss(dense, self.scale, self.link)

    def _parts(self, theta: Array) -> tuple[Array, Array]:
        width = self.differences.shape[1]
        return theta[:width], theta[width:].reshape(-1, width)


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
