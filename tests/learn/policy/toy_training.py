"""A model and data small enough to train in a blink."""

from __future__ import annotations

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import reference_log_probs

VOCABULARY = 50


def toy_model(seed=0, **overrides):
    """A random Llama of two layers."""
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    others = {"vocab_size": VOCABULARY, "num_key_value_heads": 2, "max_position_embeddings": 64}
    torch.manual_seed(seed)
    config = LlamaConfig(**{**sizes, **others, **overrides})
    return LlamaForCausalLM(config)


def toy_groups(count, responses=2, seed=0):
    """Groups of unequal lengths. First responses use the lower half of the vocabulary, the others the upper."""
    draw = np.random.default_rng(seed)

    def ids(low, high, longest):
        return draw.integers(low, high, draw.integers(1, longest)).astype(np.int32)

    half = VOCABULARY // 2
    return [
        Completions(ids(0, VOCABULARY, 9), (ids(0, half, 7), *(ids(half, VOCABULARY, 7) for _ in range(responses - 1))))
        for _ in range(count)
    ]


def toy_reference(model, groups):
    """The log-probabilities that `model` gives to `groups`."""
    return reference_log_probs(model, groups, cache_dir=None)


def weights(model):
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def difference(left, right):
    """The largest absolute difference of two models' (or `weights`') values."""
    one, other = (m if isinstance(m, dict) else weights(m) for m in (left, right))
    assert one.keys() == other.keys()
    return max((one[name] - other[name]).abs().max().item() for name in one)
