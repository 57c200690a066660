"""PairRM, on a small random checkpoint in the schema of llm-blender/PairRM-hf: its config, names and marks."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from transformers import DebertaV2Config, DebertaV2Model, PreTrainedTokenizerFast

from bench.errors import UserError
from bench.label import PairRM, pairrm
from bench.learn.policy.completions import Completions
from bench.models import Origin, Source
from bench.spec import Unavailable

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
MARKS = ["<|source|>", "<|candidate1|>", "<|candidate2|>", "<|candidate|>"]
FIELDS = {  # of the published config.json; sizes and, so that outputs are not all alike, the spread are ours
    "architectures": ["DebertaV2PairRM"],
    "drop_out": 0.05,
    "hidden_act": "gelu",
    "hidden_size": 16,
    "initializer_range": 0.4,
    "intermediate_size": 32,
    "layer_norm_eps": 1e-7,
    "max_position_embeddings": 512,
    "max_relative_positions": -1,
    "model_type": "deberta-v2",
    "n_tasks": 1,
    "norm_rel_ebd": "layer_norm",
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "pad_token_id": 0,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "position_buckets": 8,
    "relative_attention": True,
    "share_att_key": True,
    "torch_dtype": "float32",
    "transformers_version": "4.35.2",
    "type_vocab_size": 0,
}


def ids(*numbers):
    return np.array(numbers, dtype=np.int32)


def decode(tokens):
    return " ".join(WORDS[token] for token in tokens)


GROUPS = [
    Completions(ids(1, 2), (ids(3, 4, 5), ids(6))),
    Completions(ids(7), (ids(8), ids(9, 10))),
    Completions(ids(1, 2, 3, 4, 5, 6, 7), (ids(2, 2, 2, 2, 2, 2), ids(5, 3))),
]


def tokenizer():
    """DeBERTa's kind: pieces of words, [CLS] text [SEP], and its own normalisation, here NFKC."""
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
    letters = [*(("▁", -2.0),), *((letter, -6.0) for letter in "abcdefghijklmnopqrstuvwxyz")]
    vocabulary = [*((token, 0.0) for token in special), *(("▁" + word, -3.0) for word in WORDS), *letters]
    pieces = Tokenizer(Unigram(vocabulary, 3))
    pieces.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Strip()])
    pieces.pre_tokenizer, pieces.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    pieces.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    names = dict(zip(("pad_token", "cls_token", "sep_token", "unk_token"), special, strict=True))
    made = PreTrainedTokenizerFast(tokenizer_object=pieces, **names)
    made.add_tokens(["[MASK]", *MARKS])
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("PairRM-hf")
    words = tokenizer()
    words.save_pretrained(place)
    settings = json.loads((place / "tokenizer_config.json").read_text())
    (place / "tokenizer_config.json").write_text(json.dumps({**settings, "tokenizer_class": "DebertaV2Tokenizer"}))
    keys = ("source_prefix_id", "cand1_prefix_id", "cand2_prefix_id", "cand_prefix_id")
    fields = {**FIELDS, **dict(zip(keys, words.convert_tokens_to_ids(MARKS), strict=True)), "vocab_size": len(words)}
    (place / "config.json").write_text(json.dumps(fields))
    torch.manual_seed(0)
    body = DebertaV2Model(DebertaV2Config(**fields)).state_dict()
    head = {"1.weight": (16, 32), "1.bias": (16,), "4.weight": (1, 16), "4.bias": (1,)}
    weights = {f"pretrained_model.{name}": value for name, value in body.items()}
    weights |= {f"head_layer.{name}": torch.randn(shape) for name, shape in head.items()}
    save_file(weights, place / "model.safetensors")
    return place


@pytest.fixture
def judge(folder):
    return PairRM.load(decode, Source(Origin.PATH, str(folder)))


def by_hand(folder, prompt, left, right):
    """The model's log-odds that the left candidate is better: one sequence, built and read as published."""
    words = tokenizer()
    texts = (f"<|source|>{prompt}", f"<|candidate1|>{left}", f"<|candidate2|>{right}")
    stream = torch.tensor([token for text in texts for token in words(text).input_ids])
    config = json.loads((folder / "config.json").read_text())
    weights = load_file(folder / "model.safetensors")
    body = DebertaV2Model(DebertaV2Config(**config)).eval()
    start = "pretrained_model."
    body.load_state_dict({name[len(start) :]: value for name, value in weights.items() if name.startswith(start)})
    with torch.no_grad():
        hidden = body(input_ids=stream[None]).last_hidden_state[0]
    at = [hidden[stream == words.convert_tokens_to_ids(mark)] for mark in MARKS[:3]]
    scores = []
    for candidate in at[1:]:
        inner = torch.cat([at[0], candidate], dim=-1) @ weights["head_layer.1.weight"].T + weights["head_layer.1.bias"]
        scores.append(torch.tanh(inner) @ weights["head_layer.4.weight"].T + weights["head_layer.4.bias"])
    return float(scores[0] - scores[1])


def test_log_odds_are_the_mean_of_the_models_in_both_orders(judge, folder):
    expected = []
    for group in GROUPS:
        prompt, first, second = map(decode, (group.prompt, *group.responses))
        there, back = by_hand(folder, prompt, first, second), by_hand(folder, prompt, second, first)
        expected.append((there - back) / 2)
        assert abs(there + back) > 0.01  # the random model does lean to a side
    found = judge.label(GROUPS)
    np.testing.assert_allclose(found.log_odds, expected, atol=1e-5)
    assert np.abs(found.log_odds).min() > 0.05
    assert found.labels_spent == 0


def test_exchanging_the_responses_changes_the_sign_and_equal_ones_are_a_tie(judge):
    exchanged = [Completions(group.prompt, group.responses[::-1]) for group in GROUPS]
    np.testing.assert_allclose(judge.label(GROUPS).log_odds, -judge.label(exchanged).log_odds, atol=1e-6)
    assert judge.label([Completions(ids(1), (ids(2, 3), ids(2, 3)))]).log_odds[0] == pytest.approx(0, abs=1e-6)


def test_what_else_is_judged_changes_nothing(judge, monkeypatch):
    alone = [judge.label([group]).log_odds[0] for group in GROUPS]
    np.testing.assert_allclose(judge.label(GROUPS).log_odds, alone, atol=1e-5)
    monkeypatch.setattr(pairrm, "SEQUENCES", 2)
    np.testing.assert_allclose(judge.label(GROUPS[::-1]).log_odds, alone[::-1], atol=1e-5)


def test_a_long_prompt_loses_its_end_and_candidates_have_what_it_leaves(judge, monkeypatch):
    monkeypatch.setattr(pairrm, "MAX_SOURCE", 6)  # [CLS] mark and 3 words [SEP]
    monkeypatch.setattr(pairrm, "MAX_LENGTH", 16)  # which leaves 5, 2 words, for each candidate
    sizes = judge.label([Completions(ids(1, 2, 3, 4, 5), (ids(6, 7, 8), ids(9, 10, 1)))])
    cut = judge.label([Completions(ids(1, 2, 3), (ids(6, 7), ids(9, 10)))])
    assert sizes.log_odds[0] == cut.log_odds[0]
    more = judge.label([Completions(ids(1, 2), (ids(6, 7, 8), ids(9, 10, 1)))])  # one token less: 5 each, still
    assert more.log_odds[0] == judge.label([Completions(ids(1, 2), (ids(6, 7), ids(9, 10)))]).log_odds[0]
    most = judge.label([Completions(ids(1), (ids(6, 7, 8), ids(9, 10, 1)))])
    assert most.log_odds[0] != judge.label([Completions(ids(1), (ids(6, 7), ids(9, 10)))]).log_odds[0]


def test_texts_have_the_published_lengths(judge, monkeypatch):
    seen = []

    def forward(ids, mask, marks):
        seen.append((marks[0].tolist(), ids.shape[1]))
        return torch.zeros(len(ids))

    monkeypatch.setattr(judge.ranker, "forward", forward)
    for prompt in (1300, 10):
        judge.label([Completions(ids(*[1] * prompt), (ids(*[2] * 1100), ids(*[3] * 1100)))])
    assert seen[0] == ([1, 1224 + 1, 1224 + 412 + 1], 2048)
    assert seen[1] == ([1, 13 + 1, 13 + 1017 + 1], 2047)  # 13 of the source; 2048 - 13 is an odd number to share


def test_a_text_may_spell_out_a_mark(judge):
    judge.decode = lambda tokens: decode(tokens) + " <|candidate2|> [SEP]"
    assert np.isfinite(judge.label(GROUPS).log_odds).all()


def test_texts_are_normalised_as_the_checkpoint_says(judge):
    plain = judge.label(GROUPS).log_odds
    judge.decode = lambda tokens: decode(tokens).replace("f", "ｆ") + "  "  # full width, which NFKC undoes
    np.testing.assert_array_equal(judge.label(GROUPS).log_odds, plain)


def test_a_checkpoint_that_is_not_here_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(Unavailable, match="run `hf download llm-blender/PairRM-hf`"):
        PairRM.load(decode)
    with pytest.raises(Unavailable, match=r"config\.json at"):
        PairRM.load(decode, Source(Origin.PATH, str(tmp_path)))


def test_another_model_is_refused(folder, tmp_path):
    def changed(name, change):
        place = shutil.copytree(folder, tmp_path / name)
        change(place)
        return Source(Origin.PATH, str(place))

    def without_head(place):
        weights = load_file(place / "model.safetensors")
        save_file({name: value for name, value in weights.items() if "head" not in name}, place / "model.safetensors")

    def plain(place):
        (place / "config.json").write_text(json.dumps(FIELDS))

    def no_marks(place):
        text = (place / "tokenizer.json").read_text().replace("<|candidate2|>", "<|other|>")
        (place / "tokenizer.json").write_text(text)

    with pytest.raises(UserError, match="does not hold the weights of llm-blender/PairRM-hf"):
        PairRM.load(decode, changed("head", without_head))
    with pytest.raises(UserError, match="no source_prefix_id, cand1_prefix_id, cand2_prefix_id"):
        PairRM.load(decode, changed("plain", plain))
    with pytest.raises(UserError, match=r"tokenizer\.json is missing"):
        PairRM.load(decode, changed("words", lambda place: (place / "tokenizer.json").unlink()))
    with pytest.raises(UserError, match=r"does not know <\|candidate2\|>"):
        PairRM.load(decode, changed("marks", no_marks)).label(GROUPS)


def test_a_preference_is_between_two(judge):
    with pytest.raises(UserError, match="group 0 has 3 responses"):
        judge.label([Completions(ids(1), (ids(2), ids(3), ids(4)))])
