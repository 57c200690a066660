"""Selection by gradient norm: held against autograd through plain forward passes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from soft_losses import BETA, GROUPS, ids, policy, rewards, soft_loss

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import reference_log_probs
from bench.select.gradient_norm import GradientNorm


def norm(model, loss):
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    return math.sqrt(sum(float(gradient.double().square().sum()) for gradient in gradients))


@pytest.mark.parametrize("moved", [False, True])
def test_the_norm_is_that_of_the_soft_losses_gradient_over_all_pairs(moved):
    model, reference = policy(), policy(1 if moved else 0)
    expected = [norm(model, soft_loss(model, reference, *both)) for both in zip(GROUPS, rewards(GROUPS), strict=True)]
    found = GradientNorm(model, rewards, reference if moved else None, beta=BETA).scores(GROUPS)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert len(set(np.round(expected, 3))) == 3  # prompts differ, so that an error could show


def test_a_policy_that_is_its_own_reference_needs_none():
    without = GradientNorm(policy(), rewards).scores(GROUPS)
    np.testing.assert_allclose(GradientNorm(policy(), rewards, policy()).scores(GROUPS), without, rtol=1e-6)


def test_the_reference_may_be_its_log_probabilities():
    model, reference = policy(), policy(1)
    known = reference_log_probs(reference, GROUPS, cache_dir=None)
    same = GradientNorm(model, rewards, reference).scores(GROUPS)
    np.testing.assert_allclose(GradientNorm(model, rewards, known).scores(GROUPS), same, rtol=1e-6)
    with pytest.raises(UserError, match="other data"):
        GradientNorm(model, rewards, known).scores([GROUPS[1], GROUPS[0], GROUPS[2]])


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(UserError, match="beta must be a number > 0, got 0"):
        GradientNorm(policy(), rewards, policy(), beta=0)
    with pytest.raises(UserError, match="group 0 has 1 responses"):
        GradientNorm(policy(), rewards, policy()).scores([Completions(ids(1), (ids(2),))])
