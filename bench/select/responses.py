"""What selectors read of a group's responses, checked, and a statistic of every group at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import ReferenceLogProbs, reference_log_probs
from bench.select.selector import Rewards, Scores

Values = NDArray[np.float64]
HELD = 2**20  # numbers that a statistic over pairs holds at a time, in each of its arrays


def require_responses(groups: Sequence[Completions], least: int) -> None:
    """Raise UserError, naming the group, unless every group has at least `least` responses."""
    for index, group in enumerate(groups):
        if len(group.responses) < least:
            raise UserError(f"group {index} has {len(group.responses)} responses, and a score needs at least {least}")


def rewards_of(rewards: Rewards, groups: Sequence[Completions]) -> list[Values]:
    """The rewards (k,) of every group's responses, k >= 2.

    Raises UserError for groups of fewer responses, and for rewards that are not finite or not one a response.
    """
    require_responses(groups, 2)
    found = [np.asarray(values, dtype=np.float64) for values in rewards(groups)]
    if len(found) != len(groups):
        raise UserError(f"{len(groups)} groups were given, and rewards of {len(found)} came back")
    for index, (group, values) in enumerate(zip(groups, found, strict=True)):
        if values.shape != (len(group.responses),):
            raise UserError(f"group {index} has {len(group.responses)} responses and rewards of shape {values.shape}")
        _check_finite("reward", index, values)
    return found


def log_probs_of(policy: Any, groups: Sequence[Completions], *, least: int) -> list[Values]:
    """log pi(y | x) of every group's responses (k,), in nats, under `policy`: a model, or what it says of these groups.

    Raises UserError for groups of fewer than `least` responses, log-probabilities of other groups or that are not
    finite, and as `reference_log_probs` does.
    """
    require_responses(groups, least)
    if isinstance(policy, ReferenceLogProbs):
        policy.check_data(groups)
    else:
        policy = reference_log_probs(policy, groups, cache_dir=None)
    for index, values in enumerate(policy.sums):
        _check_finite("log-probability", index, values)
    return list(policy.sums)


def lengths_of(groups: Sequence[Completions]) -> list[Values]:
    """The tokens (k,) of every group's responses."""
    return [np.array([len(response) for response in group.responses], dtype=np.float64) for group in groups]


def of_each(values: Sequence[Values], statistic: Callable[[Values], Values]) -> Scores:
    """(n,): `statistic`, from (m, ..., k) to (m,), of each of the n arrays (..., k), all of one k at a time."""
    indices: dict[int, list[int]] = {}
    for index, row in enumerate(values):
        indices.setdefault(row.shape[-1], []).append(index)
    found = np.empty(len(values))
    for alike in indices.values():
        found[alike] = statistic(np.stack([values[index] for index in alike]))
    return found


def over_pairs(rows: Values, statistic: Callable[[Values, Values], Values]) -> Values:
    """(m,): the mean over the pairs i < j of the last axis of `statistic(i-th, j-th)`, of each of the rows (m, ..., k).

    `statistic` takes two arrays (m, ..., pairs) and gives (m, pairs). Rows are taken in blocks, to bound the memory.
    """
    first, second = np.triu_indices(rows.shape[-1], 1)
    found = np.empty(len(rows))
    block = max(1, HELD * len(rows) // max(1, rows[..., 0].size * len(first)))
    for start in range(0, len(rows), block):
        part = rows[start : start + block]
        values = statistic(np.take(part, first, axis=-1), np.take(part, second, axis=-1))
        found[start : start + block] = values.mean(axis=-1)
    return found


def mean_absolute_difference(rows: Values) -> Values:
    """(...,): the mean of |a - b| over the pairs of different places of the last axis (..., k), k >= 2.

    Gini's mean difference, from the order statistics: 2 / (k (k - 1)) sum_i (2 i - k - 1) x_(i), i = 1..k.
    """
    k = rows.shape[-1]
    ordered = np.sort(rows, axis=-1)
    weights = 2.0 * np.arange(k) - k + 1
    mean: Values = ((ordered - ordered[..., :1]) * weights).sum(axis=-1) * 2 / (k * (k - 1))
    return mean


def _check_finite(what: str, index: int, values: Values) -> None:
    if len(bad := np.flatnonzero(~np.isfinite(values))):
        raise UserError(f"the {what} of response {bad[0]} of group {index} is {values[bad[0]]}: it must be finite")
