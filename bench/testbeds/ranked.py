"""Which held-out pairs a policy puts in the order that was preferred: by itself, and by the reward that it implies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.evaluate.ranking_report import rankings
from bench.generate.kept_arrays import kept_arrays
from bench.learn.kept import place
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import data_hash
from bench.testbeds.spread import mean_of

SHARES = {
    "reward_accuracy": "implicit_accuracy",
    "ranking_accuracy": "ranking_accuracy",
    "gained": "gained",
    "lost": "lost",
}


def before(
    folder: Path, weights: str, groups: Sequence[Completions], margins: Callable[[], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """`margins()` (n,) of `groups` under the SFT policy, made once and kept in `folder` by the hash of its weights."""
    path = place(folder, "before", {"sft": weights, "groups": data_hash(groups)})
    return np.asarray(kept_arrays(path, lambda: {"margins": margins()})["margins"], dtype=np.float64)


def ranked(before: NDArray[np.float64], after: NDArray[np.float64], clusters: NDArray[np.generic]) -> dict[str, float]:
    """Shares of n pairs with their errors over `clusters` (n,); a tie counts half.

    `before` and `after` (n,): log pi of the preferred response less that of the other, in nats, under the SFT policy
    and the policy that learnt. implicit_accuracy: the log-ratio to the SFT policy grew more for the preferred one
    (Rafailov et al. 2023, Eq. 5). ranking_accuracy: it is the likelier one, and accuracy_of_sft: it was from the start
    (Chen et al. 2024, arXiv 2405.19534). gained and lost: the policy turned the pair to that order, or away from it.
    """
    shares = rankings(before, after)
    means: dict[str, float] = {"accuracy_of_sft": float(shares["reference_accuracy"].mean())}
    for share, metric in SHARES.items():
        means |= mean_of(metric, shares[share], clusters)
    return means
