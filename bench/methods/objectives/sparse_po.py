"""SparsePO as methods: where the weights of tokens come from."""

from __future__ import annotations

from collections.abc import Sequence

from bench.learn.policy.completions import Completions
from bench.learn.policy.masked import LearnedMaskPreference, MaskedPreference, activation_masks
from bench.learn.policy.objectives import Objective
from bench.methods.contract import Known


class ActivationMasks:
    """DPO of tokens weighted by how active the reference is where it predicts them."""

    def __init__(self, beta: float = 0.1, divergence_weight: float = 0.0) -> None:
        self.hyper = {"beta": beta, "divergence_weight": divergence_weight}

    def objective(self, pairs: Sequence[Completions], known: Known) -> Objective:
        """See PolicyMethod."""
        return MaskedPreference(known.reference(pairs), activation_masks(known.policy, pairs), **self.hyper)


class LearnedMasks:
    """DPO of tokens whose weights are learnt with the policy, from the reference's states."""

    def __init__(self, beta: float = 0.1, divergence_weight: float = 0.0) -> None:
        self.hyper = {"beta": beta, "divergence_weight": divergence_weight}

    def objective(self, pairs: Sequence[Completions], known: Known) -> Objective:
        """See PolicyMethod."""
        return LearnedMaskPreference(known.policy, known.reference(pairs), **self.hyper)
