"""Which groups make up each step, in which order, and at which learning rate."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.learn.policy.training import Training
from bench.seeds import seed_for


def steps_per_epoch(groups: int, training: Training) -> int:
    """Optimiser steps of one epoch over `groups` groups."""
    return math.ceil(groups / training.batch_size)


def batch_indices(groups: int, training: Training, step: int) -> NDArray[np.int64]:
    """Which of `groups` groups are in step 0, 1, ...: a part of the epoch's own permutation."""
    epoch, place = divmod(step, steps_per_epoch(groups, training))
    start = place * training.batch_size
    return _order(groups, training.seed, epoch)[start : start + training.batch_size]


@lru_cache(maxsize=1)
def _order(groups: int, seed: int, epoch: int) -> NDArray[np.int64]:
    order = np.random.default_rng(seed_for("policy", "order", seed, epoch)).permutation(groups)
    order.flags.writeable = False  # it is shared by the epoch's steps
    return order


def learning_rate(training: Training, step: int, steps: int) -> float:
    """The rate of step 0, 1, ..., steps - 1, as transformers' schedulers with ceil(warmup * steps) warm-up steps.

    Step 0 of a warm-up has rate 0. `cosine` and `linear` fall to 0 at step `steps`, which is not made.
    """
    warm = math.ceil(training.warmup * steps)
    if step < warm:
        return training.learning_rate * step / warm
    done = (step - warm) / max(1, steps - warm)
    share = {"cosine": 0.5 * (1 + math.cos(math.pi * done)), "linear": 1 - done, "constant": 1.0}[training.schedule]
    return training.learning_rate * share
