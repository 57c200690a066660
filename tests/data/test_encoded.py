"""Features of what people compared: each text embedded once, looked up wherever it is compared."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data import features
from bench.data.annotated import make_annotated
from bench.data.encoded import Table, embedding, texts_of, with_features
from bench.data.texts import Text
from bench.errors import UserError


class Lengths:
    """An encoder without weights: characters of prompt and of answer. It counts what it embeds."""

    def __init__(self):
        self.embedded = []

    def require(self):
        pass

    def settings(self):
        return {"reads": "lengths"}

    def dimension(self):
        return 2

    def embed(self, texts, progress=None, partial=None):
        self.embedded += texts
        return np.array([[len(text.prompt), len(text.answer)] for text in texts], dtype=np.float32)


@pytest.fixture
def lengths(monkeypatch):
    encoder = Lengths()
    monkeypatch.setattr(features, "ENCODERS", {"lengths": encoder})
    return encoder


def judged(prompts=("which?", "which?", "what then?"), second=(1, 2, 2)):
    return make_annotated(
        "made",
        items=("a", "bb", "ccc", "nobody compares this one"),
        first=(0, 0, 1),
        second=second,
        labels=(1, -1, 1),
        annotators=("x", "y", "x"),
        prompts=prompts,
        source="made",
    )


def test_every_text_that_is_compared_is_listed_once():
    assert texts_of(judged()) == [
        Text("which?", "a"),
        Text("which?", "bb"),
        Text("which?", ""),
        Text("which?", "ccc"),
        Text("what then?", "bb"),
        Text("what then?", "ccc"),
        Text("what then?", ""),
    ]


def test_without_prompts_the_texts_are_the_items():
    assert texts_of(judged(prompts=None)) == [Text("", "a"), Text("", "bb"), Text("", "ccc")]


def test_a_comparison_has_the_features_of_its_items_after_its_prompt_and_of_the_prompt(lengths, tmp_path):
    data = judged()
    found = with_features(data, embedding(texts_of(data), "lengths", cache_dir=tmp_path))
    assert found.items.tolist() == [[[6, 1], [6, 2]], [[6, 1], [6, 3]], [[10, 2], [10, 3]]]
    assert found.prompts.tolist() == [[6, 0], [6, 0], [10, 0]]
    assert found.comparisons is data
    assert found.rankings == (0, 1, 2)


def test_items_can_be_read_without_their_prompt(lengths, tmp_path):
    data = judged()
    found = with_features(data, embedding(texts_of(data, alone=True), "lengths", cache_dir=tmp_path), alone=True)
    assert found.items.tolist() == [[[0, 1], [0, 2]], [[0, 1], [0, 3]], [[0, 2], [0, 3]]]
    assert found.prompts.tolist() == [[6, 0], [6, 0], [10, 0]]


def test_without_prompts_there_are_no_features_of_them(lengths, tmp_path):
    data = judged(prompts=None)
    found = with_features(data, embedding(texts_of(data), "lengths", cache_dir=tmp_path))
    assert found.prompts.shape == (3, 0)


def test_one_table_serves_every_draw_and_is_embedded_once(lengths, tmp_path):
    data = judged()
    whole = with_features(data, embedding(texts_of(data), "lengths", cache_dir=tmp_path))
    part = with_features(data.take([2, 0]), embedding(texts_of(data), "lengths", cache_dir=tmp_path))
    assert (part.items == whole.items[[2, 0]]).all()
    assert len(lengths.embedded) == len(texts_of(data))


def test_a_text_that_was_not_embedded_is_refused(lengths, tmp_path):
    few = embedding(texts_of(judged().take([0])), "lengths", cache_dir=tmp_path)
    with pytest.raises(UserError, match="made: a text of a comparison is not among the 3 that were embedded"):
        with_features(judged(), few)


def test_prompts_in_some_comparisons_only_are_refused():
    data = judged()
    data.asked[1] = -1
    with pytest.raises(UserError, match="1 of 3 comparisons have no prompt"):
        with_features(data, Table({}, np.empty((0, 2), dtype=np.float32)))
