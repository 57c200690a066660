"""How prompts of the pool are chosen, by name: whose scores, and which end of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.papers.pvar.world import Lab
from bench.select import PVar, RewardGap, RewardVariance, Rule, Scores, Selector, choose


@dataclass(frozen=True)
class Method:
    """A selector, made with what it may read, and a rule. Without a selector, any prompt is as good as another."""

    says: str
    rule: Rule
    selector: Callable[[Lab, str, str], Selector] | None = None  # of a lab, a spread and a model


def rewards_at_hand(lab: Lab, spread: str, model: str) -> Callable[[Sequence[Completions]], list[NDArray[np.float64]]]:
    """What a selector may ask of the pool's responses: the rewards that a model gave them once."""

    def rewards(groups: Sequence[Completions]) -> list[NDArray[np.float64]]:
        if groups is not lab.pool(spread)[1]:
            raise UserError(f"the rewards at hand are those of the pool '{spread}'")
        return list(lab.rewards(spread, model))

    return rewards


def _pvar(lab: Lab, spread: str, model: str) -> Selector:
    return PVar(rewards_at_hand(lab, spread, model))


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "pvar": Method("the prompts of the highest preference variance", "top", _pvar),
        "pvar_bottom": Method("those of the lowest", "bottom", _pvar),
        "random": Method("prompts at random", "random"),
        "all": Method("the whole pool", "random"),
        "reward_gap": Method(
            "the largest gap between best and worst reward",
            "top",
            lambda lab, spread, model: RewardGap(rewards_at_hand(lab, spread, model)),
        ),
        "reward_variance": Method(
            "the largest variance of the rewards",
            "top",
            lambda lab, spread, model: RewardVariance(rewards_at_hand(lab, spread, model)),
        ),
    }
)


def scores(lab: Lab, method: str, spread: str, model: str) -> Scores:
    """(pool,): those of the method's selector; zeros where it has none."""
    selector = METHODS[method].selector
    groups = lab.pool(spread)[1]
    return np.zeros(len(groups)) if selector is None else selector(lab, spread, model).scores(groups)


def chosen(lab: Lab, method: str, spread: str, model: str, fraction: float) -> NDArray[np.int64]:
    """The rows of the pool that a method chooses, in their order in the pool: whoever chooses the same trains alike."""
    found = scores(lab, method, spread, model)
    budget = max(1, round(fraction * len(found)))
    return np.sort(choose(found, budget, METHODS[method].rule, seed=lab.seed))
