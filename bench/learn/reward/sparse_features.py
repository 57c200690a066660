"""What is in human feedback: a few sparse directions in which items differ, and a weight for each.

Movva, Milli, Min and Pierson (2025, WIMHF, arXiv 2510.26202) train a sparse autoencoder on differences of embeddings of
two responses, have a language model put its directions into words, find by logistic regression which of them predict
labels, and learn weights of annotators. Here, with z the codes of x = first item less second (sparse_autoencoder.py),

    log-odds(first over second) = <w + v_u, z / s>,   s: root mean squares of the codes

where w minimises the logistic loss of everybody's labels with ridge / 2 ||w||^2, and then v_u that of annotator u's own
with deviation_ridge / 2 ||v_u||^2. The autoencoder sees no label. `features_` ranks directions; words need a
language model and are left out, and so is the paper's control for length, for which there are no texts here. The paper
trains the autoencoder on all pairs of a dataset; here those are all that is known whose labels were bought. How it
regularises, and that it learns v_u after w, could not be verified.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward.personal.base import ProfiledRewardModel, rowwise
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.model import differences
from bench.learn.reward.personal.ridge import RidgeBradleyTerry, fit_annotators
from bench.learn.reward.sparse_autoencoder import SparseAutoencoder, fit
from bench.learn.reward.validation import check_count, check_positive
from bench.seeds import seed_for

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Feature:
    """A direction in which items differ, and what it means for preferences."""

    place: int  # among the codes
    weight: float  # log-odds that one root mean square of its code adds, for everybody
    prevalence: float  # share of comparisons in which items differ in it
    win_rate: float  # of the item that has more of it, where items differ in it; NaN where they never do
    direction: Array  # (d,), of length 1


class SparseFeatureModel(ProfiledRewardModel):
    """A profile is v_u, and the average one is zero. `adapt` learns v_u alone.

    At most as many directions are learnt as there are comparisons. Attributes: `autoencoder_`, `spreads_` (m,),
    `weights_` (m,), `features_`, those of the largest weights first.
    """

    def __init__(
        self,
        directions: int = 32,
        active: int = 4,
        ridge: float = 1.0,
        deviation_ridge: float = 10.0,
        seed: int = 0,
    ) -> None:
        self.directions = directions
        self.active = active
        self.ridge = ridge
        self.deviation_ridge = deviation_ridge
        self.seed = seed

    def codes(self, x: Array) -> Array:
        """(n, m): of differences (n, d), in units of their root mean squares in the fit."""
        return np.asarray(self.autoencoder_.codes(x) / self.spreads_)

    def _learn(self, known: Ordered) -> Array:
        active = check_count("active", self.active, check_count("directions", self.directions))
        directions = min(self.directions, len(known.places))
        self.autoencoder_ = _autoencoder(known.signed, directions, min(active, directions), self.seed)
        raw = self.autoencoder_.codes(known.signed)
        spread = np.sqrt((raw**2).mean(axis=0))
        self.spreads_ = np.where(spread > 0, spread, 1.0)
        codes = raw / self.spreads_
        self.weights_ = RidgeBradleyTerry(self.ridge).fit(codes, np.ones(len(codes))).coef_
        self.features_ = _ranked(codes, self.weights_, self.autoencoder_.decoder)
        self.average_profile_ = np.zeros(directions)
        return self._profile(known)

    def _profile(self, judged: Ordered) -> Array:
        codes = self.codes(judged.signed)
        return fit_annotators(
            judged, check_positive("deviation_ridge", self.deviation_ridge), codes, codes @ self.weights_
        )

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        return rowwise(self.codes(differences(items)), self.weights_ + profiles)

    def _shared_parameters(self) -> dict[str, int]:
        return {
            "autoencoder": self.autoencoder_.encoder.size + self.autoencoder_.decoder.size,
            "weights": self.weights_.size,
        }


def _autoencoder(x: Array, directions: int, active: int, seed: int) -> SparseAutoencoder:
    if not x.any():  # items that never differ have no direction
        nowhere = np.zeros((directions, x.shape[1]))
        return SparseAutoencoder(nowhere, nowhere, 0.0, 0.0)
    return fit(x, directions, active, np.random.default_rng(seed_for("sparse features", seed)))


def _ranked(codes: Array, weights: Array, decoder: Array) -> tuple[Feature, ...]:
    """`codes` (n, m) are those of the preferred item less the other."""
    there, more = (codes != 0).sum(axis=0), (codes > 0).sum(axis=0)
    return tuple(
        Feature(
            int(place),
            float(weights[place]),
            float(there[place] / len(codes)),
            float(more[place] / there[place]) if there[place] else float("nan"),
            decoder[place],
        )
        for place in np.argsort(-np.abs(weights), kind="stable")
    )
