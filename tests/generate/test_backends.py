"""Backends by name, and vLLM's against a stand-in with its documented interface."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from bench.errors import UserError
from bench.generate import backend, sample, vllm
from bench.spec import Unavailable


@dataclass(kw_only=True)
class SamplingParams:
    """The parameters of vllm.SamplingParams that are used, with its defaults; another name is a TypeError, as there."""

    n: int = 1
    seed: int | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int | None = 16
    stop_token_ids: list[int] | None = None
    ignore_eos: bool = False
    detokenize: bool = True


@dataclass
class LLM:
    """Answers with numbers drawn from the request's seed until a stop token or max_tokens."""

    model: str
    skip_tokenizer_init: bool = False
    dtype: str = "auto"
    calls: list[int] = field(default_factory=list)
    finish_reason: str | None = None

    @property
    def llm_engine(self):
        return SimpleNamespace(model_config=SimpleNamespace(max_model_len=64, get_vocab_size=lambda: 50))

    def generate(self, prompts, sampling_params=None, *, use_tqdm=True):
        assert not use_tqdm
        self.calls.append(len(prompts))
        return [self._answer(p["prompt_token_ids"], s) for p, s in zip(prompts, sampling_params, strict=True)]

    def _answer(self, prompt, params):
        assert params.ignore_eos
        assert all(type(token) is int for token in prompt)
        drawn = np.random.default_rng(params.seed).integers(0, 50, params.max_tokens).tolist()
        stops = [index for index, token in enumerate(drawn) if token in params.stop_token_ids]
        tokens = drawn[: stops[0] + 1] if stops else drawn  # the stop token stays, as in vLLM
        reason = self.finish_reason or ("stop" if stops else "length")
        return SimpleNamespace(outputs=[SimpleNamespace(index=0, token_ids=tokens, finish_reason=reason)])


@pytest.fixture
def installed(monkeypatch):
    module = ModuleType("vllm")
    module.LLM, module.SamplingParams = LLM, SamplingParams
    monkeypatch.setitem(sys.modules, "vllm", module)
    return module


def test_backends_share_one_signature():
    assert backend("transformers") is sample
    assert backend("vllm") is vllm.sample
    ours, theirs = (dict(inspect.signature(f).parameters) for f in (sample, vllm.sample))
    del ours["batch_tokens"], ours["numbers"]  # vLLM batches by itself, and draws its own random numbers
    assert {name: p.default for name, p in ours.items()} == {name: p.default for name, p in theirs.items()}


def test_an_unknown_backend_names_the_nearest():
    with pytest.raises(UserError, match=r"unknown backend 'vlm'\. Did you mean 'vllm'"):
        backend("vlm")


def test_without_vllm_the_error_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(Unavailable, match=r"pip install 'prefbench\[generate\]'"):
        vllm.engine(tmp_path)


def test_an_engine_is_made_for_token_ids(installed, tmp_path):
    made = vllm.engine(tmp_path, dtype="bfloat16")
    assert (made.model, made.skip_tokenizer_init, made.dtype) == (str(tmp_path), True, "bfloat16")


def test_samples_come_back_in_our_form(installed):
    found = vllm.sample(LLM("m"), [[1], [2, 3]] * 20, max_tokens=12, seed=0, samples=3, stop=[4, 5])
    assert [len(responses) for responses in found] == [3] * 40
    responses = [response for responses in found for response in responses]
    assert {response.finished for response in responses} == {True, False}
    for response in responses:
        assert response.tokens.dtype == np.int32
        assert response.finished == (response.tokens[-1] in (4, 5))


def test_temperature_top_p_and_lengths_reach_vllm(installed, monkeypatch):
    made = []
    monkeypatch.setattr(installed, "SamplingParams", lambda **given: made.append(given) or SamplingParams(**given))
    vllm.sample(LLM("m"), [[1]], max_tokens=7, seed=0, temperature=0.4, top_p=0.9, stop=[3])
    assert made[0] == {
        "n": 1,
        "seed": made[0]["seed"],
        "temperature": 0.4,
        "top_p": 0.9,
        "max_tokens": 7,
        "stop_token_ids": [3],
        "ignore_eos": True,
        "detokenize": False,
    }
    assert 0 <= made[0]["seed"] < 2**63


def test_every_sample_has_a_seed_of_its_own_whatever_the_order(installed):
    asked = [[1], [2], [3, 4]]

    def draw(prompts, **settings):
        found = vllm.sample(LLM("m"), prompts, max_tokens=8, samples=2, **settings)
        return [[r.tokens.tolist() for r in responses] for responses in found]

    whole = draw(asked, seed=1)
    assert draw(asked[::-1], seed=1) == whole[::-1]
    assert draw(asked[2:], seed=1) == whole[2:]
    assert len({str(t) for responses in [*whole, *draw(asked, seed=2)] for t in responses}) == 12
    assert draw(asked, seed=1, keys=["a", "b", "c"]) != whole


def test_requests_go_in_portions_with_progress_between(installed, monkeypatch):
    monkeypatch.setattr(vllm, "REQUESTS", 4)
    engine, seen = LLM("m"), []
    vllm.sample(engine, [[1], [2], [3]], max_tokens=2, seed=0, samples=3, progress=lambda *count: seen.append(count))
    assert engine.calls == [4, 4, 1]
    assert seen == [(4, 9), (8, 9), (9, 9)]


def test_the_limits_of_the_engine_hold_before_it_runs(installed):
    engine = LLM("m")
    with pytest.raises(UserError, match=r"prompts\[0\]: 60 tokens and max_tokens=8 exceed the model's 64 positions"):
        vllm.sample(engine, [[1] * 60], max_tokens=8, seed=0)
    with pytest.raises(UserError, match="token 50 is not in the model's vocabulary of 50"):
        vllm.sample(engine, [[50]], max_tokens=8, seed=0)
    assert engine.calls == []


def test_an_aborted_request_is_an_error_and_no_sample(installed):
    with pytest.raises(UserError, match=r"vLLM did not finish sample 0 of prompts\[0\]: finish_reason 'abort'"):
        vllm.sample(LLM("m", finish_reason="abort"), [[1]], max_tokens=2, seed=0)
