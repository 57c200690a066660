"""States kept in memory are those of the language model, which runs a text once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_texts import PADDING, backbone, groups

from bench.learn.reward.pal import PALB, Training
from bench.learn.reward.pal.features import hidden_states
from bench.learn.reward.pal.memory import Memory
from bench.learn.reward.pal.reading import Asked, Reading, Window
from bench.learn.reward.pal.text import TextPAL
from bench.learn.reward.pal.tokens import Texts

MEANT = Reading(max_length=24)
PADDED = Reading(Asked.SAME_PLACE, Window.PADDED, max_length=24)


def some(count, seed=0):
    """Texts, and keys of two positions of each, one of them of padding."""
    texts, keys = Texts(24, PADDING), []
    for group in groups(count, seed):
        number = texts.add(group.prompt)
        keys += [number * 24 + len(group.prompt) - 1, number * 24 + len(group.prompt) + 2]
    return texts, np.unique(keys)


def corpus(count, seed=0):
    texts = Texts(24, PADDING)
    for group in groups(count, seed):
        for ids in (group.prompt, *group.responses):
            texts.add(ids)
    return texts


def counted(lm):
    """The rows that it runs from now on."""
    rows = []
    lm.register_forward_pre_hook(lambda _, __, given: rows.append(len(given["input_ids"])), with_kwargs=True)
    return rows


@pytest.mark.parametrize("reach", [0, 24])
@pytest.mark.parametrize("seed", [0, 1])  # texts that are in it, and others
@torch.no_grad()
def test_states_are_the_language_models(reach, seed):
    lm = backbone()
    texts, keys = some(8, seed)
    found = Memory(lm, corpus(8), reach).states(texts, keys)
    assert torch.allclose(found, hidden_states(lm, texts, keys), atol=1e-5)


def test_a_text_of_the_corpus_runs_once():
    lm = backbone()
    rows, texts = counted(lm), corpus(8)
    memory = Memory(lm, texts, reach=24)
    assert sum(rows) == len(texts.rows)
    memory.states(*some(8))
    assert sum(rows) == len(texts.rows)


def test_what_was_asked_before_changes_no_bit():
    lm = backbone()
    memory, (texts, keys) = Memory(lm, corpus(8)), some(12)
    first = memory.states(texts, keys)
    memory.states(*some(20, seed=1))
    memory.states(texts, keys[::3])
    assert torch.equal(memory.states(texts, keys), first)


@pytest.mark.parametrize("reading", [MEANT, PADDED])
def test_a_model_learns_the_same_with_it(reading):
    found, lm = groups(16), backbone()
    who, labels = [index % 4 for index in range(16)], np.where(np.arange(16) % 3, 1.0, -1.0)
    plain, kept = (
        TextPAL(PALB(training=Training(batch_size=8)), lm, PADDING, reading, memory=memory).fit(
            found, labels, annotators=who
        )
        for memory in (None, Memory(lm, corpus(16)))
    )
    wanted = plain.decision_function(found, annotators=who)
    assert kept.decision_function(found, annotators=who) == pytest.approx(wanted, abs=1e-4)
