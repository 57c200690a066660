"""The loss of the deep reward model, the l1 penalty on its last layer, and the two ways of minimising it."""

from __future__ import annotations

import torch
from torch.nn.functional import softplus


def pairwise_loss(rewards: torch.Tensor, first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    """Mean over pairs of the mean over positions t = first..last-1 of -log sigmoid(r_chosen(t) - r_rejected(t)).

    `rewards` (2B, T): the chosen texts, then the rejected. `first`, `last` (B,). DeepSpeed-Chat's loss
    (reward_model.py of DeepSpeedExamples): where one text is shorter, its reward is read on padding, which sees the
    whole text. A pair of identical texts has loss log 2 and gradient zero.
    """
    chosen, rejected = rewards.chunk(2)
    position = torch.arange(rewards.shape[1], device=rewards.device)
    inside = (position >= first[:, None]) & (position < last[:, None])
    token_loss = softplus(rejected - chosen)  # -log sigmoid(chosen - rejected)
    return ((token_loss * inside).sum(1) / inside.sum(1)).mean()


def end_scores(rewards: torch.Tensor, ends: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The scores (B,) of the chosen and of the rejected texts: the reward at each text's end token."""
    scores = rewards.gather(1, (ends - 1)[:, None]).squeeze(1)
    chosen, rejected = scores.chunk(2)
    return chosen, rejected


def l1_norm(weight: torch.Tensor) -> torch.Tensor:
    """||weight||_1. Its gradient in torch is the subgradient sign(w), with 0 at 0."""
    return weight.abs().sum()


@torch.no_grad()
def proximal_step_l1(weight: torch.Tensor, optimizer: torch.optim.AdamW, beta: float) -> None:
    """The l1 half of a proximal AdamW step, after `optimizer.step()` on the smooth loss: exact zeros.

    Adam moves coordinate j by lr * m_j / (sqrt(v_j) + eps): a gradient step in the metric diag(sqrt(v) + eps) / lr.
    The prox of beta * ||.||_1 in that metric is a soft threshold at lr * beta / (sqrt(v_j) + eps), coordinate by
    coordinate, so that a fixed point satisfies 0 in gradient + beta * sign(w): that of the penalised loss (Yun, Lozano
    and Yang, NeurIPS 2021, ProxGen, Algorithm 1). One threshold lr * beta for all would have the fixed points of
    another, reweighted problem. v is of the smooth gradient alone: no subgradient enters the moments.
    """
    group = next(g for g in optimizer.param_groups if any(p is weight for p in g["params"]))
    state = optimizer.state[weight]
    correction = 1 - group["betas"][1] ** float(state["step"])
    scale = (state["exp_avg_sq"] / correction).sqrt() + group["eps"]
    threshold = group["lr"] * beta / scale
    weight.copy_(weight.sign() * (weight.abs() - threshold).clamp(min=0))
