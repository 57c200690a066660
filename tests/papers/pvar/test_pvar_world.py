"""The lab: what is sampled, learnt and judged in one world, kept by content."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_pvar import lab_of, shipped

from bench.data.world.annotator import NOISE
from bench.data.world.gold import STAKES, rewards
from bench.errors import UserError
from bench.papers.pvar import world
from bench.papers.pvar.selecting import rewards_at_hand


def test_a_wide_pool_has_prompts_of_all_stakes_and_an_even_one_of_the_middle(lab):
    wide, even = (lab.pool(spread)[0] for spread in ("wide", "even"))
    assert {prompt.stakes for prompt in wide} == set(STAKES)
    assert {prompt.stakes for prompt in even} == {"middle"}
    assert len(wide) == len(even) == 24


def test_variances_spread_less_in_an_even_pool(cache):
    from bench.select.pvar import preference_variance

    larger = lab_of(cache, pool=120)
    spread = {name: preference_variance(larger.rewards(name, "gold")).std() for name in ("wide", "even")}
    assert spread["wide"] > 1.3 * spread["even"]


def test_no_prompt_of_a_pool_has_a_label_that_a_reward_model_learnt_from(lab):
    labelled = {tuple(pair.prompt.tolist()) for pair in lab._annotated}
    for spread in ("wide", "even"):
        assert not labelled & {tuple(prompt.ids.tolist()) for prompt in lab.pool(spread)[0]}


def test_a_smaller_reward_model_learns_from_a_part_of_the_largers_labels(lab, monkeypatch):
    seen = {}
    monkeypatch.setattr(world, "train", lambda model, pairs, *_: seen.setdefault(len(pairs), pairs) and Fit())
    for labels in (16, 32):
        lab._labelled(labels, 1, 1e-3)
    everyone = {id(pair) for pair in seen[32]}
    assert all(id(pair) in everyone for pair in seen[16])


class Fit:
    """What `train` leaves."""

    seconds = 0.0


def test_gold_rewards_are_in_units_of_the_annotators_noise(lab):
    prompts, groups = lab.pool("wide")
    first = rewards(prompts, [group.responses[0] for group in groups])
    np.testing.assert_allclose(lab.rewards("wide", "gold")[:, 0] * NOISE, first)


def test_another_lab_finds_what_one_has_made(cache, lab, monkeypatch):
    there = lab.rewards("wide", "small")
    monkeypatch.setattr(world, "sample", None)
    monkeypatch.setattr(world, "train", None)
    again = lab_of(cache)
    np.testing.assert_array_equal(again.rewards("wide", "small"), there)


def test_a_selector_may_ask_for_the_rewards_of_its_pool_alone(lab):
    at_hand = rewards_at_hand(lab, "wide", "large")
    with pytest.raises(UserError, match="those of the pool 'wide'"):
        at_hand(lab.pool("even")[1])


def test_held_out_pairs_have_the_better_response_first_and_no_ties(lab):
    pairs, before = lab.held_out(10)
    prompts = {tuple(prompt.ids.tolist()): prompt for prompt in lab.world.prompts("validation")[:10]}
    for pair in pairs:
        first, second = rewards([prompts[tuple(pair.prompt.tolist())]] * 2, pair.responses)
        assert first > second
    assert len(before) == len(pairs) <= 10


def test_too_large_a_pool_says_what_there_is():
    from tiny_pvar import read

    with pytest.raises(UserError, match=r"pool and reward_models.large.labels need .* the world has 16,000"):
        read(pool=4000)
    assert shipped()["pool"] * 3 + shipped()["reward_models"]["large"]["labels"] < 16_000
