"""Comparisons that partly run in circles: rock, paper, scissors, and better or worse.

An item is of one of three kinds and has one of four qualities, twelve states in all. With kinds 0, 1, 2 in a circle,

    log-odds(i over j) = strength ((1 - cyclic) (q_i - q_j) / sqrt(2) + cyclic c(kind_i, kind_j)),

c being +1 where the kind of i beats that of j, -1 where it is beaten, 0 for two of a kind. The two terms of a pair of
different kinds are of about one size: cyclic = 0 is a Bradley-Terry model, and with cyclic = 1 quality is nothing.
Features are a rotation of the three kinds (one-hot), quality, and directions that mean nothing. Two items of a pair
have different states.

Two accuracies bound what can be learnt. Nobody who knows the states does better than `bayes_ceiling`, and no reward
of single items better than `bradley_terry_ceiling`: such a reward orders items, and the best order of the twelve states
is found exactly, by dynamic programming over their 2^12 subsets. That items of a state have different features helps no
order: each could be moved to the best place of its state without a loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.seeds import seed_for

Array = NDArray[np.float64]
Places = NDArray[np.int64]

KINDS = 3
QUALITIES = np.array([-3.0, -1.0, 1.0, 3.0]) / np.sqrt(5.0)  # mean 0, variance 1
STATES = KINDS * len(QUALITIES)
KIND_SCALE = KINDS / np.sqrt(KINDS - 1)  # gives each one-hot coordinate a variance of 1


@dataclass(frozen=True, eq=False)
class CyclicComparisons:
    """Comparisons of items whose states are known here, and to no learner."""

    items: Array  # (n, 2, d)
    states: Places  # (n, 2)
    labels: Places  # (n,): +1 where the first was preferred, else -1


@dataclass(frozen=True)
class CyclicWorld:
    """Where items come from. Raises UserError for values that make no sense."""

    seed: int
    cyclic: float = 0.7  # share, in [0, 1]
    strength: float = 4.0
    dimension: int = 20

    def __post_init__(self) -> None:
        if not 0 <= self.cyclic <= 1:
            nearest = min(max(self.cyclic, 0), 1)
            raise UserError(f"cyclic: a share in [0, 1], got {self.cyclic}; the nearest is {nearest}")
        if not 0 < self.strength < np.inf:
            raise UserError(f"strength must be positive, got {self.strength}; 4 is the default")
        if self.dimension <= KINDS:
            raise UserError(f"dimension: kinds and quality take {KINDS + 1}, got {self.dimension}")

    def log_odds(self) -> Array:
        """(states, states): of the first's preference over the second. Skew-symmetric, of rank 4 at most."""
        kind, quality = _kinds(), _qualities()
        beats = (kind[:, None] - kind[None] + 1) % KINDS - 1
        better = (quality[:, None] - quality[None]) / np.sqrt(2.0)
        return np.asarray(self.strength * ((1 - self.cyclic) * better + self.cyclic * beats))

    def comparisons(self, count: int) -> CyclicComparisons:
        """Pairs of two different states, all as likely; labels are drawn."""
        random = np.random.default_rng(seed_for("cyclic", "pool", self.seed))
        first = random.integers(STATES, size=count)
        second = (first + random.integers(1, STATES, size=count)) % STATES
        states = np.column_stack([first, second])
        chance = 1 / (1 + np.exp(-self.log_odds()[first, second]))
        labels = np.where(random.random(count) < chance, 1, -1)
        return CyclicComparisons(self._features(states, random), states, labels)

    def balanced(self, copies: int) -> CyclicComparisons:
        """Every pair of different states so many times, each state as often first as second.

        The labels of a pair of states have the shares that its log-odds say, as near as `copies` allows: a mean over
        them has no error of drawing labels. Raises UserError for a number of copies that is odd or below 2.
        """
        if copies < 2 or copies % 2:
            raise UserError(f"copies must be an even number from 2, got {copies}; {max(2, copies + copies % 2)} is one")
        random = np.random.default_rng(seed_for("cyclic", "test", self.seed))
        first, second = np.triu_indices(STATES, k=1)
        chance = 1 / (1 + np.exp(-self.log_odds()[first, second]))
        won = np.round(copies * chance)
        labels = np.where(np.arange(copies) < won[:, None], 1, -1)
        swapped = np.broadcast_to(np.arange(copies) % 2 == 1, labels.shape)
        pairs = np.broadcast_to(np.column_stack([first, second])[:, None], (*labels.shape, 2))
        states = np.where(swapped[:, :, None], pairs[:, :, ::-1], pairs).reshape(-1, 2)
        return CyclicComparisons(self._features(states, random), states, np.where(swapped, -labels, labels).ravel())

    def _features(self, states: Places, random: np.random.Generator) -> Array:
        kinds = KIND_SCALE * np.eye(KINDS)[_kinds()[states]]
        nothing = random.normal(size=(*states.shape, self.dimension - KINDS - 1))
        plain = np.concatenate([kinds, _qualities()[states][:, :, None], nothing], axis=2)
        square = np.random.default_rng(seed_for("cyclic", "rotation", self.seed)).normal(size=(self.dimension,) * 2)
        return np.asarray(plain @ np.linalg.qr(square)[0])


def preferred(comparisons: CyclicComparisons) -> Array:
    """(states, states): how often the first was preferred to the second."""
    winner = np.where(comparisons.labels > 0, comparisons.states[:, 0], comparisons.states[:, 1])
    loser = comparisons.states.sum(axis=1) - winner
    found = np.zeros((STATES, STATES))
    np.add.at(found, (winner, loser), 1.0)
    return found


def bayes_ceiling(wins: Array) -> float:
    """The best accuracy of anybody who knows the states, where `wins` (s, s) says how often the first was preferred."""
    return float(np.maximum(wins, wins.T).sum() / (2 * wins.sum()))


def bradley_terry_ceiling(wins: Array) -> float:
    """The best accuracy of any reward of single states, however it was found: that of the best order of them."""
    states = len(wins)
    best = np.full(2**states, -np.inf)
    best[0] = 0.0
    over = [_sums(wins[:, state]) for state in range(states)]  # preferred to `state`, for every subset
    subsets = np.arange(2**states)
    for size in range(states):
        here = subsets[np.bitwise_count(subsets) == size]
        for state in range(states):
            without = here[(here >> state) & 1 == 0]
            placed = without | (1 << state)
            best[placed] = np.maximum(best[placed], best[without] + over[state][without])
    return float(best[-1] / wins.sum())


def _sums(column: Array) -> Array:
    """(2^s,): the sum of the column's entries over every subset."""
    sums = np.zeros(1)
    for entry in column:
        sums = np.concatenate([sums, sums + entry])
    return sums


def _kinds() -> Places:
    return np.repeat(np.arange(KINDS), len(QUALITIES))


def _qualities() -> Array:
    return np.tile(QUALITIES, KINDS)
