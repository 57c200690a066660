"""Rationale-augmented DPO as a method: who writes the rationales."""

from __future__ import annotations

from collections.abc import Sequence

from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Objective
from bench.learn.policy.rationale import RationalePreference
from bench.methods.contract import Known
from bench.methods.objectives.world_rationales import rationales


class RationaleDPO:
    """DPO, and the likelihood of a sentence that says why. Where attributes have no names it is DPO alone.

    `gamma` weighs a sum over tokens against a loss that starts at log 2: 0.01 already costs a small policy what DPO
    gains (validation seed 10000), hence the default.
    """

    def __init__(self, beta: float = 0.1, gamma: float = 0.001, ridge: float = 1.0) -> None:
        self.beta, self.gamma, self.ridge = beta, gamma, ridge

    def objective(self, pairs: Sequence[Completions], known: Known) -> Objective:
        """See PolicyMethod."""
        why = rationales(pairs, self.ridge)
        return RationalePreference(pairs, why, known.reference(pairs), beta=self.beta, gamma=self.gamma)
