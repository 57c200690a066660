"""A personal reward model as an ordinary one: the reward of an item, for one annotator or a mixture of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from bench.learn.reward.pal.checks import check_prompts, check_vectors
from bench.learn.reward.pal.networks import Network

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ScalarReward:
    """r(prompt, item) at fixed weights: differences of it are the decisions of the model that it was made from."""

    network: Network
    weights: torch.Tensor  # (1, K), on the simplex
    features: int
    prompt_features: int | None  # None: the model reads no prompts

    @torch.no_grad()
    def __call__(self, items: ArrayLike, prompts: ArrayLike | None = None) -> Array:
        """(n,): rewards of items (n, d), each at its prompt (n, p) for PAL-B.

        Raises UserError for other shapes than those of the fit.
        """
        X = check_vectors("items", items, self.features)
        read = None
        if self.prompt_features is not None:
            read = torch.from_numpy(check_prompts(prompts, len(X), self.prompt_features)).to(self.weights)
        who = torch.zeros(len(X), dtype=torch.long, device=self.weights.device)
        points = self.network.ideal_points(self.weights, who, read)
        projected = self.network.items(torch.from_numpy(X).to(self.weights))
        return self.network.rewards(projected, points).double().cpu().numpy()
