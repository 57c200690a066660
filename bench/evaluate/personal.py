"""How well reward models of people who differ do: accuracies, and whether groups of people are found again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import adjusted_rand_score

Array = NDArray[np.float64]


def correct(decisions: ArrayLike, labels: ArrayLike) -> Array:
    """(n,): 1 where the sign of the decision is the label's, 1/2 where there is none."""
    agreement = np.asarray(decisions, dtype=float) * np.asarray(labels, dtype=float)
    return np.asarray((1 + np.sign(agreement)) / 2)


def accuracy(decisions: ArrayLike, labels: ArrayLike) -> float:
    """Share of comparisons that are right, pooled over people (PAL's metric)."""
    return float(correct(decisions, labels).mean())


def accuracy_by_person(decisions: ArrayLike, labels: ArrayLike, people: Sequence[Hashable]) -> dict[Hashable, float]:
    """Everyone's own share, in the order in which they first occur."""
    right = correct(decisions, labels)
    rows: dict[Hashable, list[int]] = {}
    for row, person in enumerate(people):
        rows.setdefault(person, []).append(row)
    return {person: float(right[own].mean()) for person, own in rows.items()}


def groups_found(weights: Mapping[Any, Array], groups: Mapping[Any, str]) -> float:
    """Adjusted Rand index (Hubert and Arabie 1985) of everyone's largest weight (K,) against the known groups.

    1 where they are the same division of people, about 0 for a random one.
    """
    people = [person for person in weights if person in groups]
    found = [int(np.argmax(weights[person])) for person in people]
    return float(adjusted_rand_score([groups[person] for person in people], found))
