"""The cosine of prompt and item in the space of an encoder that knows both: what CLIP says before anybody is asked.

    P(first preferred) = F(tau (cos(x_1, prompt) - cos(x_2, prompt)))

Radford et al. (2021), with the tau that PAL-B starts at. Nothing is learnt, from nobody.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.learn.reward.personal.base import ProfiledRewardModel
from bench.learn.reward.personal.comparisons import Ordered

Array = NDArray[np.float64]

SCALE = 1 / 0.07


class PromptCosine(ProfiledRewardModel):
    """Reads prompts, which have as many features as items. Raises UserError for others, and where there are none."""

    reads_prompts = True
    reads = "items"  # see RewardMethod in bench/methods/contract.py

    def _learn(self, known: Ordered) -> Array:
        if known.prompts.shape[1] != known.items.shape[2]:
            raise UserError(f"prompts have {known.prompts.shape[1]} features, items {known.items.shape[2]}: no cosine")
        self.average_profile_ = np.empty(0)
        return self._profile(known)

    def _profile(self, judged: Ordered) -> Array:
        return np.empty((len(judged.annotators.known), 0))

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        near = cosines(items, prompts)
        return SCALE * (near[:, 0] - near[:, 1])

    def _shared_parameters(self) -> dict[str, int]:
        return {}


def cosines(items: Array, prompts: Array) -> Array:
    """(n, 2): of items (n, 2, d) with their prompts (n, d); 0 where one has no length."""
    inner = np.einsum("nsd,nd->ns", items, prompts)
    lengths = np.linalg.norm(items, axis=2) * np.linalg.norm(prompts, axis=1)[:, None]
    return np.asarray(np.divide(inner, lengths, out=np.zeros_like(inner), where=lengths > 0))
