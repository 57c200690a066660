"""How prompts of the pool are chosen: selectors by name, made with what they may read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.generate.kept_arrays import kept_arrays
from bench.learn.policy.completions import Completions
from bench.papers.pvar.lab import Lab
from bench.papers.pvar.methods import METHODS
from bench.select import (
    Diversity,
    Ensemble,
    GradientNorm,
    LengthDifference,
    Perplexity,
    PolicyEntropy,
    PVar,
    ReferenceMargin,
    RewardGap,
    Rewards,
    RewardVariance,
    Scores,
    Selector,
    choose,
    policy_embeddings,
)

GRADIENTS_OF = 4  # responses
LEARNT = ("large", "small", "tiny")  # the reward models of an ensemble


def rewards_at_hand(lab: Lab, spread: str, model: str) -> Rewards:
    """What a selector may ask of the pool's responses: the rewards that a model gave them once."""

    def rewards(groups: Sequence[Completions]) -> list[NDArray[np.float64]]:
        if groups is not lab.pool(spread)[1]:
            raise UserError(f"the rewards at hand are those of the pool '{spread}'")
        return list(lab.rewards(spread, model))

    return rewards


class OfFirst:
    """A selector that reads the first `k` responses of every prompt."""

    def __init__(self, k: int, kind: Callable[[Rewards], Selector], rewards: Rewards) -> None:
        self.k = k
        self.kind = kind
        self.rewards = rewards

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector."""
        found = [values[: self.k] for values in self.rewards(groups)]
        return self.kind(lambda _: found).scores([replace(each, responses=each.responses[: self.k]) for each in groups])


def _by_rewards(kind: Callable[[Rewards], Selector]) -> Callable[[Lab, str, str], Selector]:
    return lambda lab, spread, model: kind(rewards_at_hand(lab, spread, model))


def _by_policy(kind: Callable[[Any], Selector]) -> Callable[[Lab, str, str], Selector]:
    """By the log-probabilities that training has as its reference, where the pool's responses have them."""

    def make(lab: Lab, spread: str, model: str) -> Selector:
        known = lab.reference(spread)
        return kind(lab.sft if known is None else known)

    return make


def _gradient_norm(lab: Lab, spread: str, model: str) -> Selector:
    """Of a prompt's first responses only: exact gradients cost as much as training on all of them."""
    return OfFirst(GRADIENTS_OF, lambda rewards: GradientNorm(lab.sft, rewards), rewards_at_hand(lab, spread, model))


SELECTORS: Mapping[str, Callable[[Lab, str, str], Selector]] = MappingProxyType(
    {
        "pvar": _by_rewards(PVar),
        "reward_gap": _by_rewards(RewardGap),
        "reward_variance": _by_rewards(RewardVariance),
        "ensemble": lambda lab, spread, model: Ensemble([rewards_at_hand(lab, spread, name) for name in LEARNT]),
        "entropy": _by_policy(PolicyEntropy),
        "perplexity": _by_policy(Perplexity),
        "reference_margin": _by_policy(ReferenceMargin),
        "gradient_norm": _gradient_norm,
        "length_difference": lambda lab, spread, model: LengthDifference(),
        "diversity": lambda lab, spread, model: Diversity(partial(policy_embeddings, lab.sft)),
    }
)


def scores(lab: Lab, method: str, spread: str, model: str) -> Scores:
    """(pool,): those of the method's selector, kept; zeros where it has none."""
    selector = METHODS[method].selector
    groups = lab.pool(spread)[1]
    if selector is None:
        return np.zeros(len(groups))
    if selector == "pvar":  # quicker than reading a file
        return PVar(rewards_at_hand(lab, spread, model)).scores(groups)
    path = lab.place("scores", {"selector": selector, "spread": spread, "model": model})
    found = kept_arrays(path, lambda: {"scores": SELECTORS[selector](lab, spread, model).scores(groups)})
    return np.asarray(found["scores"], dtype=np.float64)


def chosen(lab: Lab, method: str, spread: str, model: str, fraction: float) -> NDArray[np.int64]:
    """The rows of the pool that a method chooses, in their order in the pool: whoever chooses the same trains alike."""
    found = scores(lab, method, spread, model)
    budget = max(1, round(fraction * len(found)))
    return np.sort(choose(found, budget, METHODS[method].rule, seed=lab.seed))
