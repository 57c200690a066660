"""Uncertainty of an ensemble of reward models: which pairs of a prompt's responses do its members see differently?

Three measures of a pair, each averaged over the pairs of a group:
- disagreement: the chance that two members, drawn without replacement, vote for different responses (query by
  committee, Seung, Opper & Sompolinsky 1992; a tie is half a vote for each). It does not see how sure members are.
- variance: of the members' probabilities that the first is preferred (Christiano et al. 2017, arXiv 1706.03741,
  section 2.2.4, query by the variance across the ensemble).
- mutual_information: of the label and the member, H(mean of p) - mean of H(p), in nats (BALD: Houlsby et al. 2011,
  arXiv 1112.5745). A doubt that all members share is noise of the label, and counts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, expit

from bench.errors import UserError, unknown
from bench.learn.policy.completions import Completions
from bench.select.pvar import check_scale
from bench.select.responses import mean_absolute_difference, of_each, over_pairs, rewards_of
from bench.select.selector import Rewards, Scores

Array = NDArray[np.float64]
Measure = Literal["disagreement", "variance", "mutual_information"]


class _OfPairs(Protocol):
    def __call__(self, differences: Array) -> Array:
        """(m, pairs), of the members' differences of reward (m, members, pairs) in units of the scale."""


def disagreement(differences: Array) -> Array:
    """See the module."""
    votes = (np.sign(differences) + 1) / 2
    return mean_absolute_difference(np.swapaxes(votes, -1, -2))


def variance(differences: Array) -> Array:
    """See the module; the unbiased sample variance."""
    return np.asarray(expit(differences).var(axis=-2, ddof=1))


def mutual_information(differences: Array) -> Array:
    """See the module."""
    first, second = expit(differences), expit(-differences)
    shared = entr(first.mean(axis=-2)) + entr(second.mean(axis=-2))
    own = (entr(first) + entr(second)).mean(axis=-2)
    return np.asarray(np.maximum(shared - own, 0))  # never negative but for rounding


MEASURES: Mapping[Measure, _OfPairs] = {
    "disagreement": disagreement,
    "variance": variance,
    "mutual_information": mutual_information,
}


class Ensemble:
    """The less the members agree about a prompt's pairs, the sooner the prompt is bought. `scale` is as in PVar."""

    def __init__(self, members: Sequence[Rewards], measure: Measure = "disagreement", *, scale: float = 1.0) -> None:
        check_scale(scale)
        if len(members) < 2:
            raise UserError(f"an ensemble needs at least 2 reward models, got {len(members)}")
        if measure not in MEASURES:
            raise unknown("measure of an ensemble", measure, MEASURES)
        self.members = tuple(members)
        self.measure = measure
        self.scale = scale

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 2 responses at least."""
        of_pairs = MEASURES[self.measure]
        rewards = zip(*(rewards_of(member, groups) for member in self.members), strict=True)
        return of_each(
            [np.stack(of_group) for of_group in rewards],  # each (members, k)
            lambda rows: over_pairs(rows, lambda first, second: of_pairs((first - second) / self.scale)),
        )
