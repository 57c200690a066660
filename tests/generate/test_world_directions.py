"""The known-truth world's policy under directions over manners."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig

from bench.data.world import World, encode
from bench.data.world.lexicon import MANNERS
from bench.data.world.vocabulary import words
from bench.generate.robust_selection import robust_selection
from bench.generate.world_directions import WorldDirections, asking

PROMPTS = World().prompts("validation")[:6]


@pytest.fixture(scope="module")
def policy():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    return AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=len(words()), **sizes)).eval()


@pytest.mark.parametrize("manner", MANNERS)
def test_a_direction_asks_for_the_manner_of_its_largest_weight_and_changes_nothing_else(manner):
    direction = np.full(5, 0.3)
    direction[MANNERS.index(manner)] = 0.8
    for prompt in PROMPTS:
        asked = asking(prompt, direction)
        assert asked.manner == manner
        assert (asked.topic, asked.stakes) == (prompt.topic, prompt.stakes)
        assert asked.text.split(", ")[::2] == prompt.text.split(", ")[::2]


def test_who_wants_no_manner_asks_for_any():
    assert asking(PROMPTS[0], np.full(5, -0.4)).manner is None


def test_the_worth_of_a_response_is_which_manners_are_in_it():
    said = "people come because of the trains . for example , look at the tracks ."
    worth = WorldDirections(None, PROMPTS[:1], seed=0).worth([encode(said)])
    assert dict(zip(MANNERS, worth[0], strict=True)) == {
        "example": 1,
        "number": 0,
        "reason": 1,
        "advice": 0,
        "story": 0,
    }


def test_draws_differ_and_repeat_and_the_direction_changes_the_prompt(policy):
    world = WorldDirections(policy, PROMPTS, seed=0, max_tokens=5)

    def said(direction, draw):
        return [one.tolist() for one in world.respond(direction, draw)]

    example, number = np.eye(5)[:2]
    assert said(example, 0) == said(example, 0)
    assert len({str(said(*asked)) for asked in ((example, 0), (example, 1), (number, 0))}) == 3


def test_without_an_angle_it_is_the_best_of_k_samples_under_the_direction_itself(policy):
    world = WorldDirections(policy, PROMPTS, seed=0, max_tokens=30, temperature=1.0)
    direction = np.array([0.8, 0.6, 0.0, 0.0, 0.0])
    found = robust_selection(world.respond, world.worth, direction, count=4, angle=0.0, seed=0)
    best = np.max([world.worth(world.respond(direction, draw)) @ direction for draw in range(4)], axis=0)
    np.testing.assert_allclose(world.worth(found) @ direction, best)
    other = robust_selection(world.respond, world.worth, direction, count=4, angle=math.pi / 2, seed=0)
    assert [one.tolist() for one in other] != [one.tolist() for one in found]
