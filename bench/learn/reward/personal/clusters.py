"""Groups of annotators who agree, each annotator wholly in one: K-means, then hard expectation maximisation.

Annotators are first clustered by K-means on their own ridge coefficients. Then, until nobody moves,

    theta_k = argmin  sum_(u in k) sum_(i of u) log(1 + exp(-<theta_k, x_i>)) + ridge / 2 ||theta_k||^2
    group of u = argmax_k  P(labels of u | theta_k),

the alternation of MaxMin-RLHF (Chakraborty et al. 2024, algorithm 2); both lower the same sum, so that it ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from bench.learn.reward.personal.base import ProfiledRewardModel, rowwise
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.mixture import log_likelihoods
from bench.learn.reward.personal.model import differences
from bench.learn.reward.personal.ridge import RIDGE, fit_annotators, fit_weighted
from bench.learn.reward.validation import check_count, check_positive
from bench.seeds import seed_for

Array = NDArray[np.float64]

ROUNDS = 100  # far more than are needed; rounding might make two annotators change places for ever


class ClusteredBradleyTerry(ProfiledRewardModel):
    """A profile is one-hot, the average one each group's share of annotators.

    A prediction is the profile's mean of rewards. `adapt` puts a new annotator into the group that explains their
    labels best. There are no more groups than annotators in `fit`. Attributes: `thetas_` (groups, d).
    """

    def __init__(self, n_groups: int = 2, ridge: float = RIDGE, restarts: int = 5, seed: int = 0) -> None:
        self.n_groups = n_groups
        self.ridge = ridge
        self.restarts = restarts
        self.seed = seed

    def _learn(self, known: Ordered) -> Array:
        ridge, restarts = check_positive("ridge", self.ridge), check_count("restarts", self.restarts)
        own = fit_annotators(known, ridge)
        groups = min(check_count("n_groups", self.n_groups), len(np.unique(own, axis=0)))
        seed = seed_for("clusters", self.seed) % 2**32
        group = KMeans(groups, n_init=restarts, random_state=seed).fit_predict(own)
        self.thetas_ = np.zeros((groups, self.n_features_in_))
        for _ in range(ROUNDS):
            members = np.eye(groups)[group]
            self.thetas_ = fit_weighted(known.signed, members.T[:, known.places], ridge, self.thetas_)
            moved = np.argmax(log_likelihoods(known, self.thetas_), axis=1)
            if np.array_equal(moved, group):
                break
            group = moved
        self.average_profile_ = members.mean(axis=0)
        return np.asarray(members)

    def _profile(self, judged: Ordered) -> Array:
        return np.asarray(np.eye(len(self.thetas_))[np.argmax(log_likelihoods(judged, self.thetas_), axis=1)])

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        return rowwise(differences(items), profiles @ self.thetas_)

    def _own_parameters(self, profiles: Array) -> int:
        return len(profiles)

    def _shared_parameters(self) -> dict[str, int]:
        return {"thetas": self.thetas_.size}
