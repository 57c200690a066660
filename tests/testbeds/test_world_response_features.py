"""Features of responses are the hidden states that a plain forward pass gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import data_hash
from bench.testbeds.response_features import Features, response_features


@pytest.fixture
def model(tiny_model):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_model("llama")).eval()


@pytest.fixture
def groups():
    random = np.random.default_rng(0)
    ids = [[random.integers(3, 200, size).astype(np.int32) for size in sizes] for sizes in ((5, 4, 1), (2, 7, 3))]
    return [Completions(prompt, tuple(responses)) for prompt, *responses in ids]


def test_mean_and_last_state_of_a_response_are_those_of_its_own_forward_pass(model, groups):
    found = response_features(model, groups)
    for row, group in enumerate(groups):
        for side, response in enumerate(group.responses):
            ids = torch.from_numpy(np.concatenate([group.prompt, response])).long()[None]
            with torch.no_grad():
                states = model.base_model(input_ids=ids).last_hidden_state[0, len(group.prompt) :].double().numpy()
            expected = np.concatenate([states.mean(axis=0), states[-1]])
            np.testing.assert_allclose(found[row, side], expected, atol=1e-5)


def test_features_are_kept_by_content(model, groups, tmp_path, monkeypatch):
    made = Features(model, "weights", tmp_path).of(groups)
    monkeypatch.setattr("bench.testbeds.response_features.response_features", None)
    np.testing.assert_array_equal(Features(model, "weights", tmp_path).of(groups), made)
    with pytest.raises(TypeError):  # other weights: there is nothing to read
        Features(model, "other", tmp_path).of(groups)
    assert data_hash(groups) != data_hash(groups[::-1])
