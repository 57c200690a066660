"""Embedding many texts: in which order and batches, and what a kill may cost."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data import texts
from bench.data.tables import write_table
from bench.data.texts import Text, embed_in_batches, token_ids

ROWS = [[length] * length for length in (3, 1, 2, 5, 1, 4)]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(texts, "TOKENS_PER_BATCH", 4)
    monkeypatch.setattr(texts, "SAVE_SECONDS", 0.0)


class Forward:
    """The features of a row: its sum and its length. Killed before batch number `kill_at`."""

    def __init__(self, kill_at: int = 100):
        self.batches: list[list[int]] = []
        self.kill_at = kill_at

    def __call__(self, rows):
        if len(self.batches) == self.kill_at:
            raise KeyboardInterrupt
        self.batches.append([len(row) for row in rows])
        return np.array([[sum(row), len(row)] for row in rows], dtype=np.float32)


def test_rows_are_batched_by_length_and_returned_in_their_order():
    forward, calls = Forward(), []
    found = embed_in_batches(ROWS, 2, forward, lambda *done: calls.append(done))
    assert forward.batches == [[1, 1], [2], [3], [4], [5]]
    np.testing.assert_array_equal(found, [[sum(row), len(row)] for row in ROWS])
    assert calls == [(2, 6), (3, 6), (4, 6), (5, 6), (6, 6)]


def test_after_a_kill_only_the_rest_is_computed(tmp_path):
    partial = tmp_path / "x.partial.npy"
    with pytest.raises(KeyboardInterrupt):
        embed_in_batches(ROWS, 2, Forward(kill_at=3), None, partial)
    rest, calls = Forward(), []
    found = embed_in_batches(ROWS, 2, rest, lambda *done: calls.append(done), partial)
    assert rest.batches == [[4], [5]]
    assert calls == [(5, 6), (6, 6)]
    np.testing.assert_array_equal(found, embed_in_batches(ROWS, 2, Forward()))


@pytest.mark.parametrize("damage", [b"", b"junk"])
def test_a_damaged_partial_file_is_computed_anew(tmp_path, damage):
    partial = tmp_path / "x.partial.npy"
    partial.write_bytes(damage)
    assert not np.isnan(embed_in_batches(ROWS, 2, Forward(), None, partial)).any()
    write_table(partial, np.zeros((6, 3), dtype=np.float32))  # of another width
    assert embed_in_batches(ROWS, 2, Forward(), None, partial).shape == (6, 2)


def tokenize(strings):
    return [[ord(letter) for letter in string] for string in strings]


@pytest.mark.parametrize(
    ("room", "expected"), [(9, "promptans"), (8, "romptans"), (4, "tans"), (3, "ans"), (2, "an"), (20, "promptans")]
)
def test_the_prompt_gives_way_to_the_answer_from_its_left(room, expected):
    assert token_ids([Text("prompt", "ans")], tokenize, room) == tokenize([expected])
