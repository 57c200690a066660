"""A pool whose learners are reward models in features of responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.evaluate.personal import correct
from bench.label import Judgements
from bench.learn.policy.completions import Completions
from bench.testbeds.pool import Place, PoolGround
from bench.testbeds.reading import accuracy, decided, reading
from bench.testbeds.response_features import Features
from bench.testbeds.stopwatch import Stopwatch
from bench.testbeds.testbed import EVERYBODY, Learnt


@dataclass(frozen=True)
class HeldOut:
    """Pairs of responses that nobody learns from, and which of them is better."""

    groups: Sequence[Completions]
    pairs: Sequence[tuple[int, int, int]]  # a group, and two of its responses
    better: NDArray[np.float64]  # (pairs,): +1 the first, -1 the second


class RewardGround(PoolGround):
    """A reward model learns from judgements in features of the SFT policy, whose scale the pool decides.

    Hidden states of a response know its prompt, so that linear and prompted readings are the same here.
    """

    def __init__(self, place: Place, budget: int, features: Features, held_out: HeldOut) -> None:
        super().__init__(place, budget)
        self.features = features
        self.held_out = held_out

    def learn(self, learner: Any, rows: Sequence[int], judgements: Judgements, training: Mapping[str, Any]) -> Learnt:
        """See Ground. Accuracy is that on the held-out order, a tie of the model being half right."""
        reads = reading(learner)
        judged, here = self.pairs(rows), self.held_out
        pairs = np.array(here.pairs)
        pool = self.features.of(self.groups)
        scale = _scale(pool.reshape(-1, pool.shape[2]))
        asked = self._prompts(judged) if reads == "items" else None
        with Stopwatch() as learning:
            learner.fit(
                pool[list(rows), :2] / scale,
                np.where(judgements.first, 1, -1),
                annotators=[EVERYBODY] * len(rows),
                prompts=asked,
            )
        items = self.features.of(here.groups)[pairs[:, :1], pairs[:, 1:]] / scale
        asked = self._prompts(here.groups)[pairs[:, 0]] if reads == "items" else None
        said = decided(learner, items, [EVERYBODY] * len(items), asked)
        self.known.require_unchanged()
        lengths = np.array([[len(here.groups[row].responses[side]) for side in sides] for row, *sides in here.pairs])
        longer = correct(lengths[:, 0] - lengths[:, 1], here.better)
        metrics = {**accuracy(said, here.better, pairs[:, 0]), "accuracy_of_longer": float(longer.mean())}
        tokens = {"tokens": float(self.known.tokens)} if self.known.tokens else {}
        return Learnt(metrics | tokens, learning.seconds)

    def _prompts(self, groups: Sequence[Completions]) -> NDArray[np.float64]:
        """(n, d): what was asked, in the unit of the pool's spread."""
        return self.known.embed(groups) / self._prompt_scale

    @cached_property
    def _prompt_scale(self) -> NDArray[np.float64]:
        return _scale(self.known.embed(self.groups))


def _scale(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """(d,): standard deviations, 1 where nothing varies."""
    spread = rows.std(axis=0)
    return np.asarray(np.where(spread > 0, spread, 1.0))
