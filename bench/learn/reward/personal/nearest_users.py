"""Neighbours: what the annotators think who would have given the same labels.

    theta_u = (own_u + sum_(v in N_k(u)) own_v) / (k + 1)

with own_u the ridge Bradley-Terry model of u's comparisons alone, and N_k(u) the k others whose models give u's labels
the highest likelihood. That is collaborative filtering by neighbours (Herlocker, Konstan, Borchers and Riedl 1999) with
agreement measured through models, as two people rarely judged the same pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward.personal.base import ProfiledRewardModel, rowwise
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.mixture import log_likelihoods
from bench.learn.reward.personal.model import UNKNOWN, Annotators, differences
from bench.learn.reward.personal.ridge import RIDGE, fit_annotators
from bench.learn.reward.validation import check_count, check_positive

Array = NDArray[np.float64]

BLOCK = 128  # models whose agreement is measured in one go


class NearestUsers(ProfiledRewardModel):
    """A profile is theta_u, the average one the mean of all own models in `fit`.

    Neighbours are those of `fit`, also in `adapt`, where the new annotator's own model is learnt, too. Where there are
    fewer others than k, all of them are neighbours. Attributes: `coefs_` (annotators of the fit, d), their own models.
    """

    def __init__(self, k: int = 5, ridge: float = RIDGE) -> None:
        self.k = k
        self.ridge = ridge

    def _learn(self, known: Ordered) -> Array:
        check_count("k", self.k)
        self.coefs_ = fit_annotators(known, check_positive("ridge", self.ridge))
        self.neighbours_: Annotators = known.annotators
        self.average_profile_ = self.coefs_.mean(axis=0)
        return self._profile(known)

    def _profile(self, judged: Ordered) -> Array:
        agreement = self._agreement(judged)
        nearest = np.argsort(-agreement, axis=1, kind="stable")[:, : self.k]
        others = np.isfinite(np.take_along_axis(agreement, nearest, axis=1))
        theirs = (self.coefs_[nearest] * others[:, :, None]).sum(axis=1)
        own = fit_annotators(judged, self.ridge)
        return np.asarray((own + theirs) / (1 + others.sum(axis=1, keepdims=True)))

    def _agreement(self, judged: Ordered) -> Array:
        """(annotators, neighbours): log-likelihood of their labels under every neighbour's model, -inf for oneself."""
        blocks = range(0, len(self.coefs_), BLOCK)
        agreement = np.hstack([log_likelihoods(judged, self.coefs_[begin : begin + BLOCK]) for begin in blocks])
        oneself = self.neighbours_.places(judged.annotators.known)
        known = np.flatnonzero(oneself != UNKNOWN)
        agreement[known, oneself[known]] = -np.inf
        return agreement

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        return rowwise(differences(items), profiles)

    def _shared_parameters(self) -> dict[str, int]:
        return {"neighbours": self.coefs_.size}
