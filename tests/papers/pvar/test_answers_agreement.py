"""Which selectors find real prompts of high PVar: measured on answers that they have not read."""

import subprocess
import sys

import numpy as np
import pytest

from bench.papers.pvar.agreement import PERCENT, SELECTORS, SIZES, agreement, distribution
from bench.papers.pvar.answers import MODELS, Answers
from bench.papers.pvar.answers_experiments import FINDERS

PROMPTS = 200


def made(rewards, lengths=None):
    """Prompts with these rewards; answer `j` of prompt `i` has `lengths[i, j]` characters."""
    lengths = np.full(rewards.shape, 5) if lengths is None else lengths
    texts = tuple(tuple("x" * length for length in row) for row in lengths)
    rows = range(len(rewards))
    return Answers(tuple(rows), tuple(f"prompt {row}" for row in rows), texts, rewards)


@pytest.fixture
def divided():
    """Prompts whose answers are alike, and as many whose answers are far apart."""
    spread = np.repeat([0.1, 4.0], PROMPTS // 2)
    return spread[:, None] * np.random.default_rng(0).normal(size=(PROMPTS, MODELS))


def found(answers, method, scale=1.0, responses=8, share=0.3, seed=0):
    return agreement(answers, method, scale, responses, share, seed).metrics


@pytest.mark.parametrize("method", ["pvar", "reward_variance", "reward_gap"])
def test_who_reads_the_rewards_finds_the_prompts_where_answers_differ(method, divided):
    metrics = found(made(divided), method)
    assert metrics["rank_correlation"] > 0.7
    assert metrics["gain"] > 1.8  # of 2 at most: half of the prompts have it all


@pytest.mark.parametrize("method", ["pvar_of_length", "length_difference", "random"])
def test_who_does_not_finds_no_more_than_chance(method, divided):
    random = np.random.default_rng(1).integers(5, 500, size=divided.shape)
    gains = [found(made(divided, random), method, seed=seed)["gain"] for seed in range(20)]
    assert np.mean(gains) == pytest.approx(1, abs=0.05)


def test_lengths_find_them_where_length_is_what_the_judge_likes(divided):
    lengths = np.round(500 + 100 * divided).astype(int).clip(1)
    for method in ("pvar_of_length", "length_difference"):
        assert found(made(divided, lengths), method)["rank_correlation"] > 0.7


def test_noise_that_is_read_gains_nothing_on_what_is_not():
    noise = np.random.default_rng(2).normal(size=(PROMPTS, MODELS))  # all prompts alike
    gains = [found(made(noise), "pvar", responses=4, seed=seed)["gain"] for seed in range(20)]
    assert np.mean(gains) == pytest.approx(1, abs=0.03)


def test_the_plan_has_every_selector_and_loads_none():
    assert set(FINDERS) == set(SELECTORS)
    code = """
import sys
from bench.papers.pvar import answers_experiments as answers
from bench.spec import Profile, Request, Variant
answers._fingerprints = lambda request: {}
config = answers.AnswersConfig(seeds={"corrected": 1}, scales=[1.0], responses=8, share=0.3)
assert len(answers._plan_answers(Request(Variant.CORRECTED, Profile.EMBEDDED, config, (0,), None, None))) == 7
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_selector_is_the_same_again(divided):
    lengths = np.random.default_rng(3).integers(5, 500, size=divided.shape)
    for method in SELECTORS:
        assert found(made(divided, lengths), method) == found(made(divided, lengths), method)


def test_the_distribution_has_its_quantiles_and_what_fewer_answers_are_worth(divided):
    metrics = distribution(divided, 1.0).metrics
    curve = np.array([metrics[f"pvar_at_{percent}"] for percent in PERCENT])
    assert np.all(np.diff(curve) >= 0)
    assert curve[0] >= 0
    assert curve[-1] <= 0.25
    assert metrics["mean_pvar"] == pytest.approx(np.trapezoid(curve, PERCENT) / 100, abs=0.01)
    by_size = [metrics[f"reliability_{n}"] for n in SIZES]
    assert by_size == sorted(by_size)
    assert by_size[-1] > 0.9
