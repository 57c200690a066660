"""A Bradley-Terry model for each annotator, from their own comparisons alone: nobody has anything in common.

    P(u prefers the first) = F(<theta_u, x_1 - x_2>)

with theta_u from any of the linear reward models. Its need of O(d) comparisons per annotator (Canal, Mason, Vinayak and
Nowak 2022, for ideal points) is what PAL's theorem 1 promises to spare.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from bench.learn.reward.estimators import LinearRewardModel
from bench.learn.reward.personal.base import ProfiledRewardModel, rowwise
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.model import differences
from bench.learn.reward.personal.ridge import RidgeBradleyTerry, fit_annotators
from bench.learn.reward.personal.shared import log_odds
from bench.learn.reward.validation import check_positive

Array = NDArray[np.float64]


class PerUserBradleyTerry(ProfiledRewardModel):
    """`estimator` is fitted to each annotator's comparisons, by default `RidgeBradleyTerry`, for all of them at once.

    A profile is theta_u, the average one their mean in `fit`. `adapt` does for new annotators what `fit` did for the
    others: nothing is shared.
    """

    def __init__(self, estimator: LinearRewardModel | None = None) -> None:
        self.estimator = estimator

    def _learn(self, known: Ordered) -> Array:
        self.estimator_ = RidgeBradleyTerry() if self.estimator is None else clone(self.estimator)
        profiles = self._profile(known)
        self.average_profile_ = profiles.mean(axis=0)
        return profiles

    def _profile(self, judged: Ordered) -> Array:
        if isinstance(self.estimator_, RidgeBradleyTerry):
            return fit_annotators(judged, check_positive("ridge", self.estimator_.ridge))
        own = np.split(judged.signed, judged.starts[1:])
        return np.array([clone(self.estimator_).fit(x, np.ones(len(x))).coef_ for x in own])

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        return log_odds(self.estimator_, rowwise(differences(items), profiles))

    def _shared_parameters(self) -> dict[str, int]:
        return {}
