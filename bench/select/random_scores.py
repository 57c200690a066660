"""Scores without information: the control that every selector is held against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import data_hash
from bench.seeds import seed_for
from bench.select.selector import Scores


class RandomScores:
    """Uniform on [0, 1), named by the seed and the group's tokens: a group's score is its own, wherever it stands."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector."""
        drawn = [seed_for("select", "random scores", self.seed, data_hash([group])) for group in groups]
        return np.array(drawn, dtype=np.float64) / 2**63
