"""The loss that a prompt's preferences are expected to have, were its labels those of a reward model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.learn.policy.completions import Completions
from bench.select.bound import all_pairs, check_beta, preferences
from bench.select.log_ratios import log_ratios
from bench.select.responses import rewards_of
from bench.select.selector import Rewards, Scores


class ExpectedLoss:
    """The larger the expected DPO loss, the sooner a prompt is bought: what the policy gets wrong comes first.

    The mean over all pairs of a prompt's responses of -[q log p + (1 - q) log(1 - p)], in nats: q are the reward
    model's soft labels, p what `policy` prefers against `reference`; both are models, or `reference` its
    log-probabilities of the groups. The labels' own entropy is part of it, which no training takes away. Before the
    first step p is 1/2 and every prompt scores log 2, so a reference is not optional here.
    """

    def __init__(self, policy: Any, rewards: Rewards, reference: Any, *, beta: float = 0.1) -> None:
        check_beta(beta)
        self.policy = policy
        self.rewards = rewards
        self.reference = reference
        self.beta = beta

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 2 responses at least."""
        labels = [preferences(values) for values in rewards_of(self.rewards, groups)]
        found = []
        for h, q in zip(log_ratios(self.policy, self.reference, groups), labels, strict=True):
            margin = self.beta * (h[:, None] - h[None, :])
            losses = q * np.logaddexp(0, -margin) + (1 - q) * np.logaddexp(0, margin)
            found.append(float((all_pairs(len(q)) * losses).sum()))
        return np.array(found)
