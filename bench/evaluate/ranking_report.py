"""What a policy that was trained on preferences makes of held-out pairs: which it ranks, and how hard those were.

Chen et al. (2024), "Preference Learning Algorithms Do Not Learn Preference Rankings" (arXiv 2405.19534): training by
DPO seldom turns round a pair that the reference ranks wrongly, though the loss falls and implied rewards are right. The
table by difficulty shows that; its bins and the errors, clustered by prompt, are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError
from bench.evaluate.clustered import clustered_error
from bench.evaluate.ranking import difficulty, idealised_ranking, loss_to_rank

Array = NDArray[np.float64]
BINS = 5


@dataclass(frozen=True)
class DifficultyBin:
    """Pairs of similar difficulty. Shares count a tie one half; `_error` is a standard error, NaN for one cluster."""

    low: float  # the least difficulty in it, nats
    high: float
    pairs: int
    reference_accuracy: float
    ranking_accuracy: float
    ranking_accuracy_error: float
    reward_accuracy: float  # pairs whose implied rewards are right
    reward_accuracy_error: float
    loss: float  # DPO's, mean
    loss_to_rank: float  # mean of what the loss would have to be at most


@dataclass(frozen=True)
class RankingReport:
    """`metrics` by name, each with its standard error as `<name>_error`, and the same by difficulty, easy pairs first.

    reference_accuracy, ranking_accuracy: pairs that reference and policy rank as the label does. gained: share of all
    pairs that only the policy ranks; lost: that only the reference does; accuracy grows by gained less lost.
    reward_accuracy: pairs whose implied rewards are right. loss: DPO's. With agreement also idealised_accuracy, of the
    exact optimum of DPO's loss, and alignment_gap, by how much the policy falls short of it.
    """

    metrics: Mapping[str, float]
    by_difficulty: tuple[DifficultyBin, ...]


def ranking_report(
    policy_chosen: ArrayLike,
    policy_rejected: ArrayLike,
    reference_chosen: ArrayLike,
    reference_rejected: ArrayLike,
    *,
    beta: float,
    prompts: ArrayLike | None = None,
    agreement: ArrayLike | None = None,
    bins: int = BINS,
) -> RankingReport:
    """The report of n pairs from summed log-probabilities (n,) of their answers, in nats, under policy and reference.

    `prompts` (n,) names the prompt of every pair: pairs of one prompt are a cluster; without it pairs are independent.
    `agreement` (n,) is the share of annotators who prefer the chosen answer. Bins have equal mass; equal difficulties
    share one, so there may be fewer. Raises UserError for arrays of other shapes or with values that are not finite,
    beta <= 0, agreement outside [0, 1], and fewer than one bin.
    """
    if bins < 1:
        raise UserError(f"bins must be at least 1, got {bins}")
    gap = difficulty(policy_chosen, policy_rejected)
    hard = difficulty(reference_chosen, reference_rejected)
    if gap.shape != hard.shape:
        raise UserError(
            f"log-probabilities of {len(gap)} pairs under the policy, and of {len(hard)} under the reference"
        )
    needed = loss_to_rank(reference_chosen, reference_rejected, beta)
    clusters = np.arange(len(gap)) if prompts is None else np.asarray(prompts)
    shares = {**rankings(-hard, -gap), "loss": np.logaddexp(0, beta * (gap - hard))}
    if agreement is not None:
        ideal = idealised_ranking(reference_chosen, reference_rejected, agreement, beta)
        shares |= {"idealised_accuracy": ideal, "alignment_gap": ideal - shares["ranking_accuracy"]}
    metrics: dict[str, float] = {}
    for name, values in shares.items():
        metrics |= {name: float(values.mean()), f"{name}_error": clustered_error(values, clusters)}
    rows = _equal_mass(hard, bins)
    return RankingReport(metrics, tuple(_bin(row, hard, shares, needed, clusters) for row in rows))


def rankings(reference: ArrayLike, policy: ArrayLike) -> dict[str, Array]:
    """What became of n pairs, in [0, 1]: the first five metrics of `RankingReport`, not averaged yet.

    `reference` and `policy` (n,) are log-probabilities of chosen less those of rejected answers, in nats; not checked.
    """
    hard, own = np.asarray(reference, dtype=float), np.asarray(policy, dtype=float)
    before, after = _first(hard), _first(own)
    return {
        "reference_accuracy": before,
        "ranking_accuracy": after,
        "gained": np.maximum(after - before, 0),
        "lost": np.maximum(before - after, 0),
        "reward_accuracy": _first(own - hard),
    }


def _first(margins: Array) -> Array:
    """1 where the chosen answer is ahead, 1/2 where nothing is."""
    return (1 + np.sign(margins)) / 2


def _equal_mass(values: Array, bins: int) -> list[NDArray[np.intp]]:
    """Rows of every bin that holds any, ascending."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
    bin_of = np.searchsorted(edges[1:-1], values)
    return [np.flatnonzero(bin_of == number) for number in np.unique(bin_of)]


def _bin(
    rows: NDArray[np.intp], hard: Array, shares: Mapping[str, Array], needed: Array, clusters: NDArray[np.generic]
) -> DifficultyBin:
    def mean(name: str) -> float:
        return float(shares[name][rows].mean())

    def error(name: str) -> float:
        return clustered_error(shares[name][rows], clusters[rows])

    return DifficultyBin(
        low=float(hard[rows].min()),
        high=float(hard[rows].max()),
        pairs=len(rows),
        reference_accuracy=mean("reference_accuracy"),
        ranking_accuracy=mean("ranking_accuracy"),
        ranking_accuracy_error=error("ranking_accuracy"),
        reward_accuracy=mean("reward_accuracy"),
        reward_accuracy_error=error("reward_accuracy"),
        loss=mean("loss"),
        loss_to_rank=float(needed[rows].mean()),
    )
