"""Groups and rewards that the tests of several selectors use."""

from __future__ import annotations

import numpy as np

from bench.learn.policy.completions import Completions


def group(seed: int, k: int = 4) -> Completions:
    """A prompt with k responses of 1 to 9 tokens, of a vocabulary of 50."""
    random = np.random.default_rng(seed)
    ids = [random.integers(0, 50, size).astype(np.int32) for size in random.integers(1, 10, k + 1)]
    return Completions(ids[0], tuple(ids[1:]))


def reward(groups):
    """A reward of a response's tokens alone, so that it goes where the response goes."""
    return [np.array([np.sin(r.astype(float)).sum() for r in g.responses]) for g in groups]


def same(*values):
    """A reward model that gives these rewards (k,), whatever it is shown."""
    return lambda groups: [np.asarray(row, dtype=float) for row in values]


GROUPS = [group(seed, k) for seed, k in enumerate([4, 2, 6, 4, 3, 4, 2, 5])]
