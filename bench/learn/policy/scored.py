"""A preference loss of scores: how much each chosen response is preferred, where more is known than the label."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from bench.errors import UserError
from bench.learn.policy import losses
from bench.learn.policy.objectives import Batch, Preference
from bench.learn.policy.reference import ReferenceLogProbs


class ScoredPreference(Preference):
    """`loss` names `scores` among what it takes; `scores` (n,) are of the very pairs trained on, in their order.

    A score is a log-odds of chosen over rejected, negative where the label is thought wrong. Raises UserError for a
    loss without scores, scores that are not one a pair or not finite, and as `Preference` does.
    """

    def __init__(
        self, loss: str | losses.Loss, scores: ArrayLike, reference: ReferenceLogProbs, **hyper: float
    ) -> None:
        super().__init__(loss, reference, **hyper)
        if "scores" not in self.quantities:
            raise UserError(f"the loss {self.name} takes no scores; gpo does")
        self.scores = np.asarray(scores, dtype=np.float64)
        if self.scores.shape != (len(reference.tokens),):
            raise UserError(f"scores of shape {self.scores.shape} for {len(reference.tokens):,} pairs")
        if len(bad := np.flatnonzero(~np.isfinite(self.scores))):
            raise UserError(f"the score of pair {bad[0]} is {self.scores[bad[0]]}")

    def identity(self) -> Mapping[str, Any]:
        """See Objective."""
        return {**super().identity(), "scores": hashlib.sha256(self.scores.astype("<f8").tobytes()).hexdigest()}

    def supply(self, outputs: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
        """See Preference."""
        scores = torch.from_numpy(self.scores[list(batch.indices)]).to(outputs)
        return {**super().supply(outputs, batch), "scores": scores}
