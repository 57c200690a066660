"""What the baselines share: somebody is a vector, their profile; the rest of a model is the same for all.

A model says how profiles are learnt from comparisons with all else fixed, and how a profile judges two items.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from copy import copy
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from bench.learn.reward.personal.comparisons import Ordered, check_prompts, read
from bench.learn.reward.personal.model import Annotators, check_annotators, check_items

Array = NDArray[np.float64]


class ProfiledRewardModel(BaseEstimator, ABC):  # type: ignore[misc]
    """A `PersonalRewardModel` in which an annotator is a vector.

    Attributes after `fit`: `annotators_`, whose k-th is the one of row k of `profiles_` (annotators, p);
    `average_profile_` (p,), that of anybody unknown; `n_features_in_`; `learned_parameters_`.
    """

    reads_prompts = False
    annotators_: Annotators
    profiles_: Array
    average_profile_: Array
    n_features_in_: int
    prompt_features_: int
    learned_parameters_: Mapping[str, int]

    def fit(
        self, X: ArrayLike, labels: ArrayLike, *, annotators: Sequence[Hashable], prompts: ArrayLike | None = None
    ) -> Self:
        """Learn everything. Raises UserError for arrays that do not go together, and for bad parameters."""
        known = read(X, labels, annotators, prompts if self.reads_prompts else None)
        self.n_features_in_, self.prompt_features_ = known.items.shape[2], known.prompts.shape[1]
        self._keep(known.annotators, self._learn(known))
        return self

    def adapt(
        self, X: ArrayLike, labels: ArrayLike, *, annotators: Sequence[Hashable], prompts: ArrayLike | None = None
    ) -> Self:
        """A copy that knows these annotators, too, from these comparisons alone; nothing else changes.

        Somebody known already is learnt anew. Raises UserError for arrays that do not go together or with the fit.
        """
        check_is_fitted(self)
        asked = prompts if self.reads_prompts else None
        new = read(X, labels, annotators, asked, self.n_features_in_, self.prompt_features_)
        adapted = copy(self)
        fresh = set(new.annotators.known)
        kept = [place for place, annotator in enumerate(self.annotators_.known) if annotator not in fresh]
        staying = tuple(self.annotators_.known[place] for place in kept)
        profiles = np.concatenate([self.profiles_[kept], self._profile(new)])
        adapted._keep(Annotators(staying + new.annotators.known), profiles)
        return adapted

    def decision_function(
        self, X: ArrayLike, *, annotators: Sequence[Hashable], prompts: ArrayLike | None = None
    ) -> Array:
        """(n,): log-odds that the annotator prefers the first item; of somebody unknown, by the average profile."""
        check_is_fitted(self)
        items = check_items(X, self.n_features_in_)
        places = self.annotators_.places(check_annotators(annotators, len(items)))
        asked = check_prompts(prompts if self.reads_prompts else None, len(items), self.prompt_features_)
        profiles = np.concatenate([self.profiles_, self.average_profile_[None]])  # UNKNOWN is the place of the last
        return self._log_odds(items, asked, profiles[places])

    def _keep(self, annotators: Annotators, profiles: Array) -> None:
        self.annotators_, self.profiles_ = annotators, profiles
        self.learned_parameters_ = {**self._shared_parameters(), "annotators": self._own_parameters(profiles)}

    def _own_parameters(self, profiles: Array) -> int:
        return profiles.size

    @abstractmethod
    def _learn(self, known: Ordered) -> Array:
        """Learn what all share, and `average_profile_`; (annotators, p): the profiles of those known."""

    @abstractmethod
    def _profile(self, judged: Ordered) -> Array:
        """(annotators, p): the profile of each, with what all share as it is."""

    @abstractmethod
    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        """(n,): of the first of `items` (n, 2, d), by `profiles` (n, p)."""

    @abstractmethod
    def _shared_parameters(self) -> dict[str, int]:
        """How many numbers all share, by part."""


def rowwise(differences: Array, coefficients: Array) -> Array:
    """(n,): <differences_i, coefficients_i>, each row for itself, so that no row's bits depend on another."""
    return np.asarray(np.einsum("nd,nd->n", differences, coefficients))
