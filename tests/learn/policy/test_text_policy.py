"""A language model of a few texts: its tokens, and that it is made once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.learn.policy import text_policy as module
from bench.learn.policy.completions import Completions
from bench.learn.policy.encoding import Limits
from bench.learn.policy.log_probs import response_log_probs
from bench.learn.policy.text_policy import Size, byte_pairs, text_policy

SIZE = Size(vocabulary=300, width=32, layers=1, heads=2, epochs=6, batch_size=8, learning_rate=1e-2, threads=1)
SHOWN = [(f"What about {word}?", f" I like {word} a lot.") for word in ("rivers", "stones", "clouds", "gardens")] * 8


def test_any_text_can_be_written_in_the_tokens_of_a_few_texts():
    tokenizer = byte_pairs(["a river", "a stone"], 270)
    assert tokenizer.decode(tokenizer("naïve — 火 🙂").input_ids, skip_special_tokens=True) == "naïve — 火 🙂"
    assert tokenizer("a").input_ids[0] == tokenizer.bos_token_id
    assert len(tokenizer) <= 270


def test_the_model_answers_as_its_texts_do(tmp_path):
    model, tokenizer = text_policy(SHOWN, SIZE, Limits(24, 24), cache_dir=tmp_path)
    ids = [np.array(tokenizer(text, add_special_tokens=False).input_ids, np.int32) for text in (" I like", " never of")]
    prompt = np.array(tokenizer(SHOWN[0][0]).input_ids, np.int32)
    likely, unlikely = (response_log_probs(model, [Completions(prompt, (one,))])[0].mean() for one in ids)
    assert likely > -0.5 > unlikely


def test_it_is_trained_once_and_kept_by_content(tmp_path, monkeypatch):
    made = text_policy(SHOWN, SIZE, Limits(24, 24), cache_dir=tmp_path)[0]
    monkeypatch.setattr(module, "train", None)
    again = text_policy(SHOWN, SIZE, Limits(24, 24), cache_dir=tmp_path)[0]
    assert all(torch.equal(one, other) for one, other in zip(made.parameters(), again.parameters(), strict=True))
    for rows, limits in ((SHOWN[1:], Limits(24, 24)), (SHOWN, Limits(24, 20))):
        with pytest.raises(TypeError):
            text_policy(rows, SIZE, limits, cache_dir=tmp_path)


def test_the_same_texts_make_the_same_bits(tmp_path):
    one, other = (text_policy(SHOWN, SIZE, Limits(24, 24), cache_dir=tmp_path / name)[0] for name in "ab")
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
