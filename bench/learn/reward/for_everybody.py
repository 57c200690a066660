"""Reward models that do not tell annotators apart: what they share with those that do, and nothing of anybody."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward.personal.base import ProfiledRewardModel
from bench.learn.reward.personal.comparisons import Ordered

Array = NDArray[np.float64]


class RewardModelForEverybody(ProfiledRewardModel):
    """Everybody's profile is empty, so `adapt` learns nothing, and whoever judged makes no difference."""

    def _learn(self, known: Ordered) -> Array:
        self._fit(known)
        self.average_profile_ = np.empty(0)
        return self._profile(known)

    def _profile(self, judged: Ordered) -> Array:
        return np.empty((len(judged.annotators.known), 0))

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        return self._judge(items, prompts)

    @abstractmethod
    def _fit(self, known: Ordered) -> None:
        """Learn all that there is to learn."""

    @abstractmethod
    def _judge(self, items: Array, prompts: Array) -> Array:
        """(n,): log-odds of the first of `items` (n, 2, d), asked for by `prompts` (n, p)."""
