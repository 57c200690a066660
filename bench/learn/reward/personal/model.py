"""Reward models of people who differ: what all of them take and give, and what they read of their input.

    fit(X, labels, *, annotators, prompts=None)

`X` (n, 2, d) holds the features of the first and of the second item of every comparison, `labels` (n,) are +1 where
the first was preferred and -1 where the second was, as for the linear reward models, and `annotators` (n,) say who
judged: ids of any kind. `prompts` (n, p) are features of what was asked, for models that read them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError

Array = NDArray[np.float64]
Places = NDArray[np.int64]
UNKNOWN = -1  # the place of somebody that a model has not met


@dataclass(frozen=True)
class Comparisons:
    """What annotators said of pairs of items: the arguments of `fit` and `adapt`."""

    X: ArrayLike
    labels: ArrayLike
    annotators: Sequence[Hashable]
    prompts: ArrayLike | None = None


class PersonalRewardModel(Protocol):
    """A reward model for each annotator."""

    learned_parameters_: Mapping[str, int]  # by part; parts of one annotator are named "annotators"

    def fit(
        self, X: ArrayLike, labels: ArrayLike, *, annotators: Sequence[Hashable], prompts: ArrayLike | None = None
    ) -> Self:
        """Learn everything. Raises UserError for arrays that do not go together."""

    def adapt(
        self, X: ArrayLike, labels: ArrayLike, *, annotators: Sequence[Hashable], prompts: ArrayLike | None = None
    ) -> Self:
        """A copy that knows these annotators, too: their own parameters are learnt, and all else stays as it is."""

    def decision_function(
        self, X: ArrayLike, *, annotators: Sequence[Hashable], prompts: ArrayLike | None = None
    ) -> Array:
        """(n,): log-odds that the annotator prefers the first item; of somebody unknown, the average's."""


@dataclass(frozen=True)
class Annotators:
    """Whom a model knows, in the order in which it met them."""

    known: tuple[Hashable, ...]

    @staticmethod
    def met(annotators: Sequence[Hashable]) -> Annotators:
        """Those that occur."""
        return Annotators(tuple(dict.fromkeys(annotators)))

    def places(self, annotators: Sequence[Hashable]) -> Places:
        """(n,): the place of each, or UNKNOWN."""
        place = {annotator: index for index, annotator in enumerate(self.known)}
        return np.array([place.get(annotator, UNKNOWN) for annotator in annotators], dtype=np.int64)


def check_items(X: ArrayLike, features: int | None = None) -> Array:
    """(n, 2, d). Raises UserError for another shape, another d than `features`, and values that are not finite."""
    items = np.asarray(X, dtype=np.float64)
    if items.ndim != 3 or items.shape[1] != 2 or 0 in items.shape:
        raise UserError(f"X: expected the features of two items a comparison, (n, 2, d), got shape {items.shape}")
    if features is not None and items.shape[2] != features:
        raise UserError(f"X: the model was fitted on {features} features, got {items.shape[2]}")
    if len(bad := np.flatnonzero(~np.isfinite(items).all(axis=(1, 2)))):
        raise UserError(f"X: comparison {bad[0]} has features that are not finite")
    return items


def check_annotators(annotators: Sequence[Hashable], count: int) -> Sequence[Hashable]:
    """One a comparison. Raises UserError where there are more or fewer."""
    if len(annotators) != count:
        raise UserError(f"annotators: {len(annotators)} for {count} comparisons: give one for each")
    return annotators


def differences(items: Array) -> Array:
    """(n, d): features of the first item less those of the second, what linear models go by."""
    return np.asarray(items[:, 0] - items[:, 1])
