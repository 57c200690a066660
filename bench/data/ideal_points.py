"""People with known ideal points: items are vectors, and of two items the one nearer to somebody's point is preferred.

Coombs' unfolding model, as PAL's synthetic experiments have it: K* prototypes, and everybody's point is one of them (a
partition) or a mixture of all. PAL's own grid and distributions are not known here; these are ours. Items and
prototypes are standard normal. With items known, -||x - u||^2 is a linear reward of (x, ||x||^2): what a linear model
needs to know of an item is there as `squared`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from bench.data.embedded import Embedded, make_embedded
from bench.errors import UserError
from bench.seeds import seed_for

NAME = "ideal_points"
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Population:
    """Who there is, and how much each of them says."""

    prototypes: int  # K*
    dimension: int  # of items and points
    people: int
    train: int  # comparisons of everyone
    test: int
    concentration: float | None = None  # of the Dirichlet distribution of mixtures; None: one prototype each
    flips: float = 0.0  # share of answers that are the other way round

    def __post_init__(self) -> None:
        for name in ("prototypes", "dimension", "people", "train", "test"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.flips < 0.5:
            raise UserError(f"flips must be at least 0 and below 0.5, got {self.flips}")
        if self.concentration is not None and not self.concentration > 0:
            raise UserError(f"concentration must be positive, got {self.concentration}")


@dataclass(frozen=True)
class IdealPeople:
    """Their comparisons, of items that are all different."""

    train: Embedded
    test: Embedded
    mixtures: Mapping[str, tuple[float, ...]]  # of everyone, of the K* prototypes
    prototypes: Array  # (K*, d)


def make_people(population: Population, seed: int) -> IdealPeople:
    """Same arguments, same people; more people come after fewer, and more comparisons after the first ones."""
    K, d = population.prototypes, population.dimension

    def stream(role: str, person: int = 0) -> np.random.Generator:
        return np.random.default_rng(seed_for(NAME, role, seed, K, d, population.concentration, person))

    prototypes = stream("prototypes").standard_normal((K, d))
    names = [f"person-{person}" for person in range(population.people)]
    mixtures = np.eye(K)[np.arange(population.people) % K]
    if population.concentration is not None:
        shares = np.full(K, population.concentration)
        mixtures = np.array([stream("mixture", person).dirichlet(shares) for person in range(population.people)])
    parts = {}
    groups = {name: str(int(row.argmax())) for name, row in zip(names, mixtures, strict=True)}
    for part, each in (("train", population.train), ("test", population.test)):
        judged = [
            _judged(mixtures[person] @ prototypes, each, population.flips, stream(part, person))
            for person in range(population.people)
        ]
        count = each * population.people
        embedded = make_embedded(
            f"{NAME}-{part}",
            rankings=range(count),
            annotators=[name for name in names for _ in range(each)],
            labels=np.concatenate([labels for _, labels in judged]),
            prompts=np.empty((count, 0), np.float32),
            items=np.concatenate([items for items, _ in judged]).astype(np.float32),
            source="made here",
        )
        known = groups if population.concentration is None else {}
        parts[part] = replace(embedded, comparisons=replace(embedded.comparisons, groups=known))
    weights = {name: tuple(row.tolist()) for name, row in zip(names, mixtures, strict=True)}
    return IdealPeople(parts["train"], parts["test"], weights, prototypes)


def squared(embedded: Embedded) -> Embedded:
    """The same with ||x||^2 as one more feature of every item x."""
    items = embedded.items
    return replace(embedded, items=np.concatenate([items, (items**2).sum(axis=2, keepdims=True)], axis=2))


def _judged(point: Array, count: int, flips: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Items (count, 2, d) and labels (count,)."""
    drawn = random.random((count, 2 * len(point) + 1))  # of one comparison after another, so that more begin as fewer
    items = norm.ppf(drawn[:, 1:]).reshape(count, 2, len(point))
    distances = np.linalg.norm(items - point, axis=2)
    flipped = np.where(drawn[:, 0] < flips, -1, 1)
    return items, np.where(distances[:, 0] < distances[:, 1], 1, -1) * flipped
