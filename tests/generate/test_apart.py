"""Negatively correlated candidates: every one of them has the policy's distribution, and two are seldom the same."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy import stats
from transformers import AutoModelForCausalLM, LlamaConfig

from bench.errors import UserError
from bench.generate import sample
from bench.generate.apart import sample_apart, shifted
from bench.generate.streams import uniforms
from bench.generate.tokens import choose

WORDS = 12
PROMPT = np.array([3, 5, 4], dtype=np.int32)
DRAWS = 4000


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    return AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=WORDS, initializer_range=0.5, **sizes)).eval()


@pytest.fixture(scope="module")
def drawn(model):
    """(DRAWS, 2, 2): the first two tokens of two candidates."""
    keys = [str(number) for number in range(DRAWS)]
    found = sample_apart(model, [PROMPT] * DRAWS, max_tokens=2, seed=0, samples=2, keys=keys)
    return np.array([[one.tokens for one in pair] for pair in found])


def next_token(model, *said):
    with torch.no_grad():
        return torch.softmax(model(torch.tensor([[*PROMPT, *said]]).long()).logits[0, -1].double(), 0).numpy()


def test_each_candidate_has_exactly_the_policys_distribution_over_two_tokens(model, drawn):
    """Chi-squared of all two-token responses against the products of the model's own probabilities."""
    first = next_token(model)
    exact = np.concatenate([first[token] * next_token(model, token) for token in range(WORDS)])
    for side in (0, 1):
        counts = np.bincount(drawn[:, side, 0] * WORDS + drawn[:, side, 1], minlength=WORDS**2)
        common = exact * DRAWS >= 5
        observed = [*counts[common], counts[~common].sum()]
        expected = [*exact[common] * DRAWS, exact[~common].sum() * DRAWS]
        assert stats.chisquare(observed, expected).pvalue > 1e-3


def test_two_candidates_begin_alike_as_seldom_as_any_joint_distribution_allows(model, drawn):
    first = next_token(model)
    least = np.maximum(0, 2 * first - 1).sum()
    independent = (first**2).sum()
    alike = np.mean(drawn[:, 0, 0] == drawn[:, 1, 0])
    assert least < independent - 0.05
    assert alike == pytest.approx(least, abs=4 * np.sqrt(least * (1 - least) / DRAWS) + 1 / DRAWS)


@pytest.mark.parametrize("weights", [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3], [0.25] * 4, [1.0]])
def test_both_say_a_token_with_probability_twice_its_own_less_one(weights):
    """On a grid of u. It is never above p^2: no covariance is positive, not even of a token in the middle."""
    grid = (np.arange(10_000) + 0.5) / 10_000
    logits = torch.log(torch.tensor(weights)).expand(len(grid), -1)
    said = [
        choose(logits, torch.from_numpy((grid + shift) % 1), temperature=1.0, top_p=1.0).numpy() for shift in (0, 0.5)
    ]
    for token, share in enumerate(weights):
        both = np.mean((said[0] == token) & (said[1] == token))
        assert both == pytest.approx(max(0, 2 * share - 1), abs=2e-4)
        assert both <= share**2 + 2e-4
    mirrored = choose(logits, torch.from_numpy(1 - grid), temperature=1.0, top_p=1.0).numpy()
    if weights == [0.3, 0.4, 0.3]:
        assert np.mean((said[0] == 1) & (mirrored == 1)) == pytest.approx(0.4, abs=2e-4)


@pytest.mark.parametrize("samples", [2, 3, 4])
def test_the_numbers_of_a_prompt_are_a_k_th_apart_and_each_uniform(samples):
    names = list(itertools.product(map(str, range(2000)), range(samples)))
    numbers = shifted(samples)(1, names, 3).reshape(2000, samples, 3)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    gaps = np.diff(np.sort(numbers, axis=1), axis=1)
    np.testing.assert_allclose(gaps, 1 / samples, atol=1e-12)
    for index in range(samples):
        assert stats.kstest(numbers[:, index].ravel(), "uniform").pvalue > 1e-3


def test_a_prompts_numbers_depend_on_its_name_alone():
    together = shifted(2)(5, [("a", 0), ("b", 0), ("a", 1)], 4)
    np.testing.assert_array_equal(shifted(2)(5, [("a", 1)], 4)[0], together[2])
    np.testing.assert_array_equal(together[[0, 1]], uniforms(5, [("a", 0), ("b", 0)], 4))


def test_the_first_candidate_is_the_first_of_independent_samples(model):
    settings = {"max_tokens": 6, "seed": 3, "samples": 2}
    ours, theirs = (draw(model, [PROMPT], **settings)[0] for draw in (sample_apart, sample))
    np.testing.assert_array_equal(ours[0].tokens, theirs[0].tokens)
    assert ours[1].tokens.tolist() != theirs[1].tokens.tolist()


def test_wrong_requests_are_refused_as_for_independent_samples(model):
    with pytest.raises(UserError, match="samples: must be at least 1"):
        sample_apart(model, [PROMPT], max_tokens=2, seed=0, samples=0)
