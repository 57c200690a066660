"""Features of responses, for reward models that are linear in features: hidden states of a frozen policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.generate.kept_arrays import kept_arrays
from bench.learn.kept import place
from bench.learn.policy import attention
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import MAX_TOKENS
from bench.learn.policy.packing import micro_batches, pack
from bench.learn.policy.reference import data_hash

VERSION = 1
Array = NDArray[np.float64]


class Features:
    """`policy`'s last hidden states, `weights` their hash; kept in `folder` by content."""

    def __init__(self, policy: Any, weights: str, folder: Path) -> None:
        self.policy = policy
        self.weights = weights
        self.folder = folder

    def of(self, groups: Sequence[Completions]) -> Array:
        """(n, k, 2 d): of every response, the mean over its tokens, and the last token's; all groups have one k."""
        parts = {"version": VERSION, "weights": self.weights, "groups": data_hash(groups)}
        path = place(self.folder, "features", parts)
        found = kept_arrays(path, lambda: {"features": response_features(self.policy, groups).astype(np.float32)})
        return np.asarray(found["features"], dtype=np.float64)


@torch.no_grad()
def response_features(model: Any, groups: Sequence[Completions], max_tokens: int = MAX_TOKENS) -> Array:
    """(n, k, 2 d): see `Features.of`. The model's mode is left as it was."""
    attention.enable(model)
    was_training = model.training
    model.eval()
    end = np.zeros(1, dtype=np.int32)  # a stream leaves a response's last token out: one more lets it in
    longer = [
        replace(group, responses=tuple(np.concatenate([one, end]) for one in group.responses)) for group in groups
    ]
    found: dict[int, Array] = {}
    try:
        for part in micro_batches(longer, range(len(longer)), max_tokens):
            packing = pack([longer[index] for index in part]).to(model.device)
            states = attention.hidden_states(model, packing).index_select(0, packing.sources).double().cpu()
            # The first of a response's sources is the prompt's last token.
            each = [own[1:] for own in torch.split(states, packing.lengths.tolist())]
            rows = torch.stack([torch.cat([own.mean(dim=0), own[-1]]) for own in each]).numpy()
            k = len(groups[0].responses)
            found |= dict(zip(part, rows.reshape(len(part), k, -1), strict=True))
    finally:
        model.train(was_training)
    return np.stack([found[index] for index in range(len(groups))])
