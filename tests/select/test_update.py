"""Signal, noise and descent of a prompt's update, against every pair and label written out, and real steps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import response_log_probs, response_sums
from bench.learn.policy.prompt_gradients import combined_gradient, gram_matrices
from bench.select.bound import all_pairs, gradient_coefficients, preferences
from bench.select.update import own_descent, shared_descent, update

BETA = 0.3


def enumerated(gradients, p, q, weights):
    """(outcomes, d) gradients of every pair with either label, and their probabilities."""
    vectors, chances = [], []
    for i, j in itertools.permutations(range(len(p)), 2):
        difference = gradients[i] - gradients[j]
        vectors += [-BETA * (1 - p[i, j]) * difference, BETA * p[i, j] * difference]
        chances += [weights[i, j] * q[i, j], weights[i, j] * (1 - q[i, j])]
    return np.array(vectors), np.array(chances)


@pytest.mark.parametrize("k", [2, 3, 6])
def test_moments_are_those_of_all_pairs_and_labels(k):
    draw = np.random.default_rng(k)
    gradients, (policy, rewards) = draw.normal(size=(k, 11)), draw.normal(size=(2, k))
    p, q = preferences(policy), preferences(rewards)
    weights = draw.exponential(size=(k, k)) * (1 - np.eye(k))
    weights /= weights.sum()
    vectors, chances = enumerated(gradients, p, q, weights)
    mean = chances @ vectors
    found = update(gradients @ gradients.T, p, q, weights, BETA)
    assert found.signal == pytest.approx(np.linalg.norm(mean))
    assert found.noise == pytest.approx(np.sqrt(chances @ ((vectors - mean) ** 2).sum(1)))
    assert found.length == pytest.approx(chances @ np.linalg.norm(vectors, axis=1))
    assert found.ratio == pytest.approx(found.signal / found.noise)


def test_one_pair_with_a_certain_label_has_no_noise():
    gradients = np.random.default_rng(0).normal(size=(2, 5))
    found = update(gradients @ gradients.T, preferences([0, 0]), preferences([2000, 0]), all_pairs(2), BETA)
    assert found.noise == 0
    assert found.ratio == float("inf")
    assert found.length == pytest.approx(found.signal)


def test_labels_by_chance_have_no_signal_and_all_the_noise():
    gradients, even = np.random.default_rng(0).normal(size=(4, 5)), preferences(np.zeros(4))
    found = update(gradients @ gradients.T, even, even, all_pairs(4), BETA)
    assert found.ratio == 0
    assert found.noise > 0.1


def test_one_pairs_ratio_is_that_of_its_label_whatever_the_gradients():
    """With two responses and p = 1/2, g is +-beta/2 (grad_1 - grad_2): PVar alone decides signal to noise."""
    gradients, q = np.random.default_rng(0).normal(size=(2, 5)), preferences([1.5, 0])
    found = update(gradients @ gradients.T, preferences([0, 0]), q, all_pairs(2), BETA)
    lean = 2 * q[0, 1] - 1
    assert found.ratio == pytest.approx(lean / np.sqrt(1 - lean**2))


def test_before_the_first_step_a_hard_labels_gradient_is_as_long_whatever_the_labels_variance():
    """At p = 1/2 either label pulls by beta/2: the variance decides how gradients add up, not how long they are."""
    gradients, even = np.random.default_rng(0).normal(size=(4, 5)), preferences(np.zeros(4))
    sure, unsure = (
        update(gradients @ gradients.T, even, preferences(scale * np.arange(4)), all_pairs(4), BETA)
        for scale in (10.0, 0.1)
    )
    assert sure.length == pytest.approx(unsure.length)
    assert sure.signal > 5 * unsure.signal


def ids(*tokens):
    return np.array(tokens, dtype=np.int32)


GROUPS = [
    Completions(ids(1, 5), (ids(7, 8, 9), ids(11), ids(9, 3))),
    Completions(ids(2), (ids(4, 3), ids(6, 10, 12, 13))),
    Completions(ids(3, 3, 3), (ids(20), ids(21, 4), ids(22))),
]
REWARDS = [np.array(values) for values in ([1.0, -2.0, 0.5], [0.3, 0.0], [2.0, 0.0, 0.0])]


def policy():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    return LlamaForCausalLM(LlamaConfig(vocab_size=50, max_position_embeddings=64, initializer_range=0.3, **sizes))


def soft_losses(model, reference):
    """(n,): DPO's loss over all pairs with soft labels, from log-probabilities alone."""
    losses = []
    for values, before, rewards in zip(
        response_sums(GROUPS, response_log_probs(model, GROUPS)), reference, REWARDS, strict=True
    ):
        p, q, weights = preferences(BETA * (values - before)), preferences(rewards), all_pairs(len(rewards))
        losses.append(-(weights * (q * np.log(p) + (1 - q) * np.log(1 - p))).sum())
    return np.array(losses)


@pytest.mark.parametrize("shared", [False, True])
def test_descent_is_what_a_small_step_takes_off_the_loss(shared):
    model = policy().double()
    reference = response_sums(GROUPS, response_log_probs(model, GROUPS))
    even = [preferences(np.zeros(len(rewards))) for rewards in REWARDS]
    coefficients = [
        gradient_coefficients(p, preferences(r), all_pairs(len(r)), BETA) for p, r in zip(even, REWARDS, strict=True)
    ]
    if shared:
        expected = shared_descent(model, GROUPS, coefficients)
        direction = combined_gradient(model, GROUPS, [values / 3 for values in coefficients])
    else:
        gram = gram_matrices(model, GROUPS)[0]
        expected = np.array([own_descent(gram, even[0], preferences(REWARDS[0]), all_pairs(3), BETA)])
        direction = combined_gradient(model, GROUPS, [c * (index == 0) for index, c in enumerate(coefficients)])
    rate, ends = 0.005, []
    for sign in (-1, 1):
        with torch.no_grad():
            for weight, gradient in direction.items():
                weight += sign * rate * gradient
        ends.append(soft_losses(model, reference))
        with torch.no_grad():
            for weight, gradient in direction.items():
                weight -= sign * rate * gradient
    slope = (ends[1] - ends[0]) / (2 * rate)
    np.testing.assert_allclose(slope[: len(expected)], expected, rtol=2e-3, atol=2e-5)
    assert (np.abs(expected) > 1e-3).all()
