"""Features of responses are computed once for the same weights and tokens."""

from __future__ import annotations

import numpy as np
import pytest

from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import data_hash
from bench.testbeds.response_features import Features


@pytest.fixture
def model(tiny_model):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_model("llama")).eval()


@pytest.fixture
def groups():
    random = np.random.default_rng(0)
    ids = [[random.integers(3, 200, size).astype(np.int32) for size in sizes] for sizes in ((5, 4, 1), (2, 7, 3))]
    return [Completions(prompt, tuple(responses)) for prompt, *responses in ids]


def test_features_are_kept_by_content(model, groups, tmp_path, monkeypatch):
    made = Features(model, "weights", tmp_path).of(groups)
    monkeypatch.setattr("bench.testbeds.response_features.response_features", None)
    np.testing.assert_array_equal(Features(model, "weights", tmp_path).of(groups), made)
    with pytest.raises(TypeError):  # other weights: there is nothing to read
        Features(model, "other", tmp_path).of(groups)
    assert data_hash(groups) != data_hash(groups[::-1])
