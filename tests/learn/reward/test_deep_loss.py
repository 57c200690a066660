"""The loss against the fact sheet read literally, and the proximal step against its closed form and optimality."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from bench.learn.reward.deep_loss import end_scores, l1_norm, pairwise_loss, proximal_step_l1


def literal_loss(rewards, first, last):
    """-log sigmoid(r_chosen - r_rejected), token by token, averaged over a pair's tokens, then over pairs."""
    pairs = len(first)
    rewards = rewards.detach()
    total = 0.0
    for i in range(pairs):
        tokens = [
            -math.log(1 / (1 + math.exp(-(float(rewards[i, t]) - float(rewards[pairs + i, t])))))
            for t in range(int(first[i]), int(last[i]))
        ]
        total += sum(tokens) / len(tokens)
    return total / pairs


@pytest.fixture
def example():
    rewards = torch.randn(6, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    return rewards, torch.tensor([0, 3, 8]), torch.tensor([9, 5, 9])


def test_the_loss_is_the_fact_sheets(example):
    assert pairwise_loss(*example).item() == pytest.approx(literal_loss(*example), rel=1e-12)


def test_its_gradient_is_that_of_finite_differences(example):
    rewards, first, last = example
    assert torch.autograd.gradcheck(lambda r: pairwise_loss(r, first, last), (rewards,))


def test_positions_outside_the_range_have_no_gradient(example):
    rewards, first, last = example
    pairwise_loss(rewards, first, last).backward()
    outside = torch.ones(6, 9, dtype=torch.bool)
    for i in range(3):
        for row in (i, i + 3):
            outside[row, first[i] : last[i]] = False
    assert (rewards.grad[outside] == 0).all()
    assert (rewards.grad[~outside] != 0).all()


def test_the_loss_is_finite_where_sigmoid_underflows():
    rewards = torch.tensor([[-2000.0], [2000.0]])
    assert pairwise_loss(rewards, torch.tensor([0]), torch.tensor([1])).item() == 4000


def test_scores_are_read_at_the_end_token():
    rewards = torch.arange(12.0).reshape(4, 3)
    chosen, rejected = end_scores(rewards, torch.tensor([1, 3, 2, 3]))
    assert chosen.tolist() == [0, 5]
    assert rejected.tolist() == [7, 11]


def test_the_subgradient_of_the_l1_norm_is_zero_at_zero():
    weight = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    l1_norm(weight).backward()
    assert weight.grad.tolist() == [-1, 0, 1]


def test_the_proximal_step_is_the_minimum_of_its_own_problem():
    """argmin_u beta |u| + (sqrt(v) + eps) / (2 lr) (u - w)^2, coordinate by coordinate, found on a fine grid."""
    weight = torch.nn.Parameter(torch.tensor([0.8, -0.3, 0.12, -1.5], dtype=torch.float64))
    optimizer = torch.optim.AdamW([weight], lr=0.1, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
    weight.grad = torch.tensor([0.5, -2.0, 0.1, 0.05], dtype=torch.float64)
    optimizer.step()
    before, beta = weight.detach().numpy().copy(), 0.06
    metric = (weight.grad.abs() + 1e-8).numpy() / 0.1  # after one step sqrt(v), corrected, is |gradient|
    proximal_step_l1(weight, optimizer, beta)
    grid = np.linspace(-2, 2, 400_001)
    for j, found in enumerate(weight.detach().numpy()):
        objective = beta * np.abs(grid) + metric[j] / 2 * (grid - before[j]) ** 2
        assert found == pytest.approx(grid[objective.argmin()], abs=1e-5)
    assert weight[2] == 0, "an exact zero"


def test_proximal_adamw_reaches_the_lasso():
    """On 1/2 ||w - a||^2 + beta ||w||_1 the optimum is the soft threshold of a; steps shrink as in training."""
    target = torch.tensor([2.0, -1.0, 0.3, -0.2, 0.0], dtype=torch.float64)
    beta, steps = 0.5, 4000
    weight = torch.nn.Parameter(torch.full_like(target, 0.7))
    optimizer = torch.optim.AdamW([weight], lr=0.01, betas=(0.9, 0.95), weight_decay=0.0)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 0.005 * (1 + math.cos(math.pi * step / steps))
        optimizer.zero_grad()
        (0.5 * (weight - target).square().sum()).backward()
        optimizer.step()
        proximal_step_l1(weight, optimizer, beta)
    expected = target.sign() * (target.abs() - beta).clamp(min=0)
    assert weight.detach().numpy() == pytest.approx(expected.numpy(), abs=2e-3)
    assert (weight[2:] == 0).all(), "exact zeros where |a| < beta"
