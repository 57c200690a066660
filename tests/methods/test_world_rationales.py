"""Rationales of the known-truth world: sentences in its words that name what counts."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from bench.data.world import ATTRIBUTES, Annotator, World, decode
from bench.data.world.vocabulary import END_ID
from bench.learn.policy.completions import Completions
from bench.methods.objectives.world_rationales import ADVICE, rationales, sentence

WORLD = World(10000)


def demonstrated(count):
    """Pairs of demonstrations of each of `count` prompts, as the world's people order them."""
    shown = list(WORLD.demonstrations("test", each=3))[:count]
    rows = [(prompt, pair) for prompt, responses in shown for pair in combinations(responses, 2)]
    prompts = [prompt for prompt, _ in rows]
    first, second = ([pair[side] for _, pair in rows] for side in (0, 1))
    log_odds = Annotator(seed=10000, budget=len(rows)).prefer(prompts, first, second)
    return prompts, [
        Completions(prompt.ids, (one, other) if odds > 0 else (other, one))
        for prompt, one, other, odds in zip(prompts, first, second, log_odds, strict=True)
    ]


def test_every_attribute_has_advice_in_the_worlds_words_and_no_two_the_same():
    prompt = WORLD.prompts("test")[0]
    said = {decode(sentence(name, prompt, more=more)) for name in ATTRIBUTES for more in (True, False)}
    assert ADVICE.keys() == set(ATTRIBUTES)
    assert len(said) == 2 * len(ATTRIBUTES)
    assert f"one should write about the {prompt.topic}." in said
    assert "one should not guess." in said


def test_rationales_name_what_people_go_by():
    """Of bought labels alone: rudeness is advised against, never for, and politeness for."""
    _, pairs = demonstrated(60)
    found = [decode(why) for why in rationales(pairs) if why is not None]
    assert len(found) > 0.8 * len(pairs)
    assert "one should not say stupid things." in found
    assert "one should say stupid things." not in found
    assert "one should not thank people." not in found


def test_rationales_end_and_are_the_same_again():
    _, pairs = demonstrated(5)
    first, again = rationales(pairs), rationales(pairs)
    assert all(why is None or why[-1] == END_ID for why in first)
    assert all(one is other or np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_two_equal_responses_have_no_rationale():
    _, pairs = demonstrated(5)
    same = Completions(pairs[0].prompt, (pairs[0].responses[0],) * 2)
    assert rationales([*pairs, same])[-1] is None


@pytest.mark.parametrize("prompt", [[1, 5, 9], [1, 100000]])
def test_pairs_of_another_place_have_none(prompt):
    _, pairs = demonstrated(2)
    ids = np.array([7], np.int32)
    assert set(rationales([*pairs, Completions(np.array(prompt, np.int32), (ids, ids))])) == {None}
