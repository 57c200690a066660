"""Losses without a reference model; `reference_chosen` and `reference_rejected` are accepted and ignored.

y⁺ and y⁻ as in `contrastive`, m(y) = log π(y|x) / |y| the mean log-probability per token (nats, |y| in tokens).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from bench.learn.policy.losses.checks import checked

SERIES_BELOW = 1e-3  # where MaPO's score is its Taylor series: the next term is 1e-15


@checked
def slic(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    *,
    delta: float = 1.0,
    sft_weight: float = 0.1,
) -> Tensor:
    """Sequence likelihood calibration: the chosen is to be δ nats likelier than the rejected, and stay likely.

    L = max(0, δ - log π(y⁺|x) + log π(y⁻|x)) - λ log π(y⁺|x)

    Zhao et al. 2023, "SLiC-HF", arXiv 2305.10425, Section 2, with the chosen response as the target of the regulariser.
    δ is in nats, λ = `sft_weight`; the defaults are those of the HALOs code. There is no β.
    """
    return torch.relu(delta - policy_chosen + policy_rejected) - sft_weight * policy_chosen


@checked
def cpo(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    *,
    chosen_lengths: Tensor,
    beta: float = 0.1,
    sft_weight: float = 1.0,
) -> Tensor:
    """DPO with a uniform reference, and a likelihood term in its place.

    L = -log σ(β log π(y⁺|x) - β log π(y⁻|x)) - s m(y⁺)

    Xu et al. 2024, arXiv 2401.08417, Eq. 3 and its NLL term. β as in DPO, 0.1. The NLL is the mean per token, as in the
    code (TRL's averages over the tokens of a batch, which is the same for equal lengths); s = `sft_weight`, 1.
    """
    return -logsigmoid(beta * (policy_chosen - policy_rejected)) - sft_weight * policy_chosen / chosen_lengths


@checked
def simpo(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    *,
    chosen_lengths: Tensor,
    rejected_lengths: Tensor,
    beta: float = 2.0,
    gamma: float = 1.0,
) -> Tensor:
    """The reward is what generation maximises, the mean log-probability, and must win by a margin.

    L = -log σ(β m(y⁺) - β m(y⁻) - γ)

    Meng, Xia and Chen 2024, arXiv 2405.14734, the SimPO objective of its Section 2. β scales a
    mean, hence a larger value than DPO's; γ is a margin of scaled rewards. 2 and γ / β = 0.5 are common starts.
    """
    means = policy_chosen / chosen_lengths - policy_rejected / rejected_lengths
    return -logsigmoid(beta * means - gamma)


@checked
def orpo(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    *,
    chosen_lengths: Tensor,
    rejected_lengths: Tensor,
    beta: float = 0.1,
) -> Tensor:
    """Fine-tuning on the chosen with a penalty on the odds of the rejected: one stage, no reference.

    L = -m(y⁺) - β log σ(log[odds(y⁺) / odds(y⁻)]) with odds(y) = p / (1 - p), p = exp m(y)

    Hong, Lee and Thorne 2024, arXiv 2403.07691, odds as in Eq. 4, their ratio as in Eq. 7. β is the weight of the odds-
    ratio term (λ there), 0.1. p is held at 1 - eps of the dtype or below, where the odds are still finite. The
    likelihood is the response's; TRL's counts the prompt's tokens too.
    """
    chosen, rejected = policy_chosen / chosen_lengths, policy_rejected / rejected_lengths
    return -chosen - beta * logsigmoid(_log_odds(chosen) - _log_odds(rejected))


def _log_odds(log_probability: Tensor) -> Tensor:
    """log p - log(1 - p)."""
    capped = log_probability.clamp(max=-torch.finfo(log_probability.dtype).eps)
    return capped - torch.log(-torch.expm1(capped))


@checked
def mapo(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    *,
    chosen_lengths: Tensor,
    rejected_lengths: Tensor,
    beta: float = 0.1,
) -> Tensor:
    """Margin-aware preference optimisation: likelihood plus a margin between bounded scores.

    L = -m(y⁺) - β log σ(s(y⁺) - s(y⁻)) with s(y) = -p log p / (1 - p), p = exp m(y); s rises from 0 to 1 with p

    Hong et al. 2024, arXiv 2406.06424, which has it for diffusion models: their denoising error is -m here. Their code
    halves it in s and multiplies the margin by the number of denoising steps; here both factors are 1. β is the weight
    of the margin term, 0.1 in that code. (SparsePO's activation masks share the abbreviation; see `sparse_po`.)
    """
    chosen, rejected = policy_chosen / chosen_lengths, policy_rejected / rejected_lengths
    return -chosen - beta * logsigmoid(_bounded_score(chosen) - _bounded_score(rejected))


def _bounded_score(log_probability: Tensor) -> Tensor:
    """-p log p / (1 - p), by its series at p = 1, where it is 0 / 0."""
    surprise = -log_probability
    small = surprise < SERIES_BELOW
    safe = torch.where(small, torch.ones_like(surprise), surprise)
    exact = safe * torch.exp(-safe) / -torch.expm1(-safe)
    return torch.where(small, 1 - surprise / 2 + surprise**2 / 12, exact)
