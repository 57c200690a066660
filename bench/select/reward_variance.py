"""The variance of the reward over a prompt's responses."""

from __future__ import annotations

from collections.abc import Sequence

from bench.learn.policy.completions import Completions
from bench.select.responses import of_each, rewards_of
from bench.select.selector import Rewards, Scores


class RewardVariance:
    """The unbiased sample variance of the rewards: the larger, the sooner a prompt is bought.

    What PVar tends to at a large scale of the rewards, 8 scale^2 PVar -> variance (`bench.select.temperature`); unlike
    PVar it has no bound, so that one far response counts as it likes.
    """

    def __init__(self, rewards: Rewards) -> None:
        self.rewards = rewards

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 2 responses at least."""
        return of_each(rewards_of(self.rewards, groups), lambda rows: rows.var(axis=-1, ddof=1))
