"""Ratings against rankings: whether marks for single items and choices between two say the same.

Bansal, Dang and Grover (2023, "Peering through preferences", arXiv 2308.15812): two marks are turned into a preference,
a tie where they are equal, and held against what was said of the pair. Consistent is what falls on the diagonal of the
table of three by three, as in the authors' released code: a tie of one kind and a choice of the other count as a
disagreement. They found three in five pairs inconsistent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError
from bench.evaluate.clustered import clustered_error

Preferences = NDArray[np.int64]

CHOICES = (1, 0, -1)  # the first, neither, the second


@dataclass(frozen=True, eq=False)
class Consistency:
    """How far two kinds of feedback on the same pairs say the same. Shares are of all pairs but for `decided`."""

    table: NDArray[np.int64]  # (3, 3): by ratings (rows) and by rankings (columns), in the order of CHOICES
    consistent: float
    error: float  # standard error of `consistent`; pairs of one cluster may be dependent
    opposite: float  # each prefers another item
    one_tie: float  # one has a tie, and the other none
    decided: float  # share that is consistent, of pairs in which neither has a tie; NaN where there are none
    kappa: float  # Cohen's: 1 full consistency, 0 that of independent feedback with these margins; NaN if that is all


def preferences(ratings: ArrayLike, first: ArrayLike, second: ArrayLike, margin: float = 0.0) -> Preferences:
    """(n,): +1, 0 or -1, what ratings (m,) of items say of the pairs `first`, `second` (n,), which are places in them.

    Marks are a tie where they differ by `margin` or less. Of pairs of an item without a rating, NaN, nothing is said:
    UserError, as for places that are not there and a margin that is negative.
    """
    marks = np.asarray(ratings, dtype=float)
    places = np.asarray(first), np.asarray(second)
    if places[0].shape != places[1].shape or places[0].ndim != 1:
        raise UserError(f"pairs: expected two arrays (n,), found shapes {places[0].shape} and {places[1].shape}")
    if not margin >= 0:
        raise UserError(f"margin must not be negative, got {margin}; 0 is the default")
    for side in places:
        if len(bad := np.flatnonzero((side < 0) | (side >= len(marks)))):
            raise UserError(f"pair {bad[0]} names item {side[bad[0]]}; there are {len(marks)} ratings")
        if len(bad := np.flatnonzero(np.isnan(marks[side]))):
            raise UserError(f"pair {bad[0]}: item {side[bad[0]]} has no rating")
    difference = marks[places[0]] - marks[places[1]]
    return np.where(np.abs(difference) > margin, np.sign(difference), 0).astype(np.int64)


def consistency(by_ratings: ArrayLike, by_rankings: ArrayLike, clusters: ArrayLike | None = None) -> Consistency:
    """Of the same n pairs: what ratings say of them, by `preferences`, and what was chosen; both (n,) of +1, 0 and -1.

    `clusters` (n,) name people or prompts whose pairs are dependent; without them every pair is by itself. Raises
    UserError for no pairs, arrays that do not go together, and other values.
    """
    ours, theirs = _checked("by_ratings", by_ratings), _checked("by_rankings", by_rankings)
    if len(ours) != len(theirs) or not len(ours):
        raise UserError(f"{len(ours)} pairs by ratings and {len(theirs)} by rankings: give the same ones, at least one")
    table = np.array([[np.sum((ours == left) & (theirs == right)) for right in CHOICES] for left in CHOICES])
    same = (ours == theirs).astype(float)
    tied = (ours == 0).astype(int) + (theirs == 0)
    chance = float(table.sum(axis=0) @ table.sum(axis=1)) / len(ours) ** 2
    decided = tied == 0
    return Consistency(
        table=table,
        consistent=float(same.mean()),
        error=clustered_error(same, np.arange(len(same)) if clusters is None else clusters),
        opposite=float(np.mean(ours * theirs == -1)),
        one_tie=float(np.mean(tied == 1)),
        decided=float(same[decided].mean()) if decided.any() else float("nan"),
        kappa=(float(same.mean()) - chance) / (1 - chance) if chance < 1 else float("nan"),
    )


def _checked(name: str, values: ArrayLike) -> Preferences:
    found = np.asarray(values)
    if found.ndim != 1 or not np.isin(found, CHOICES).all():
        raise UserError(f"{name}: expected (n,) of +1 (the first), 0 (neither) and -1 (the second)")
    return found.astype(np.int64)
