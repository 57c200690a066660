"""Features of responses, for reward models that are linear in features: hidden states of a frozen policy, kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.generate.kept_arrays import kept_arrays
from bench.learn.kept import place
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import data_hash
from bench.select.response_features import response_features

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
