"""Prompts are bought first whose two responses the policy finds most unlike each other."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cosine
from transformers import AutoModelForCausalLM, LlamaConfig

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.methods.method import Slot
from bench.methods.registry import method
from bench.methods.selection.negative_correlation import NegativeCorrelation, uncorrelated

WORDS = 20


@pytest.fixture(scope="module")
def known():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=WORDS, max_position_embeddings=32, initializer_range=0.5, **sizes)
    return SimpleNamespace(seed=0, policy=AutoModelForCausalLM.from_config(config).eval())


def ids(*tokens):
    return np.array(tokens, dtype=np.int32)


def group(seed, responses=2):
    random = np.random.default_rng(seed)
    rows = [random.integers(0, WORDS, size).astype(np.int32) for size in random.integers(1, 8, responses + 1)]
    return Completions(rows[0], tuple(rows[1:]))


def test_a_score_is_the_cosine_distance_about_the_mean_of_all_responses_less_one():
    features = np.random.default_rng(0).normal(2, 1, (6, 2, 3))
    centre = features.reshape(-1, 3).mean(0)
    expected = [cosine(first - centre, second - centre) - 1 for first, second in features]
    np.testing.assert_allclose(uncorrelated(features), expected)


def test_opposite_responses_score_one_and_equal_ones_minus_one():
    one, other = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    features = 7 + np.array([[one, -one], [other, other], [-other, -other]])
    np.testing.assert_allclose(uncorrelated(features), [1, -1, -1])


def test_without_any_difference_nothing_is_preferred(known):
    alike = Completions(ids(1, 2), (ids(3), ids(3)))
    assert NegativeCorrelation().scores([alike], known).tolist() == [-1]
    assert NegativeCorrelation().scores([alike, alike], known).tolist() == [-1, -1]


def test_only_the_two_responses_that_a_label_compares_are_looked_at(known):
    groups = [group(seed, responses=4) for seed in range(4)]
    two = [Completions(one.prompt, one.responses[:2]) for one in groups]
    np.testing.assert_array_equal(NegativeCorrelation().scores(groups, known), NegativeCorrelation().scores(two, known))


def test_a_score_goes_where_its_group_goes_and_is_the_same_whichever_response_comes_first(known):
    groups = [group(seed) for seed in range(6)]
    scores = NegativeCorrelation().scores(groups, known)
    order = [3, 0, 5, 1, 4, 2]
    turned = [Completions(groups[row].prompt, groups[row].responses[::-1]) for row in order]
    np.testing.assert_allclose(NegativeCorrelation().scores(turned, known), scores[order], atol=1e-5)
    assert len(set(scores.tolist())) == 6


def test_the_policy_is_left_as_it_was(known):
    known.policy.train()
    NegativeCorrelation().scores([group(0)], known)
    assert known.policy.training
    known.policy.eval()


def test_a_prompt_with_one_response_is_refused(known):
    with pytest.raises(UserError, match="group 1 has 1 responses"):
        NegativeCorrelation().scores([group(0), group(1, responses=1)], known)


def test_it_is_in_the_catalogue():
    assert method("negative_correlation", Slot.SELECT).load() is NegativeCorrelation
