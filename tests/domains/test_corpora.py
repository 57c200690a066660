"""Whose prompts a study on text has: what is in each part, and that parts share nothing."""

from __future__ import annotations

import itertools
import json

import pytest

from bench.data import alpaca_eval, hh_rlhf
from bench.domains import corpora
from bench.domains.corpora import Turn


def test_a_dialogue_is_its_messages():
    dialogue = "\n\nHuman: hi\n\nAssistant: hello\n\nHuman: why?\n\nAssistant:"
    assert corpora.turns(dialogue) == (Turn("user", "hi"), Turn("assistant", "hello"), Turn("user", "why?"))


def test_messages_of_one_speaker_are_joined_and_empty_ones_left_out():
    dialogue = "\n\nHuman: hi\n\nHuman: there\n\nAssistant:\n\nHuman: why?\n\nAssistant:"
    assert corpora.turns(dialogue) == (Turn("user", "hi\n\nthere\n\nwhy?"),)


@pytest.fixture(scope="module")
def small(data_dir):
    """The prompts of a study with 600 pairs."""
    return corpora.human_preferences(data_dir, judge=1000, held_out=200, pairs=600, test=100, study="a study")


def test_parts_have_the_sizes_that_are_asked_for(small, data_dir):
    assert len(small.test) == 100
    assert len(small.judge) == 1000
    assert len(small.held_out) == 200
    assert len(small.train) == 600 + (805 - 100) + (corpora.OPENINGS - 1800)
    assert all(one.pair is not None for one in small.train[:600])
    assert all(one.pair is None for one in small.train[600:])
    assert len(alpaca_eval.prompts(data_dir)) == corpora.ASKED
    # Prompts without a pair are of both sources, from the first on.
    assert {one.id.split("/")[0] for one in small.train[600:750]} == {"hh", "alpaca_eval"}


def test_another_study_has_the_same_prompts_in_another_order(small, data_dir):
    other = corpora.human_preferences(data_dir, judge=1000, held_out=200, pairs=600, test=100, study="another study")
    assert [one.id for one in other.test] != [one.id for one in small.test]
    assert {one.id for part in vars(other).values() for one in part} == {
        one.id for part in vars(small).values() for one in part
    }


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


def test_pairs_of_ultrafeedback_are_in_the_order_of_the_study(tmp_path, monkeypatch):
    monkeypatch.setattr(corpora, "instructions", lambda _: [])
    folder = tmp_path / "ultrafeedback"
    folder.mkdir()
    (folder / "train.jsonl").write_text("".join(f"{json.dumps(_row(number))}\n" for number in range(4)))
    found = corpora.ultra_feedback(tmp_path, lambda: [2, 0, 2])
    assert [one.id for one in found.train] == ["2", "0", "2"]
    assert found.train[0].turns == (Turn("user", "question 2"),)
    assert found.train[0].pair.chosen == "good 2"


def _row(number):
    asked = {"role": "user", "content": f"question {number}"}
    sides = {side: [asked, {"role": "assistant", "content": f"{text} {number}"}]
             for side, text in (("chosen", "good"), ("rejected", "bad"))}  # fmt: skip
    ratings = {f"{side}-{what}": value for side in sides for what, value in (("rating", 1.0), ("model", "m"))}
    return {"source": "made", "prompt": asked["content"], **sides, **ratings}
