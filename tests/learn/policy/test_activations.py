"""Activations at the places that predict response tokens: those of plain forward passes, whatever the packing."""

import numpy as np
import pytest
import torch
from architectures import decoder, ids

from bench.learn.policy import attention
from bench.learn.policy.activations import layers, mean_activations, states
from bench.learn.policy.completions import Completions

NAMES = ["Llama", "GPTNeoX", "GPT2", "OPT"]


def groups():
    draw = np.random.default_rng(3)
    return [Completions(ids(draw, 5), (ids(draw, 4), ids(draw, 1))), Completions(ids(draw, 2), (ids(draw, 3),))]


def plain_states(model, group):
    """(T, L, d): outputs of the blocks by plain forward passes, one response at a time."""
    found = []
    for response in group.responses:
        tokens = torch.tensor(np.concatenate([group.prompt, response])).long()[None]
        seen = []

        def record(block, inputs, output, seen=seen):
            seen.append(output[0] if isinstance(output, tuple) else output)

        hooks = [block.register_forward_hook(record) for block in layers(model)]
        with torch.no_grad():
            model.base_model(input_ids=tokens, use_cache=False)
        for hook in hooks:
            hook.remove()
        first = len(group.prompt) - 1
        found.append(torch.stack([value.reshape(-1, value.shape[-1])[first:-1] for value in seen], 1))
    return torch.cat(found)


@pytest.mark.parametrize("name", NAMES)
def test_states_are_those_of_plain_forward_passes(name):
    model = decoder(name)
    expected = torch.cat([plain_states(model, group) for group in groups()])
    attention.enable(model)
    torch.testing.assert_close(states(model, groups()), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_mean_activations_do_not_depend_on_the_packing_and_begin_with_the_first_block(name):
    model = decoder(name)
    together = mean_activations(model, groups())
    apart = mean_activations(model, groups(), max_tokens=1)
    for left, right, group in zip(together, apart, groups(), strict=True):
        assert left.shape[0] == sum(map(len, group.responses))
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-4)
    first_block = states(model, groups()).mean(2)[:, 0].numpy()
    np.testing.assert_allclose(np.concatenate(together)[:, 0], first_block, rtol=1e-4, atol=1e-4)


def test_dropout_is_off_and_the_models_mode_is_left_alone():
    model = decoder("GPT2", resid_pdrop=0.5).train()
    left, right = mean_activations(model, groups()), mean_activations(model, groups())
    assert all(np.array_equal(one, other) for one, other in zip(left, right, strict=True))
    assert model.training
