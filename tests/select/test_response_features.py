"""Features of responses are the hidden states that a plain forward pass gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.select.response_features import mean_features, response_features


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


def test_the_first_half_are_the_means(model, groups):
    found = response_features(model, groups)
    assert mean_features(found).shape == (2, 2, found.shape[2] // 2)
    np.testing.assert_array_equal(mean_features(found)[1, 1], found[1, 1, : found.shape[2] // 2])


def test_tokens_that_the_model_does_not_have_are_refused(model):
    with pytest.raises(UserError, match="token"):
        response_features(model, [Completions(np.array([3], dtype=np.int32), (np.array([10**6], dtype=np.int32),))])
