"""Selectors that read likelihoods or lengths: each against its equation, from plain forward passes."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from groups import GROUPS, group, language_model, log_probs
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import reference_log_probs
from bench.select import (
    ImplicitPVar,
    LengthDifference,
    Perplexity,
    PolicyEntropy,
    ReferenceMargin,
    policy_embeddings,
    preference_variance,
)
from bench.select.responses import mean_absolute_difference

POLICY, REFERENCE = language_model(0), language_model(1)
OWN, OTHERS = log_probs(POLICY), log_probs(REFERENCE)
LENGTHS = [np.array([len(response) for response in group.responses]) for group in GROUPS]


def over_pairs(values):
    return np.mean([abs(a - b) for a, b in combinations(values, 2)])


def test_implicit_pvar_is_pvar_of_the_reward_that_the_policy_implies():
    rewards = [0.3 * (own - others) for own, others in zip(OWN, OTHERS, strict=True)]
    found = ImplicitPVar(POLICY, REFERENCE, beta=0.3).scores(GROUPS)
    np.testing.assert_allclose(found, [preference_variance(values) for values in rewards], atol=1e-6)
    biased = ImplicitPVar(POLICY, REFERENCE, beta=0.3, unbiased=False).scores(GROUPS)
    expected = [preference_variance(values, unbiased=False) for values in rewards]
    np.testing.assert_allclose(biased, expected, atol=1e-6)


def test_a_policy_that_has_not_moved_has_no_implicit_pvar():
    np.testing.assert_array_equal(ImplicitPVar(POLICY, language_model(0)).scores(GROUPS), 0)


def test_entropy_is_the_mean_surprise_of_the_samples():
    np.testing.assert_allclose(PolicyEntropy(POLICY).scores(GROUPS), [-own.mean() for own in OWN], rtol=1e-5)
    expected = [-own.sum() / lengths.sum() for own, lengths in zip(OWN, LENGTHS, strict=True)]
    np.testing.assert_allclose(PolicyEntropy(POLICY, per_token=True).scores(GROUPS), expected, rtol=1e-5)


def test_entropy_of_a_policys_samples_tends_to_its_entropy():
    """Responses of one token: the entropy is that of the softmax, and the samples are drawn from it here."""
    prompt = GROUPS[0].prompt
    every = Completions(prompt, tuple(np.array([token], dtype=np.int32) for token in range(50)))
    chances = np.exp(reference_log_probs(POLICY, [every], cache_dir=None).sums[0])
    drawn = np.random.default_rng(0).choice(50, 2000, p=chances / chances.sum())
    sampled = Completions(prompt, tuple(every.responses[token] for token in drawn))
    truth = -chances @ np.log(chances)
    spread = np.sqrt(chances @ np.log(chances) ** 2 - truth**2)
    assert abs(PolicyEntropy(POLICY).scores([sampled])[0] - truth) < 4 * spread / 2000**0.5


def test_perplexity_is_the_geometric_mean_over_responses():
    per_response = [np.exp(-values / lengths) for values, lengths in zip(OTHERS, LENGTHS, strict=True)]
    expected = [np.prod(values) ** (1 / len(values)) for values in per_response]
    np.testing.assert_allclose(Perplexity(REFERENCE).scores(GROUPS), expected, rtol=1e-5)


def test_the_smallest_reference_margin_scores_highest():
    np.testing.assert_allclose(ReferenceMargin(REFERENCE).scores(GROUPS), [-over_pairs(v) for v in OTHERS], rtol=1e-5)
    of_tokens = [values / lengths for values, lengths in zip(OTHERS, LENGTHS, strict=True)]
    found = ReferenceMargin(REFERENCE, per_token=True).scores(GROUPS)
    np.testing.assert_allclose(found, [-over_pairs(values) for values in of_tokens], rtol=1e-4)


def test_the_margin_of_a_pair_is_the_difference_of_its_log_probabilities():
    pair = next(index for index, each in enumerate(GROUPS) if len(each.responses) == 2)
    assert ReferenceMargin(REFERENCE).scores(GROUPS)[pair] == pytest.approx(-abs(np.diff(OTHERS[pair])[0]), rel=1e-5)


def test_the_length_difference_is_in_tokens():
    np.testing.assert_allclose(LengthDifference().scores(GROUPS), [over_pairs(lengths) for lengths in LENGTHS])


@settings(deadline=None)
@given(arrays(np.float64, st.integers(2, 8), elements=st.floats(-1000, 1000)))
def test_the_mean_absolute_difference_is_that_over_pairs(values):
    assert mean_absolute_difference(values) == pytest.approx(over_pairs(values), abs=1e-9)


def test_policy_embeddings_are_means_over_the_prompt_of_the_last_hidden_state():
    with torch.no_grad():
        plain = [POLICY.base_model(torch.tensor(g.prompt)[None].long()).last_hidden_state[0].mean(0) for g in GROUPS]
    POLICY.train()
    found = policy_embeddings(POLICY, GROUPS, max_tokens=20)
    assert POLICY.training
    POLICY.eval()
    np.testing.assert_allclose(found, torch.stack(plain), atol=1e-5)


def test_policy_embeddings_do_not_see_responses():
    other = [replace(each, responses=group(99).responses) for each in GROUPS]
    np.testing.assert_array_equal(policy_embeddings(POLICY, other), policy_embeddings(POLICY, GROUPS))


def test_what_cannot_be_scored_is_named():
    known = reference_log_probs(POLICY, GROUPS, cache_dir=None)
    impossible = replace(known, sums=(*known.sums[:2], np.array([-1.0, -np.inf]), *known.sums[3:]))
    with pytest.raises(UserError, match="log-probability of response 1 of group 2 is -inf"):
        PolicyEntropy(impossible).scores(GROUPS)
    with pytest.raises(UserError, match="vocabulary of 50 tokens and the reference one of 51"):
        ImplicitPVar(POLICY, replace(known, vocabulary=51)).scores(GROUPS)
    with pytest.raises(UserError, match="beta must be a number > 0, got 0"):
        ImplicitPVar(POLICY, REFERENCE, beta=0)
