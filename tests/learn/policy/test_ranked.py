"""IRPO: closed forms, what it is of pairs, and lists of unequal lengths in training."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_training import difference, toy_groups, toy_model, toy_reference

from bench.errors import UserError
from bench.learn.policy.objectives import Batch, Preference
from bench.learn.policy.ranked import RankedPreference, irpo
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training

TRAINING = Training(learning_rate=3e-3, epochs=2, batch_size=4, max_tokens=200, seed=1000)
LISTS = [*toy_groups(3, responses=4), *toy_groups(3, responses=3, seed=1), *toy_groups(2, seed=2)]


def test_three_responses_by_hand():
    """Relevance 2, 1, 0: weights 3 / log2 2, 1 / log2 3 and 0."""
    h = np.array([1.0, -0.5, 2.0])
    first = math.log1p((math.exp(0.3 * (h[1] - h[0])) + math.exp(0.3 * (h[2] - h[0]))) / 2)
    second = math.log1p((math.exp(0.3 * (h[0] - h[1])) + math.exp(0.3 * (h[2] - h[1]))) / 2)
    weights = 3.0, 1 / math.log2(3)
    expected = (weights[0] * first + weights[1] * second) / sum(weights)
    assert float(irpo(torch.tensor(h), beta=0.3)) == pytest.approx(expected, rel=1e-12)


def test_of_a_pair_it_is_dpo():
    pairs = toy_groups(6)
    reference = toy_reference(toy_model(seed=1), pairs)
    batch = Batch(tuple(pairs[2:5]), (2, 3, 4))
    outputs = torch.linspace(-4, -1, sum(len(r) for group in batch.groups for r in group.responses))
    found = RankedPreference(reference, beta=0.3).losses(outputs, batch)
    torch.testing.assert_close(found, Preference("dpo", reference, beta=0.3).losses(outputs, batch))


def test_its_gradient_is_the_derivative_and_finite_far_away():
    ratios = torch.tensor([0.3, -2.0, 5.0, 1.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda h: irpo(h, beta=0.7), (ratios,))
    far = torch.tensor([-1e4, 1e4, 0.0], requires_grad=True)
    irpo(far).backward()
    assert torch.isfinite(far.grad).all()


def test_a_mistake_at_the_top_costs_more_than_one_at_the_bottom():
    ordered = torch.tensor([3.0, 2.0, 1.0, 0.0])
    top, bottom = ordered[[1, 0, 2, 3]], ordered[[0, 1, 3, 2]]
    assert irpo(ordered, beta=1.0) < irpo(bottom, beta=1.0) < irpo(top, beta=1.0)


def trained(max_tokens):
    policy = toy_model(seed=1)
    objective = RankedPreference(toy_reference(policy, LISTS), beta=0.5)
    return policy, train(policy, LISTS, objective, replace(TRAINING, max_tokens=max_tokens))


def test_lists_of_unequal_lengths_are_learnt_however_they_are_cut():
    policy, fit = trained(200)
    other, _ = trained(1)
    assert difference(policy, other) < 1e-5
    assert fit.steps[-1].measures.margin > fit.steps[0].measures.margin == pytest.approx(0, abs=1e-5)


def test_a_list_of_one_and_a_beta_of_zero_are_refused():
    lists = toy_groups(2, responses=1)
    reference = toy_reference(toy_model(), lists)
    with pytest.raises(UserError, match="group 0 has 1 response; a ranking is of 2 or more"):
        RankedPreference(reference).check(toy_model(), lists)
    with pytest.raises(UserError, match="irpo: beta must be positive and finite, got 0"):
        RankedPreference(reference, beta=0)
