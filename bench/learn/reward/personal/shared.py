"""One Bradley-Terry model for all: nobody differs.

    P(first preferred) = F(<theta, x_1 - x_2>)

with theta from any of the linear reward models, maximum likelihood, l1 or ridge: Bradley and Terry (1952), and
Christiano et al. (2017) for rewards of features. What the gain from knowing people is measured against.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from bench.learn.reward.estimators import LinearRewardModel
from bench.learn.reward.personal.base import ProfiledRewardModel, rowwise
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.model import differences
from bench.learn.reward.personal.ridge import RidgeBradleyTerry
from bench.learn.reward.validation import check_link

Array = NDArray[np.float64]


class SharedBradleyTerry(ProfiledRewardModel):
    """`estimator` is fitted to all comparisons, by default `RidgeBradleyTerry`; afterwards it is `estimator_`.

    `adapt` learns nothing: a new annotator is judged for as everybody is.
    """

    def __init__(self, estimator: LinearRewardModel | None = None) -> None:
        self.estimator = estimator

    def _learn(self, known: Ordered) -> Array:
        chosen = RidgeBradleyTerry() if self.estimator is None else clone(self.estimator)
        self.estimator_ = chosen.fit(known.signed, np.ones(len(known.places)))
        self.average_profile_ = np.empty(0)
        return self._profile(known)

    def _profile(self, judged: Ordered) -> Array:
        return np.empty((len(judged.annotators.known), 0))

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        x = differences(items)
        return log_odds(self.estimator_, rowwise(x, np.broadcast_to(self.estimator_.coef_, x.shape)))

    def _shared_parameters(self) -> dict[str, int]:
        return {"theta": self.n_features_in_}


def log_odds(estimator: LinearRewardModel, rewards: Array) -> Array:
    """(n,): log-odds F^-1 of these reward differences under the estimator's link and noise."""
    if estimator.link == "logistic":
        return rewards / estimator.sigma
    link = check_link(estimator.link)
    return link.loss(-rewards / estimator.sigma) - link.loss(rewards / estimator.sigma)
