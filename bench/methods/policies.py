"""Policy methods that are more than a named loss."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Objective
from bench.learn.policy.refinement import Refinement
from bench.methods.contract import Known
from bench.methods.pair_loss import PairLoss


class ChosenOnly(PairLoss):
    """The mean negative log-probability of a token of the chosen response; what was rejected is not looked at."""

    def loss(
        self,
        policy_chosen: Tensor,
        policy_rejected: Tensor,
        reference_chosen: Tensor,
        reference_rejected: Tensor,
        *,
        chosen_lengths: Tensor,
    ) -> Tensor:
        """L = -log pi(y+|x) / |y+|."""
        return -policy_chosen / chosen_lengths


class SelfRefinement:
    """SPA's: see bench/learn/policy/refinement.py. `decoupling` is lambda of Eq. 12, 0 for the policy's own odds."""

    def __init__(
        self, beta: float = 0.1, alpha: float = 0.1, share: float = 0.1, decoupling: float = 0.0, window: int = 50
    ) -> None:
        self.beta, self.alpha, self.share = beta, alpha, share
        self.decoupling, self.window = decoupling, window

    def objective(self, pairs: Sequence[Completions], known: Known) -> Objective:
        """See PolicyMethod."""
        return Refinement(
            known.reference(pairs),
            beta=self.beta,
            alpha=self.alpha,
            share=self.share,
            decoupling=self.decoupling,
            reference_model=known.policy if self.decoupling > 0 else None,
            window=self.window,
        )
