"""What every ground of reward models asks of a learner: in which features it reads, and whom it finds better."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError, unknown
from bench.evaluate.personal import correct
from bench.methods.contract import READINGS
from bench.testbeds.spread import mean_of


def reading(learner: Any) -> str:
    """One of READINGS. Raises UserError for a learner that reads something else."""
    reads = getattr(learner, "reads", READINGS[0])
    if reads not in READINGS:
        raise unknown("value of reads", str(reads), READINGS, type(learner).__name__)
    return str(reads)


def decided(
    learner: Any, items: NDArray[np.floating], annotators: Sequence[Hashable], prompts: NDArray[np.floating] | None
) -> NDArray[np.float64]:
    """(n,): log-odds that the first of two items is preferred. Raises UserError for other shapes, and for NaN."""
    # Copies: a learner may work in place, and what it is given serves others after it.
    items, prompts = items.copy(), None if prompts is None else prompts.copy()
    found = np.asarray(learner.decision_function(items, annotators=annotators, prompts=prompts), dtype=float)
    name = f"{type(learner).__name__}.decision_function"
    if found.shape != (len(items),):
        raise UserError(f"{name}: {len(items)} comparisons were given, shape {found.shape} came back")
    if len(bad := np.flatnonzero(np.isnan(found))):
        raise UserError(f"{name}: of comparison {bad[0]} it is not a number")
    return found


def accuracy(decisions: ArrayLike, labels: ArrayLike, clusters: ArrayLike) -> dict[str, float]:
    """The share of comparisons (n,) that are right, a tie being half right, and its standard error over clusters."""
    return mean_of("accuracy", correct(decisions, labels), clusters)
