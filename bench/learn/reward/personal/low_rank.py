"""Tastes in few dimensions: annotator by feature, factorised.

    theta_u = theta + V z_u,    V (d, rank),  z_u (rank,)

as in LoRe (Bose et al. 2025) and PReF (Shenfeld et al. 2025), with rewards linear in features. What is minimised is

    sum_i log(1 + exp(-<theta + V z_u(i), x_i>)) + ridge / 2 (||theta||^2 + ||V||^2) + 1/2 sum_u ||z_u||^2,

x_i being the preferred item's features less the other's. It is convex in (theta, V) and in z, not in both: L-BFGS over
all starts from the singular vectors of the annotators' own ridge models, without a draw. The z_u are then solved for
once more, each exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bench.learn.reward.links import Logistic
from bench.learn.reward.personal.base import ProfiledRewardModel, rowwise
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.model import differences
from bench.learn.reward.personal.ridge import RIDGE, fit_annotators
from bench.learn.reward.validation import check_count, check_positive

Array = NDArray[np.float64]

_LINK = Logistic()


class LowRankBradleyTerry(ProfiledRewardModel):
    """A profile is z_u, the average one their mean. `adapt` solves the convex problem of a new annotator's z_u.

    Attributes: `theta_` (d,), `V_` (d, rank), `objective_`, `start_objective_`, and `gradient_norm_` of theta and V.
    """

    def __init__(self, rank: int = 2, ridge: float = RIDGE, max_iter: int = 500) -> None:
        self.rank = rank
        self.ridge = ridge
        self.max_iter = max_iter

    def _learn(self, known: Ordered) -> Array:
        problem = _Problem(known, check_count("rank", self.rank), check_positive("ridge", self.ridge))
        start = problem.start()
        options = {"maxiter": check_count("max_iter", self.max_iter), "maxfun": 10 * self.max_iter, "gtol": 1e-6}
        found = minimize(problem, start, jac=True, method="L-BFGS-B", options=options)
        self.theta_, self.V_, _ = problem.parts(found.x)
        profiles = self._profile(known)
        end = np.concatenate([self.theta_, self.V_.ravel(), profiles.ravel()])
        self.start_objective_ = problem(start)[0]
        self.objective_, gradient = problem(end)
        self.gradient_norm_ = float(np.linalg.norm(gradient))
        self.average_profile_ = profiles.mean(axis=0)
        return profiles

    def _profile(self, judged: Ordered) -> Array:
        signed = judged.signed
        return fit_annotators(judged, 1.0, signed @ self.V_, signed @ self.theta_)

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        x = differences(items)
        return x @ self.theta_ + rowwise(x @ self.V_, profiles)

    def _shared_parameters(self) -> dict[str, int]:
        return {"theta": self.theta_.size, "V": self.V_.size}


class _Problem:
    """The objective above as a function of theta, V and z in one vector, with its gradient."""

    def __init__(self, known: Ordered, rank: int, ridge: float) -> None:
        self._known, self._signed = known, known.signed
        self._rank, self._ridge = rank, ridge
        self._d, self._users = self._signed.shape[1], len(known.annotators.known)

    def start(self) -> Array:
        """The annotators' own models: their mean, and their leading singular vectors, halved between V and z."""
        own = fit_annotators(self._known, self._ridge)
        theta = own.mean(axis=0)
        left, values, right = np.linalg.svd(own - theta, full_matrices=False)
        kept = min(self._rank, len(values))
        V, z = np.zeros((self._d, self._rank)), np.zeros((self._users, self._rank))
        V[:, :kept] = right[:kept].T * np.sqrt(values[:kept])
        z[:, :kept] = left[:, :kept] * np.sqrt(values[:kept])
        return np.concatenate([theta, V.ravel(), z.ravel()])

    def parts(self, point: Array) -> tuple[Array, Array, Array]:
        """theta (d,), V (d, rank), z (annotators, rank)."""
        end = self._d * (1 + self._rank)
        V = point[self._d : end].reshape(self._d, self._rank)
        return point[: self._d], V, point[end:].reshape(self._users, self._rank)

    def __call__(self, point: Array) -> tuple[float, Array]:
        theta, V, z = self.parts(point)
        own, projected = z[self._known.places], self._signed @ V
        margins = self._signed @ theta + rowwise(projected, own)
        slope = _LINK.slope(margins)
        penalty = self._ridge / 2 * (theta @ theta + (V**2).sum()) + (z**2).sum() / 2
        by_theta = self._signed.T @ slope + self._ridge * theta
        by_V = self._signed.T @ (slope[:, None] * own) + self._ridge * V
        by_z = np.add.reduceat(slope[:, None] * projected, self._known.starts, axis=0) + z
        return float(_LINK.loss(margins).sum() + penalty), np.concatenate([by_theta, by_V.ravel(), by_z.ravel()])
