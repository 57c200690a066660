"""Three prompts with rewards, and the soft DPO loss over all pairs of their responses, from plain forward passes."""

from __future__ import annotations

import math

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from bench.learn.policy.completions import Completions

BETA = 0.4


def ids(*tokens):
    return np.array(tokens, dtype=np.int32)


GROUPS = [
    Completions(ids(1, 5), (ids(7, 8, 9), ids(11), ids(9, 3))),
    Completions(ids(2), (ids(4, 3), ids(6, 10, 12, 13))),
    Completions(ids(3, 3, 3), (ids(20), ids(21, 4), ids(22))),
]


def rewards(groups):
    """Of a response, by its length and first token: a stand-in for a reward model."""
    return [np.array([len(row) - row[0] / 10 for row in group.responses]) for group in groups]


def policy(seed=0):
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    return LlamaForCausalLM(LlamaConfig(vocab_size=50, max_position_embeddings=64, initializer_range=0.3, **sizes))


def log_prob(model, prompt, response):
    stream = torch.tensor(np.concatenate([prompt, response]))[None].long()
    values = model.eval()(input_ids=stream).logits[0].log_softmax(-1)
    return sum(values[len(prompt) - 1 + t, token] for t, token in enumerate(response.tolist()))


def soft_loss(model, reference, group, values):
    """The mean over all ordered pairs, written out."""
    h = [
        log_prob(model, group.prompt, row) - log_prob(reference, group.prompt, row).detach() for row in group.responses
    ]
    total, k = 0.0, len(h)
    for i in range(k):
        for j in range(k):
            if i != j:
                q = 1 / (1 + math.exp(values[j] - values[i]))
                margin = BETA * (h[i] - h[j])
                total -= q * torch.nn.functional.logsigmoid(margin)
                total -= (1 - q) * torch.nn.functional.logsigmoid(-margin)
    return total / (k * (k - 1))
