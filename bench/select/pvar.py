"""PVar: how much the preference between two responses to a prompt varies (Guo et al. 2025, arXiv 2510.13022).

With p_ij = sigmoid((r_i - r_j) / scale), the probability that response i is preferred to response j, PVar is the
variance of p over two responses drawn from the policy. Exchanging them turns p into 1 - p, so the mean is 1/2 exactly
and PVar = E[(p - 1/2)^2], between 0 (all rewards equal) and 1/4 (no doubt about any pair).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError
from bench.learn.policy import support
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import ReferenceLogProbs
from bench.select.responses import log_probs_of, of_each, over_pairs, rewards_of
from bench.select.selector import Rewards, Scores


def preference_variance(rewards: ArrayLike, *, scale: float = 1.0, unbiased: bool = True) -> NDArray[np.float64]:
    """(...,): PVar of responses with `rewards` (..., k), by groups of equal k.

    The mean of (p_ij - 1/2)^2 over the k (k - 1) ordered pairs of different responses has the expectation PVar; with
    `unbiased` false it is the mean over all k^2, smaller by (k - 1) / k, as the pairs i = j add nothing. `scale` is
    the temperature of the rewards: a difference of `scale` is preferred with odds e : 1.
    Raises UserError for k < 2, rewards that are not finite, and a scale that is not positive.
    """
    values = np.asarray(rewards, dtype=np.float64)
    check_scale(scale)
    if values.ndim == 0 or (k := values.shape[-1]) < 2:
        raise UserError(f"the variance of a preference needs at least 2 responses, got rewards of shape {values.shape}")
    if not np.isfinite(values).all():
        raise UserError("the variance of a preference needs finite rewards, and some are NaN or infinite")
    found = over_pairs(values.reshape(-1, k), partial(squared_lean, scale=scale)).reshape(values.shape[:-1])
    return found if unbiased else found * (k - 1) / k


def squared_lean(first: NDArray[np.float64], second: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """(p - 1/2)^2 of pairs with these rewards: sigmoid(d) - 1/2 = tanh(d / 2) / 2, which is exact for small d too."""
    with np.errstate(over="ignore"):  # beyond any float the preference is certain
        lean: NDArray[np.float64] = np.tanh((first - second) / scale / 2) / 2
    return lean**2


def check_scale(scale: float) -> None:
    """Raise UserError unless `scale` is a positive number."""
    if not (math.isfinite(scale) and scale > 0):
        raise UserError(f"scale must be a number > 0, got {scale}")


class PVar:
    """The larger the variance of the preference under a reward model, the sooner a prompt is bought.

    The paper's selector: responses are samples of the policy that is going to be trained, and the reward model is one
    that is at hand before any label is bought.
    """

    def __init__(self, rewards: Rewards, scale: float = 1.0, unbiased: bool = True) -> None:
        check_scale(scale)
        self.rewards = rewards
        self.scale = scale
        self.unbiased = unbiased

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 2 responses at least."""
        variance = partial(preference_variance, scale=self.scale, unbiased=self.unbiased)
        return of_each(rewards_of(self.rewards, groups), variance)


class ImplicitPVar:
    """PVar of the reward that a policy trained by DPO implies: r(x, y) = beta (log pi(y|x) - log pi_ref(y|x)).

    The paper's definition before a reward model takes the place of the policy; it is 0 for a policy that has not yet
    moved from its reference. `policy` and `reference` are models, or their log-probabilities of the groups that are
    to be scored.
    """

    def __init__(self, policy: Any, reference: Any, *, beta: float = 0.1, unbiased: bool = True) -> None:
        if not (math.isfinite(beta) and beta > 0):
            raise UserError(f"beta must be a number > 0, got {beta}")
        self.policy = policy
        self.reference = reference
        self.beta = beta
        self.unbiased = unbiased

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 2 responses at least. Raises UserError for models of different vocabularies."""
        ours, theirs = _vocabulary(self.policy), _vocabulary(self.reference)
        if ours != theirs:
            raise UserError(f"the policy has a vocabulary of {ours:,} tokens and the reference one of {theirs:,}")
        both = (log_probs_of(model, groups, least=2) for model in (self.policy, self.reference))
        rewards = [self.beta * (own - others) for own, others in zip(*both, strict=True)]
        return of_each(rewards, partial(preference_variance, unbiased=self.unbiased))


def _vocabulary(policy: Any) -> int:
    return policy.vocabulary if isinstance(policy, ReferenceLogProbs) else support.vocabulary(policy)
