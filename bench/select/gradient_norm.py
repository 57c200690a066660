"""The exact norm of the gradient that a prompt's preferences would have, were its labels those of a reward model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.learn.policy.completions import Completions
from bench.learn.policy.prompt_gradients import gram_matrices
from bench.select.bound import all_pairs, check_beta, gradient_coefficients, gradient_norm, preferences
from bench.select.log_ratios import log_ratios
from bench.select.responses import rewards_of
from bench.select.selector import Rewards, Scores
from bench.spec import Progress


class GradientNorm:
    """The larger the norm of the prompt's DPO gradient, over all weights of the policy, the sooner it is bought.

    The loss is the mean over all pairs of a prompt's responses of -[q log p + (1 - q) log(1 - p)]: q are the reward
    model's soft labels, p what `policy`, a model, prefers against `reference`, a model or its log-probabilities of
    the groups (None: the policy is its own reference, as before the first step, and p is 1/2). Active learning's
    "expected gradient length" (Settles, Craven and Ray 2008, NIPS 20) is the mean over labels of the norm; this is the
    norm of the mean, which is what a step on all pairs follows. `update` has the other.
    """

    def __init__(
        self,
        policy: Any,
        rewards: Rewards,
        reference: Any | None = None,
        *,
        beta: float = 0.1,
        progress: Progress | None = None,
    ) -> None:
        check_beta(beta)
        self.policy = policy
        self.rewards = rewards
        self.reference = reference
        self.beta = beta
        self.progress = progress

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 2 responses at least."""
        labels = [preferences(values) for values in rewards_of(self.rewards, groups)]
        moved = log_ratios(self.policy, self.reference, groups)
        norms = []
        for gram, h, q in zip(gram_matrices(self.policy, groups, progress=self.progress), moved, labels, strict=True):
            p = preferences(self.beta * h)
            norms.append(gradient_norm(gram, gradient_coefficients(p, q, all_pairs(len(q)), self.beta)))
        return np.array(norms)
