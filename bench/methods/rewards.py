"""Reward models of `bench.learn.reward` as methods: made of plain hyper-parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward import BradleyTerry, L0BradleyTerry, L1BradleyTerry
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.per_user import PerUserBradleyTerry
from bench.learn.reward.personal.ridge import RidgeBradleyTerry
from bench.learn.reward.personal.shared import SharedBradleyTerry
from bench.learn.reward.personal.sparse_deviations import SparseDeviations as PersonalDeviations


class Ridge(SharedBradleyTerry):
    """One linear Bradley-Terry model for everybody, with a ridge."""

    def __init__(self, ridge: float = 1.0) -> None:
        super().__init__(RidgeBradleyTerry(ridge))
        self.ridge = ridge


class MaximumLikelihood(SharedBradleyTerry):
    """One linear Bradley-Terry model for everybody, of a norm of at most `radius`: the least that separable data need.

    Yao et al. have a ball of radius 1 around a truth on its surface; how long a taste in a testbed's features is,
    nobody knows, so that the default is longer.
    """

    def __init__(self, radius: float = 10.0) -> None:
        super().__init__(BradleyTerry(radius=radius))
        self.radius = radius


class L1(SharedBradleyTerry):
    """One linear Bradley-Terry model for everybody, with an l1 penalty."""

    def __init__(self, beta: float = 0.01) -> None:
        super().__init__(L1BradleyTerry(beta=beta, radius=None))
        self.beta = beta


class Subset(SharedBradleyTerry):
    """One linear Bradley-Terry model for everybody that reads at most `k` features; all, where there are no more."""

    def __init__(self, k: int = 10, radius: float = 10.0) -> None:
        super().__init__()
        self.k = k
        self.radius = radius

    def _learn(self, known: Ordered) -> NDArray[np.float64]:
        self.estimator = L0BradleyTerry(k=min(self.k, self.n_features_in_), radius=self.radius, tol=1e-3)
        return super()._learn(known)


class PerUser(PerUserBradleyTerry):
    """A linear Bradley-Terry model for each annotator, with a ridge."""

    def __init__(self, ridge: float = 1.0) -> None:
        super().__init__(RidgeBradleyTerry(ridge))
        self.ridge = ridge


class SparseDeviations(PersonalDeviations):
    """A shared model and few features in which an annotator differs from it, to within `tol` a comparison."""

    def __init__(self, deviation_l1: float = 3.0, shared_l1: float = 1.0, tol: float = 1e-3) -> None:
        super().__init__(deviation_l1, shared_l1, tol)
