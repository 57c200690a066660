"""The small problem of a reward method: comparisons by a few people in six features, and prompts in as many."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import unknown
from bench.methods.checks.ground import Shape
from bench.methods.contract import READINGS
from bench.seeds import seed_for

TRAIN, TEST, FEATURES, PEOPLE = 24, 12, 6, 6


class Name(str):
    """Of a person, with a hash that `process` decides: sets of strings have another order in every Python process."""

    process = 0

    def __hash__(self) -> int:
        return seed_for("check", "hash", str(self), self.process) % 2**61

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, str(other))


@dataclass
class Problem:
    """Comparisons that are learnt from, and those whose labels are held out."""

    X: NDArray[np.float64]
    labels: NDArray[np.float64]
    annotators: list[Name]
    prompts: NDArray[np.float64]
    test_items: NDArray[np.float64]
    test_annotators: list[Name]
    test_prompts: NDArray[np.float64]

    @staticmethod
    def of(shape: Shape, people: int = PEOPLE, process: int = 0) -> Problem:
        """`people` annotators, one of whom, with more than one, is met in the test alone."""
        random = np.random.default_rng(seed_for("check", "comparisons"))
        rows = {"single": np.arange(1), "duplicates": np.arange(TRAIN) // 3}.get(shape, np.arange(TRAIN))
        X = random.normal(size=(TRAIN, 2, FEATURES))[rows]
        if shape == "ties":
            X[:, 1] = X[:, 0]
        taste = random.normal(size=FEATURES)
        labels = np.where((X[:, 0] - X[:, 1]) @ taste + random.logistic(size=TRAIN)[rows] > 0, 1.0, -1.0)
        met = max(1, people - 1)
        return Problem(
            X,
            labels,
            [_name(int(row % met), process) for row in rows],
            random.normal(size=(TRAIN, FEATURES))[rows],
            random.normal(size=(TEST, 2, FEATURES)),
            [_name(row % people, process) for row in range(TEST)],
            random.normal(size=(TEST, FEATURES)),
        )

    def decisions(self, model: Any) -> Any:
        """What `model` says of the test comparisons, once it was fitted. Prompts are for those that ask for them.

        Raises UserError for a model that reads what there is not.
        """
        reads = getattr(model, "reads", READINGS[0])
        if reads not in READINGS:
            raise unknown("value of reads", str(reads), READINGS, type(model).__name__)
        asked, later = (self.prompts, self.test_prompts) if reads == "items" else (None, None)
        model.fit(self.X, self.labels, annotators=self.annotators, prompts=asked)
        return model.decision_function(self.test_items, annotators=self.test_annotators, prompts=later)

    def fingerprint(self) -> str:
        """Of all arrays and names."""
        digest = hashlib.sha256()
        parts: Sequence[Any] = (self.X, self.labels, self.prompts, self.test_items, self.test_prompts)
        for part in parts:
            digest.update(part.tobytes())
        digest.update("/".join([*self.annotators, *self.test_annotators]).encode())
        return digest.hexdigest()


def _name(person: int, process: int) -> Name:
    name = Name(f"person {person}")
    name.process = process
    return name
