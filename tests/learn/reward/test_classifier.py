"""Reward models with a classification head give what the model itself gives, a conversation at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.reward.classifier import Classifier
from bench.models import Origin, Source
from bench.spec import Unavailable

WORDS = ["bake", "bread", "wait", "an hour", "flour", "water", "brown", "until", "mix", "why?"]
TEMPLATE = "{{ bos_token }}{% for message in messages %}[{{ message.role }}] {{ message.content }}\n{% endfor %}"
PADS = {"none": None, "out of the vocabulary": -1, "the end token": "eos", "a token of the texts": "text"}


def text(ids):
    return " ".join(WORDS[number] for number in ids)


def turns(ids):
    """A conversation of three messages where the prompt has more than one token."""
    first, *others = [{"role": "user", "content": text([number])} for number in ids]
    return [first, *([{"role": "assistant", "content": "yes"}, others[-1]] if others else [])]


def group(prompt, *responses):
    return Completions(np.array(prompt, np.int32), tuple(np.array(each, np.int32) for each in responses))


GROUPS = [
    group([0, 1], [2, 3, 4, 5, 6, 7, 8], [9]),
    group([9], [5], [2, 2], [8, 4, 5, 2, 3, 0, 1, 7, 6]),
    group([3], [1]),
]


@pytest.fixture
def make(tiny_model, tmp_path):
    """`make(architecture, **config)`: the folder of a random model with a head, and a tokenizer with a template."""

    def of(architecture="llama", *, template=TEMPLATE, **config):
        folder = tiny_model(architecture)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer.chat_template = template
        if config.get("pad_token_id") == "eos":
            config["pad_token_id"] = tokenizer.eos_token_id
        if config.get("pad_token_id") == "text":
            config["pad_token_id"] = tokenizer(" bread", add_special_tokens=False).input_ids[-1]
        torch.manual_seed(1)
        settings = AutoConfig.from_pretrained(folder, **{"num_labels": 1, "initializer_range": 0.3, **config})
        place = tmp_path / f"{architecture}-{len(list(tmp_path.iterdir()))}"
        AutoModelForSequenceClassification.from_config(settings).save_pretrained(place)
        tokenizer.save_pretrained(place)
        return place

    return of


def load(folder, **options):
    return Classifier.load(Source(Origin.PATH, str(folder)), turns, text, **{"dtype": "float32", **options})


def one_by_one(folder, groups):
    """As a model card does: one conversation, one call, the only logit."""
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def reward(asked, response):
        conversation = [*turns(asked), {"role": "assistant", "content": text(response)}]
        ids = tokenizer.apply_chat_template(conversation, tokenize=True, return_tensors="pt", return_dict=True)
        with torch.no_grad():
            return model(input_ids=ids["input_ids"]).logits[0, 0].item()

    return [[reward(each.prompt, response) for response in each.responses] for each in groups]


@pytest.mark.parametrize("pad", PADS)
@pytest.mark.parametrize("architecture", ["llama", "gpt_neox"])
@pytest.mark.parametrize("ending", ["", "{{ eos_token }}"])
def test_a_batch_gives_what_one_conversation_at_a_time_gives(make, architecture, pad, ending):
    folder = make(architecture, template=TEMPLATE + ending, pad_token_id=PADS[pad])
    found, expected = load(folder).scores(GROUPS), one_by_one(folder, GROUPS)
    assert [len(each) for each in found] == [2, 3, 1]
    np.testing.assert_allclose(np.concatenate(found), np.concatenate(expected), atol=1e-5)
    assert np.ptp(np.concatenate(expected)) > 0.1


SMALL = {
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256, "pad_token_id": None},
    "bert": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64},
}


@pytest.mark.parametrize("kind", SMALL)
def test_padding_moves_no_absolute_position_and_no_encoder_sees_it(tiny_model, tmp_path, kind):
    tokenizer = AutoTokenizer.from_pretrained(tiny_model("llama"))
    tokenizer.chat_template, tokenizer.padding_side = TEMPLATE, "left"
    torch.manual_seed(1)
    config = AutoConfig.for_model(kind, vocab_size=len(tokenizer), num_labels=1, initializer_range=0.3, **SMALL[kind])
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    expected = np.concatenate(one_by_one(tmp_path, GROUPS))
    np.testing.assert_allclose(np.concatenate(load(tmp_path).scores(GROUPS)), expected, atol=1e-5)
    assert np.ptp(expected) > 0.1


def test_many_batches_are_put_together_in_order(make, monkeypatch):
    folder = make()
    whole = load(folder).scores(GROUPS)
    monkeypatch.setattr("bench.data.texts.TOKENS_PER_BATCH", 60)
    parts = load(folder).scores(GROUPS)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_no_group_has_no_reward(make):
    assert load(make()).scores([]) == []


def test_the_models_config_is_as_it_was(make):
    classifier = load(make(pad_token_id=None))
    classifier.scores(GROUPS)
    assert classifier.model.config.pad_token_id is None


def test_half_precision_is_close(make):
    folder = make()
    found = np.concatenate(load(folder, dtype="bfloat16").scores(GROUPS))
    expected = np.concatenate(one_by_one(folder, GROUPS))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=0.15 * np.ptp(expected))


def test_a_model_of_several_logits_is_refused(make):
    with pytest.raises(UserError, match="has 5 logits a text; a reward model has one"):
        load(make(num_labels=5))


def test_a_language_model_without_a_head_is_refused(tiny_model):
    with pytest.raises(UserError, match=r"is no reward model: its weights have no score\.weight"):
        Classifier.load(Source(Origin.PATH, str(tiny_model("llama", num_labels=1))), turns, text)


def test_a_tokenizer_without_a_chat_template_is_refused(make):
    with pytest.raises(UserError, match="no chat template"):
        load(make(template=None))


def test_a_conversation_longer_than_the_models_positions_is_refused_first(make, monkeypatch):
    classifier = load(make(max_position_embeddings=50))
    monkeypatch.setattr(classifier, "_forward", None)
    with pytest.raises(UserError, match=r"a conversation has \d+ tokens, and .* reads 50"):
        classifier.scores(GROUPS)


def test_what_is_not_here_is_not_downloaded(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(Unavailable, match=r"run `hf download Skywork/Skywork-Reward-Llama-3\.1-8B-v0\.2`"):
        Classifier.load(Source(Origin.HUB, "Skywork/Skywork-Reward-Llama-3.1-8B-v0.2"), turns, text)
