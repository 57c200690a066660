"""A loss of preference scores, which no reward need explain. Notation as in `contrastive`."""

from __future__ import annotations

from torch import Tensor

from bench.learn.policy.losses.checks import checked


@checked
def gpo(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    *,
    scores: Tensor,
    beta: float = 0.1,
) -> Tensor:
    """General preference optimisation: regress each log-ratio on how much the response is preferred, over β.

    L = (h(y⁺) - s / β)² + (h(y⁻) + s / β)² with s = s(y⁺ ≻ y⁻) = -s(y⁻ ≻ y⁺)

    Zhang et al. 2024 (ICML 2025), arXiv 2410.02197. What it solves: the policy that maximises E s(y ≻ π_ref) -
    β KL(π‖π_ref) is proportional to π_ref exp(s(y ≻ π_ref) / β), whose log-ratio is s / β - log Z. The paper's step is
    the squared difference of the two sides, for responses of the policy before; here those of the pair, with each the
    other's sole opponent, and log Z = 0, its value for scores that sum to zero and are small next to β. (We know the
    step from the paper's abstract and from SPPO's equation, not from its numbered equation.)

    `scores` (B,) may come from any skew-symmetric model, cyclic preferences included. Of hard labels, s = 1, it is
    SPPO with half the β. Default of β ours: the script of the paper has 0.001, for a model of 8 billion weights.
    """
    target = scores / beta
    return (policy_chosen - reference_chosen - target) ** 2 + (policy_rejected - reference_rejected + target) ** 2
