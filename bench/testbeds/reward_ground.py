"""A pool whose learners are reward models in features of responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.evaluate.clustered import clustered_error
from bench.label import Judgements
from bench.learn.policy.completions import Completions
from bench.testbeds.pool import Place, PoolGround
from bench.testbeds.response_features import Features
from bench.testbeds.testbed import Learnt

EVERYBODY = "everybody"  # the one annotator


@dataclass(frozen=True)
class HeldOut:
    """Pairs of responses that nobody learns from, and which of them is better."""

    groups: Sequence[Completions]
    pairs: Sequence[tuple[int, int, int]]  # a group, and two of its responses
    better: NDArray[np.float64]  # (pairs,): +1 the first, -1 the second


class RewardGround(PoolGround):
    """A reward model learns from judgements in features of the SFT policy, whose scale the pool decides."""

    def __init__(self, place: Place, budget: int, features: Features, held_out: HeldOut) -> None:
        super().__init__(place, budget)
        self.features = features
        self.held_out = held_out

    def learn(self, learner: Any, rows: Sequence[int], judgements: Judgements, training: Mapping[str, Any]) -> Learnt:
        """See Ground. Accuracy is that on the held-out order, a tie of the model being half right."""
        pool = self.features.of(self.groups)
        scale = pool.std(axis=(0, 1))
        scale[scale == 0] = 1.0
        labels = np.where(judgements.first, 1, -1)
        learner.fit(pool[list(rows), :2] / scale, labels, annotators=[EVERYBODY] * len(rows))
        here = self.held_out
        pairs = np.array(here.pairs)
        items = self.features.of(here.groups)[pairs[:, :1], pairs[:, 1:]] / scale
        said = np.asarray(learner.decision_function(items, annotators=[EVERYBODY] * len(items)), dtype=float)
        if said.shape != here.better.shape or not np.isfinite(said).all():
            raise UserError(
                f"{type(learner).__name__}: of {len(items)} comparisons, decision_function gave shape {said.shape}, "
                f"{int((~np.isfinite(said)).sum())} of them not finite"
            )
        right = (1 + np.sign(said) * here.better) / 2
        lengths = np.array([[len(here.groups[row].responses[side]) for side in sides] for row, *sides in here.pairs])
        longer = (1 + np.sign(lengths[:, 0] - lengths[:, 1]) * here.better) / 2
        metrics = {
            "accuracy": float(right.mean()),
            "accuracy_error": clustered_error(right, pairs[:, 0]),
            "accuracy_of_longer": float(longer.mean()),
        }
        return Learnt(metrics | ({"tokens": float(self.known.tokens)} if self.known.tokens else {}))
