"""Groups, rewards and language models that the tests of several selectors use."""

from __future__ import annotations

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from bench.learn.policy.completions import Completions

WORDS = 50


def group(seed: int, k: int = 4) -> Completions:
    """A prompt with k responses of 1 to 9 tokens."""
    random = np.random.default_rng(seed)
    ids = [random.integers(0, WORDS, size).astype(np.int32) for size in random.integers(1, 10, k + 1)]
    return Completions(ids[0], tuple(ids[1:]))


GROUPS = [group(seed, k) for seed, k in enumerate([4, 2, 6, 4, 3, 4, 2, 5])]


def reward(groups):
    """A reward of a response's tokens alone, so that it goes where the response goes."""
    return [np.array([np.sin(r.astype(float)).sum() for r in g.responses]) for g in groups]


def same(*values):
    """A reward model that gives these rewards (k,), whatever it is shown."""
    return lambda groups: [np.asarray(row, dtype=float) for row in values]


def language_model(seed):
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = LlamaConfig(vocab_size=WORDS, max_position_embeddings=64, initializer_range=0.5, **sizes)
    return LlamaForCausalLM(config).eval()


def log_prob(model, prompt, response):
    """log pi(y|x) from one plain forward pass."""
    stream = torch.tensor(np.concatenate([prompt, response]))[None].long()
    with torch.no_grad():
        values = model(input_ids=stream).logits[0].log_softmax(-1)
    return sum(float(values[len(prompt) - 1 + t, token]) for t, token in enumerate(response))


def log_probs(model):
    """log pi(y|x) of every response of GROUPS."""
    return [np.array([log_prob(model, g.prompt, response) for response in g.responses]) for g in GROUPS]
