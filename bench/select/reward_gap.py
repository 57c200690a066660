"""The gap in reward between the best and the worst response."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.learn.policy.completions import Completions
from bench.select.responses import of_each, rewards_of
from bench.select.selector import Rewards, Scores


class RewardGap:
    """max r - min r: the larger the gap of the pair best against worst, the sooner a prompt is bought.

    It grows with the number of responses, so groups should be of equal size.
    """

    def __init__(self, rewards: Rewards) -> None:
        self.rewards = rewards

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 2 responses at least."""
        return of_each(rewards_of(self.rewards, groups), lambda rows: np.ptp(rows, axis=-1))
