"""Inner products of gradients are those of plain backpropagation, one response at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from architectures import CONFIGS, decoder, groups

from bench.errors import UserError
from bench.learn.policy import attention, prompt_gradients
from bench.learn.policy.log_probs import log_probs
from bench.learn.policy.packing import pack
from bench.learn.policy.prompt_gradients import combined_gradient, gram_matrices, inner_products


def each_gradient(model, group):
    """(k, weights) float64, a backward pass for every response."""
    attention.enable(model)
    for weight in model.parameters():
        weight.requires_grad_(True)
    rows = []
    for total in log_probs(model, pack([group])).sums:
        gradients = torch.autograd.grad(total, list(model.parameters()), retain_graph=True, allow_unused=True)
        rows.append(torch.cat([value.flatten() for value in gradients if value is not None]).double())
    return torch.stack(rows).numpy()


def assert_same(found, expected):
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(found / scale, expected / scale, rtol=0, atol=2e-6)


@pytest.mark.parametrize("name", CONFIGS)
def test_gram_matrices_are_those_of_backward_passes_a_response(name):
    model = decoder(name)
    for group, found in zip(groups(), gram_matrices(model, groups()), strict=True):
        rows = each_gradient(model, group)
        assert found.dtype == np.float64
        assert np.abs(rows).max() > 0
        assert_same(found, rows @ rows.T)


@pytest.mark.parametrize("tied", [True, False])
def test_a_head_that_shares_its_weights_with_the_embedding_counts_once(tied):
    model = decoder("Llama", tie_word_embeddings=tied)
    rows = each_gradient(model, groups()[0])
    assert rows.shape[1] == sum(weight.numel() for weight in model.parameters())
    assert_same(gram_matrices(model, groups()[:1])[0], rows @ rows.T)


def test_neither_the_batch_nor_chunks_of_logits_change_a_matrix(monkeypatch):
    model = decoder("GPTNeoX")
    together = gram_matrices(model, groups())
    monkeypatch.setattr(prompt_gradients, "TOKENS", 1)
    alone = gram_matrices(model, groups())
    monkeypatch.setattr("bench.learn.policy.log_probs.LOGITS", 3 * model.config.vocab_size)
    monkeypatch.setattr(prompt_gradients, "BLOCK", 7)
    chunked = gram_matrices(model, groups())
    for first, second, third in zip(together, alone, chunked, strict=True):
        assert_same(second, first)
        assert_same(third, first)


def test_gradients_of_the_largest_weight_bound_a_batch(monkeypatch):
    model = decoder("Llama")
    seen = []
    real = prompt_gradients.each_response
    monkeypatch.setattr(prompt_gradients, "each_response", lambda *args: (seen.append(len(args[1])), real(*args)))
    pairs = groups()[:5]
    gram_matrices(model, pairs)
    largest = max(weight.numel() for weight in model.parameters())
    monkeypatch.setattr(prompt_gradients, "HELD", 4 * largest)
    gram_matrices(model, pairs)
    assert seen == [1, 5, 1, 2, 2, 1]  # each call first looks at its first group alone


def test_an_embedding_of_the_padding_token_has_no_gradient():
    model = decoder("Llama", pad_token_id=7, tie_word_embeddings=False)
    group = replace(groups()[0], prompt=np.array([3, 7, 7, 9], dtype=np.int32))
    rows = each_gradient(model, group)
    assert_same(gram_matrices(model, [group])[0], rows @ rows.T)


def test_training_mode_frozen_weights_and_hooks_are_as_they_were():
    model = decoder("GPTNeoX", attention_dropout=0.5, hidden_dropout=0.5)
    expected = gram_matrices(model, groups()[:1])[0]
    model.train()
    frozen = next(model.parameters()).requires_grad_(False)
    assert_same(gram_matrices(model, groups()[:1])[0], expected)  # all weights count, and dropout does not
    assert model.training
    assert not frozen.requires_grad
    assert all(weight.grad is None for weight in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_progress_ends_at_all_groups():
    seen = []
    gram_matrices(decoder("Llama"), groups(), progress=lambda done, all_: seen.append((done, all_)))
    assert seen[-1] == (len(groups()), len(groups()))
    assert gram_matrices(decoder("Llama"), []) == []


def test_a_combined_gradient_and_inner_products_with_it_are_what_the_matrix_says():
    model, data = decoder("Llama"), groups()
    draw = np.random.default_rng(0)
    coefficients = [draw.normal(size=len(group.responses)) for group in data]
    one = 1
    alone = [c if index == one else 0 * c for index, c in enumerate(coefficients)]
    gradient = combined_gradient(model, data, alone)
    gram = gram_matrices(model, data)[one]
    squared = sum(float(values.double().square().sum()) for values in gradient.values())
    assert squared == pytest.approx(coefficients[one] @ gram @ coefficients[one], rel=1e-5)
    assert_same(inner_products(model, data, gradient)[one], gram @ coefficients[one])
    everything = np.concatenate([each_gradient(model, group) for group in data])
    mean = np.concatenate(coefficients) @ everything
    assert_same(
        np.concatenate(inner_products(model, data, combined_gradient(model, data, coefficients))), everything @ mean
    )


def test_a_layer_that_mixes_tokens_is_refused():
    class Mixing(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.full((32,), 3.0))

        def forward(self, states):
            return self.weight * states.roll(1, 1)

    model = decoder("Llama")
    attention.enable(model)
    model.base_model.norm = Mixing()
    for refused in (gram_matrices, lambda *both: inner_products(*both, direction={})):
        with pytest.raises(UserError, match="cannot be taken apart by responses"):
            refused(model, groups()[:1])


def test_tokens_of_another_model_are_refused():
    model = decoder("Llama")
    group = replace(groups()[0], prompt=np.array([5000], dtype=np.int32))
    with pytest.raises(UserError, match="vocabulary"):
        gram_matrices(model, [group])
