"""What selectors read of a group's responses, checked, and a statistic of every group at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.select.selector import Rewards, Scores

Values = NDArray[np.float64]


def require_responses(groups: Sequence[Completions], least: int) -> None:
    """Raise UserError, naming the group, unless every group has at least `least` responses."""
    for index, group in enumerate(groups):
        if len(group.responses) < least:
            raise UserError(f"group {index} has {len(group.responses)} responses, and a score needs at least {least}")


def rewards_of(rewards: Rewards, groups: Sequence[Completions], *, least: int = 2) -> list[Values]:
    """The rewards (k,) of every group's responses.

    Raises UserError for groups of fewer than `least` responses, and for rewards that are not finite or not one a
    response.
    """
    require_responses(groups, least)
    found = [np.asarray(values, dtype=np.float64) for values in rewards(groups)]
    if len(found) != len(groups):
        raise UserError(f"{len(groups)} groups were given, and rewards of {len(found)} came back")
    for index, (group, values) in enumerate(zip(groups, found, strict=True)):
        if values.shape != (len(group.responses),):
            raise UserError(f"group {index} has {len(group.responses)} responses and rewards of shape {values.shape}")
        if len(bad := np.flatnonzero(~np.isfinite(values))):
            raise UserError(f"the reward of response {bad[0]} of group {index} is {values[bad[0]]}: it must be finite")
    return found


def of_each(values: Sequence[Values], statistic: Callable[[Values], Values]) -> Scores:
    """(n,): `statistic`, from (m, k) to (m,), of each of the n rows (k,), all rows of one length at a time."""
    rows_of: dict[int, list[int]] = {}
    for index, row in enumerate(values):
        rows_of.setdefault(len(row), []).append(index)
    found = np.empty(len(values))
    for rows in rows_of.values():
        found[rows] = statistic(np.stack([values[index] for index in rows]))
    return found
