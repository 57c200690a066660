"""What every labeler takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from bench.errors import UserError
from bench.learn.policy import completions
from bench.learn.policy.completions import Completions, turned


@dataclass(frozen=True, eq=False)
class Judgements:
    """Which of two responses is preferred, and how surely. Raises UserError for log-odds that are NaN."""

    log_odds: NDArray[np.float64]  # (n,): log P(first) / P(second); infinite where the labeler names no doubt
    labels_spent: int = 0  # of people: what these judgements cost

    def __post_init__(self) -> None:
        if len(bad := np.flatnonzero(np.isnan(self.log_odds))):
            raise UserError(f"the judgement of group {bad[0]} is not a number")

    @property
    def first(self) -> NDArray[np.bool_]:
        """(n,): whether the first response is preferred; a tie keeps it, as SPA's released code does."""
        return np.asarray(self.log_odds >= 0)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """(n,): the probability that the labeler gives to what it prefers, 0.5 to 1."""
        return np.asarray(expit(np.abs(self.log_odds)))


class Labeler(Protocol):
    """See the package."""

    def label(self, groups: Sequence[Completions]) -> Judgements:
        """Judge the two responses of every group. Raises UserError for a group with another number of them."""


def ordered(groups: Sequence[Completions], judgements: Judgements) -> list[Completions]:
    """The groups as (chosen, rejected): hard labels, a pair for every group (SPA, Eq. 8)."""
    if len(groups) != len(judgements.log_odds):
        raise UserError(f"{len(judgements.log_odds)} judgements for {len(groups)} groups: give one for each")
    return [group if first else turned(group) for group, first in zip(groups, judgements.first, strict=True)]


def require_two(groups: Sequence[Completions]) -> None:
    """Raise UserError unless every group has two responses."""
    completions.require_two(groups, "a preference is between 2")


def first_minus_second(values: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """(n,): the first value of each (2,) less the second."""
    pairs = np.asarray(values, dtype=float).reshape(-1, 2)
    return np.asarray(pairs[:, 0] - pairs[:, 1])


def longer_first(groups: Sequence[Completions]) -> NDArray[np.float64]:
    """(n,): tokens of the first response less those of the second."""
    return first_minus_second([np.array([len(response) for response in group.responses]) for group in groups])
