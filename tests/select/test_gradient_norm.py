"""Selection by gradient norm and by expected loss: held against autograd through plain forward passes."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import reference_log_probs
from bench.select.expected_loss import ExpectedLoss
from bench.select.gradient_norm import GradientNorm

BETA = 0.4


def ids(*tokens):
    return np.array(tokens, dtype=np.int32)


GROUPS = [
    Completions(ids(1, 5), (ids(7, 8, 9), ids(11), ids(9, 3))),
    Completions(ids(2), (ids(4, 3), ids(6, 10, 12, 13))),
    Completions(ids(3, 3, 3), (ids(20), ids(21, 4), ids(22))),
]


def rewards(groups):
    """Of a response, by its length and first token: a stand-in for a reward model."""
    return [np.array([len(row) - row[0] / 10 for row in group.responses]) for group in groups]


def policy(seed=0):
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    return LlamaForCausalLM(LlamaConfig(vocab_size=50, max_position_embeddings=64, initializer_range=0.3, **sizes))


def log_prob(model, prompt, response):
    stream = torch.tensor(np.concatenate([prompt, response]))[None].long()
    values = model.eval()(input_ids=stream).logits[0].log_softmax(-1)
    return sum(values[len(prompt) - 1 + t, token] for t, token in enumerate(response.tolist()))


def soft_loss(model, reference, group, values):
    """The mean over all ordered pairs, written out."""
    h = [
        log_prob(model, group.prompt, row) - log_prob(reference, group.prompt, row).detach() for row in group.responses
    ]
    total, k = 0.0, len(h)
    for i in range(k):
        for j in range(k):
            if i != j:
                q = 1 / (1 + math.exp(values[j] - values[i]))
                margin = BETA * (h[i] - h[j])
                total -= q * torch.nn.functional.logsigmoid(margin)
                total -= (1 - q) * torch.nn.functional.logsigmoid(-margin)
    return total / (k * (k - 1))


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


def test_the_expected_loss_is_the_mean_over_pairs_and_labels():
    model, reference = policy(), policy(1)
    expected = [soft_loss(model, reference, *both).item() for both in zip(GROUPS, rewards(GROUPS), strict=True)]
    np.testing.assert_allclose(ExpectedLoss(model, rewards, reference, beta=BETA).scores(GROUPS), expected, rtol=1e-5)


def test_before_the_first_step_every_prompt_has_the_same_loss():
    found = ExpectedLoss(policy(), rewards, policy()).scores(GROUPS)
    np.testing.assert_allclose(found, np.log(2))


def test_what_the_policy_gets_wrong_is_bought_before_what_it_gets_right():
    model, reference = policy(), policy(1)
    implied = [
        np.array([(log_prob(model, g.prompt, r) - log_prob(reference, g.prompt, r)).item() for r in g.responses])
        for g in GROUPS[:2]
    ]
    right_then_wrong = [3 * implied[0], -3 * implied[1]]
    first, second = ExpectedLoss(model, lambda _: right_then_wrong, reference, beta=BETA).scores(GROUPS[:2])
    assert second > np.log(2) > first


def test_the_reference_may_be_its_log_probabilities():
    model, reference = policy(), policy(1)
    known = reference_log_probs(reference, GROUPS, cache_dir=None)
    for selector in (GradientNorm, ExpectedLoss):
        same = selector(copy.deepcopy(model), rewards, reference).scores(GROUPS)
        np.testing.assert_allclose(selector(model, rewards, known).scores(GROUPS), same, rtol=1e-6)
        with pytest.raises(UserError, match="other data"):
            selector(model, rewards, known).scores([GROUPS[1], GROUPS[0], GROUPS[2]])


@pytest.mark.parametrize("selector", [GradientNorm, ExpectedLoss])
def test_what_cannot_be_scored_is_refused(selector):
    with pytest.raises(UserError, match="beta must be a number > 0, got 0"):
        selector(policy(), rewards, policy(), beta=0)
    with pytest.raises(UserError, match="group 0 has 1 responses"):
        selector(policy(), rewards, policy()).scores([Completions(ids(1), (ids(2),))])
