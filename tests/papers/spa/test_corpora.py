"""Whose prompts the loop on text has: what is in each part, and that parts share nothing."""

from __future__ import annotations

import itertools

import pytest
from tiny_text import SHIPPED

from bench.data import alpaca_eval, hh_rlhf, splits
from bench.papers.spa import corpora
from bench.papers.spa.corpora import Turn
from bench.spec import Profile


def test_a_dialogue_is_its_messages():
    dialogue = "\n\nHuman: hi\n\nAssistant: hello\n\nHuman: why?\n\nAssistant:"
    assert corpora.turns(dialogue) == (Turn("user", "hi"), Turn("assistant", "hello"), Turn("user", "why?"))


def test_messages_of_one_speaker_are_joined_and_empty_ones_left_out():
    dialogue = "\n\nHuman: hi\n\nHuman: there\n\nAssistant:\n\nHuman: why?\n\nAssistant:"
    assert corpora.turns(dialogue) == (Turn("user", "hi\n\nthere\n\nwhy?"),)


@pytest.fixture(scope="module")
def small(data_dir):
    """The shipped study's prompts."""
    return corpora.human_preferences(data_dir, judge=1000, held_out=200, seed=600, test=100)


def test_the_shipped_study_has_these_prompts(small, data_dir):
    settings = SHIPPED[Profile.SMALL, "table1"]
    assert len(small.test) == 100
    assert len(small.judge) == 1000
    assert len(small.held_out) == 200
    assert len(small.train) == 600 + (805 - 100) + (corpora.OPENINGS - 1800)
    assert all(one.pair is not None for one in small.train[:600])
    assert all(one.pair is None for one in small.train[600:])
    assert len(alpaca_eval.prompts(data_dir)) == corpora.ASKED
    assert 600 + sum(settings["prompts"]) <= len(small.train)
    # The first iteration, of 150, has prompts of both sources.
    sources = {one.id.split("/")[0] for one in small.train[600:750]}
    assert sources == {"hh", "alpaca_eval"}


def test_no_prompt_and_no_opening_is_in_two_parts(small, data_dir):
    openings = {pair.id: pair.group for pair in hh_rlhf.load(data_dir, "hh_helpful").pairs}
    parts = [small.judge, small.held_out, small.train[:600], small.train[600:], small.test]
    names = [{openings.get(one.id, one.id) for one in part} for part in parts]
    for (one, part), (other, _) in itertools.combinations(zip(names, parts, strict=True), 2):
        assert not one & other
        assert len(one) == len(part)


def test_every_prompt_ends_with_the_person(small):
    for one in itertools.chain(small.judge, small.held_out, small.train, small.test):
        assert one.turns[-1].role == "user"
        assert all(turn.content for turn in one.turns)


def test_the_papers_positions_are_its_split():
    order = [corpora._draw(seed) for seed in corpora.DRAWS]
    for seed, rows in zip(corpora.DRAWS, order, strict=True):
        split = splits.load("spa", seed)
        assert len(rows) == corpora.DRAW
        assert rows[:2000] == list(split["seed"])
        assert rows[2000:10_000] == list(split["iteration_1"])
        assert rows[10_000:30_000] == list(split["iteration_2"])
        assert rows[30_000:] == list(split["iteration_3"])
    assert len(splits.load("spa-10")["seed"]) == corpora.LARGEST_SEED
