"""How often a reward model or a policy puts the preferred answer first, and how often an ideal policy could."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError

Array = NDArray[np.float64]


def reward_accuracy(chosen: ArrayLike, rejected: ArrayLike) -> float:
    """The share of pairs in which `chosen` (n,) has the higher reward than `rejected` (n,); a tie counts one half.

    Raises UserError for no pairs, different shapes and rewards that are not finite.
    """
    first, second = _pairs(chosen, rejected, "rewards")
    return float(np.mean((first > second) + 0.5 * (first == second)))


def ranking_accuracy(
    chosen: ArrayLike,
    rejected: ArrayLike,
    chosen_lengths: ArrayLike | None = None,
    rejected_lengths: ArrayLike | None = None,
) -> float:
    """The share of pairs in which the policy finds the preferred answer more probable than the other.

    `chosen`, `rejected` (n,) are summed log-probabilities of the answers given their prompts. With the lengths (n,) in
    tokens, log-probabilities a token are compared. Chen et al. (2024), "Preference Learning Algorithms Do Not Learn
    Preference Rankings" (arXiv 2405.19534), section 2; a tie counts one half here.
    Raises UserError as `reward_accuracy`, and where only one of the lengths is given or one is not positive.
    """
    first, second = _pairs(chosen, rejected, "log-probabilities")
    if chosen_lengths is not None or rejected_lengths is not None:
        if chosen_lengths is None or rejected_lengths is None:
            raise UserError("ranking accuracy a token needs the lengths of chosen and of rejected answers")
        longer, shorter = _pairs(chosen_lengths, rejected_lengths, "lengths")
        if longer.shape != first.shape or min(longer.min(), shorter.min()) <= 0:
            raise UserError(f"lengths: expected {len(first)} positive numbers of tokens, for each side")
        first, second = first / longer, second / shorter
    return reward_accuracy(first, second)


def idealised_ranking_accuracy(
    reference_chosen: ArrayLike, reference_rejected: ArrayLike, agreement: ArrayLike, beta: float
) -> float:
    """The ranking accuracy of the policy that minimises DPO's loss exactly: the mean of `idealised_ranking`."""
    return float(idealised_ranking(reference_chosen, reference_rejected, agreement, beta).mean())


def idealised_ranking(
    reference_chosen: ArrayLike, reference_rejected: ArrayLike, agreement: ArrayLike, beta: float
) -> Array:
    """(n,): 1 where the policy that minimises DPO's loss exactly ranks the pair, 1/2 for a tie, else 0.

    That policy ranks a pair as pi_ref(chosen) / pi_ref(rejected) (a / (1 - a))^(1 / beta) does, where a is the share
    of annotators who prefer the chosen answer: Chen et al. (2024), section 3, the theorem on idealised ranking
    accuracy. A strong preference of the reference the other way survives the optimum, unless all annotators agree.

    `reference_chosen`, `reference_rejected` (n,) are summed log-probabilities under the reference, `agreement` (n,) is
    a, in [0, 1]. Raises UserError as `reward_accuracy`, and for agreements outside [0, 1] or beta <= 0.
    """
    first, second = _pairs(reference_chosen, reference_rejected, "log-probabilities")
    share = np.asarray(agreement, dtype=float)
    if share.shape != first.shape or not ((share >= 0) & (share <= 1)).all():
        raise UserError(f"agreement: expected {len(first)} shares in [0, 1]")
    _check_beta(beta)
    with np.errstate(divide="ignore"):
        ideal = first - second + (np.log(share) - np.log1p(-share)) / beta
    return np.asarray((1 + np.sign(ideal)) / 2)


def difficulty(reference_chosen: ArrayLike, reference_rejected: ArrayLike) -> Array:
    """(n,): c = log pi_ref(rejected) / pi_ref(chosen), in nats: how far the reference is from the preferred ranking.

    Positive where the reference ranks a pair wrongly. Raises UserError as `reward_accuracy`.
    """
    first, second = _pairs(reference_chosen, reference_rejected, "log-probabilities")
    return second - first


def loss_to_rank(reference_chosen: ArrayLike, reference_rejected: ArrayLike, beta: float) -> Array:
    """(n,): the loss that DPO must reach on a pair for the policy to rank it: -log sigmoid(beta c), c its `difficulty`.

    A policy puts the chosen answer first, or both level, if and only if its loss on the pair is at most this: Chen et
    al. (2024), arXiv 2405.19534, section 4, the theorem on the DPO loss and ranking accuracy. It follows from the loss
    being -log sigmoid(beta (log pi(chosen) / pi(rejected) + c)). Training starts at log 2 on every pair; one that the
    reference ranks wrongly by 50 nats is ranked at beta = 0.1 where the loss is below 0.0067.
    Raises UserError as `reward_accuracy`, and for beta <= 0.
    """
    _check_beta(beta)
    return np.asarray(np.logaddexp(0, -beta * difficulty(reference_chosen, reference_rejected)))


def _check_beta(beta: float) -> None:
    if not beta > 0:
        raise UserError(f"beta must be positive, got {beta}")


def _pairs(chosen: ArrayLike, rejected: ArrayLike, what: str) -> tuple[Array, Array]:
    first, second = np.asarray(chosen, dtype=float), np.asarray(rejected, dtype=float)
    if first.ndim != 1 or first.shape != second.shape or not first.size:
        raise UserError(f"{what}: expected two arrays (n,) with n >= 1, found shapes {first.shape} and {second.shape}")
    bad = np.flatnonzero(~(np.isfinite(first) & np.isfinite(second)))
    if bad.size:
        raise UserError(f"{what}: pair {bad[0]} is not finite ({first[bad[0]]}, {second[bad[0]]})")
    return first, second
