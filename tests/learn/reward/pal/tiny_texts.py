"""A language model of two layers, and comparisons of random texts."""

from __future__ import annotations

import numpy as np
import torch
from transformers import LlamaConfig, LlamaModel

from bench.learn.policy.completions import Completions

VOCABULARY, HIDDEN, PADDING = 40, 16, 3


def backbone(seed=0):
    torch.manual_seed(seed)
    return LlamaModel(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=HIDDEN,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=64,
        )
    )


def groups(count, seed=0):
    """Half of the first responses are made of the lower tokens, the second ones of the upper; and the reverse."""
    draw = np.random.default_rng(seed)

    def ids(low, high, longest):
        return draw.integers(low, high, draw.integers(1, longest)).astype(np.int32)

    found = []
    for index in range(count):
        prompt, low, high = ids(4, VOCABULARY, 12), ids(4, 22, 8), ids(22, VOCABULARY, 8)
        found.append(Completions(prompt, (low, high) if index % 2 else (high, low)))
    return found
