"""The 3D-properties of what preference training did to likelihoods: drop, degradation, dispersion.

Yan et al. 2024 (ICLR 2025), arXiv 2406.07327, name them; the statistics are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from bench.errors import UserError
from bench.evaluate.divergence import Estimate

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ThreeD:
    """Changes of log-probabilities by training, in nats, with standard errors over pairs or prompts.

    `rejected` is the drop: far below 0, and farther than `chosen` is above it. Degradation is that the chosen no longer
    rises: `suppressed` is the share of pairs whose two responses both fell, and `pull` the change of
    log pi(rejected) - log pi(chosen), to which the gradients of a loss of the margin are as one to the other: that by
    pi(chosen) over that by pi(rejected) is pi(rejected) / pi(chosen), so that at -10 a chosen response is pulled
    e^10 times less than before. Dispersion is that a prompt's other responses take the probability: `unseen` is the
    change of the log of their total, `dispersed` the share of prompts where it rose.
    """

    chosen: Estimate
    rejected: Estimate
    pull: Estimate
    suppressed: float
    unseen: Estimate | None  # None without unseen responses
    dispersed: float | None


def three_d(
    chosen: tuple[ArrayLike, ArrayLike],
    rejected: tuple[ArrayLike, ArrayLike],
    unseen: Sequence[tuple[ArrayLike, ArrayLike]] = (),
) -> ThreeD:
    """What training did. Each pair is (before, after): summed log-probabilities, nats.

    `chosen`, `rejected` have (n,) of the pairs that were trained on, `unseen` a pair of arrays (m,) for every prompt:
    its responses that are in no pair, different ones, as `bench.learn.policy.log_probs` gives for fresh samples.
    Raises UserError for no pairs, shapes that differ, values that are not finite.
    """
    up, down = _changes(chosen, "chosen"), _changes(rejected, "rejected")
    if up.shape != down.shape:
        raise UserError(f"{len(up)} chosen responses and {len(down)} rejected ones: give a pair for each")
    masses = np.array([_mass(both, f"unseen responses of prompt {index}") for index, both in enumerate(unseen)])
    return ThreeD(
        chosen=_estimate(up),
        rejected=_estimate(down),
        pull=_estimate(down - up),
        suppressed=float(((up < 0) & (down < 0)).mean()),
        unseen=_estimate(masses) if masses.size else None,
        dispersed=float((masses > 0).mean()) if masses.size else None,
    )


def _both(pair: tuple[ArrayLike, ArrayLike], what: str) -> tuple[Array, Array]:
    before, after = (np.asarray(values, dtype=float) for values in pair)
    if before.ndim != 1 or before.shape != after.shape or not before.size:
        raise UserError(f"{what}: expected two arrays (n,) with n >= 1, found shapes {before.shape} and {after.shape}")
    bad = np.flatnonzero(~(np.isfinite(before) & np.isfinite(after)))
    if bad.size:
        raise UserError(f"{what}: log-probability {bad[0]} is not finite ({before[bad[0]]}, {after[bad[0]]})")
    return before, after


def _changes(pair: tuple[ArrayLike, ArrayLike], what: str) -> Array:
    before, after = _both(pair, what)
    return np.asarray(after - before)


def _mass(pair: tuple[ArrayLike, ArrayLike], what: str) -> float:
    before, after = _both(pair, what)
    return float(logsumexp(after) - logsumexp(before))


def _estimate(values: Array) -> Estimate:
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return Estimate(float(values.mean()), float(error))
