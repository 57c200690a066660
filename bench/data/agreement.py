"""How much people who are told apart agree with one another, and with themselves.

The first bounds the accuracy of a model that gives everyone the same answer; the second says how much of the rest can
be taste. Where nobody judged a pair twice, somebody's noise shows in circles only: a over b, b over c, and c over a.
Judgements that prefer neither are in neither figure, and those are the least certain ones: noise is more than it seems.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.data.annotated import Annotated
from bench.errors import UserError
from bench.seeds import seed_for

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """How often people who judged the same pair of items agree; rates of comparisons, each with its standard error.

    The errors are of clusters: pairs of items are taken as independent, judgements of one pair are not.
    """

    two: float  # somebody with another who judged the pair
    two_error: float
    others: float  # somebody with the majority of all others who did; a tie among them counts one half
    others_error: float
    halves: float  # the majority of one random half with that of the other; a tie of either counts one half
    halves_error: float
    judgements: int  # of pairs that two or more judged
    pairs: int


def agreement(data: Annotated, judges: Collection[str] | None = None, seed: int = 0) -> Agreement:
    """The agreement of `judges` (default: all) with everybody in `data`.

    `others` is what the best guess from other people's judgements of the same pair is worth, `halves` how well a
    majority repeats itself, and is of all people whoever the judges are. Raises UserError where no judge shares a pair.
    """
    chosen = set(data.people if judges is None else judges)
    votes: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for first, second, label, person in zip(data.first, data.second, data.labels, data.annotators, strict=True):
        key = (int(min(first, second)), int(max(first, second)))
        votes.setdefault(key, []).append((person, int(label) if first < second else -int(label)))
    random = np.random.default_rng(seed_for("agreement halves", data.name, seed))
    rows = []
    for key in sorted(votes):
        mine = [label for person, label in votes[key] if person in chosen]
        if len(votes[key]) < 2 or not mine:
            continue
        all_votes = [label for _, label in votes[key]]
        rows.append([len(mine), *_agreements(mine, all_votes), _halves(all_votes, random)])
    if not rows:
        raise UserError(f"{data.name}: no judge shares a pair of items with anybody")
    table = np.array(rows)
    judgements, halves = table[:, 0], table[:, 3]
    two, two_error = _ratio(table[:, 1], judgements)
    others, others_error = _ratio(table[:, 2], judgements)
    split, split_error = _ratio(halves, np.ones(len(halves)))
    return Agreement(two, two_error, others, others_error, split, split_error, int(judgements.sum()), len(rows))


def _agreements(mine: list[int], votes: list[int]) -> tuple[float, float]:
    """Summed over the judgements `mine` of one pair: the share of others that agree; whether their majority does."""
    count = Counter(votes)
    total = sum(votes)
    share = sum((count[label] - 1) / (len(votes) - 1) for label in mine)
    majority = sum((1 + np.sign(label * (total - label))) / 2 for label in mine)
    return share, float(majority)


def _halves(votes: list[int], random: np.random.Generator) -> float:
    """Whether two random halves of one pair's judgements agree; an odd one is in neither."""
    order = random.permutation(len(votes))
    half = len(votes) // 2
    one, other = (sum(votes[place] for place in order[start : start + half]) for start in (0, half))
    return float((1 + np.sign(one * other)) / 2)


def _ratio(parts: Array, sizes: Array) -> tuple[float, float]:
    """The ratio of two sums over clusters, and its standard error by linearisation."""
    rate = parts.sum() / sizes.sum()
    residuals = parts - rate * sizes
    return float(rate), float(np.sqrt((residuals**2).sum()) / sizes.sum())


@dataclass(frozen=True)
class Consistency:
    """Of three items that somebody compared two by two, how often the answers run in a circle."""

    triads: int
    circles: int
    people: int  # with at least one triad

    @property
    def noise(self) -> float:
        """The rate e of answers against somebody's own order that gives as many circles, were errors independent.

        A triad of three different items is a circle with probability e (1 - e): the answer on the two that are
        farthest apart is wrong and the other two right, or the other way round. 1/2 where circles are as frequent as
        coin tosses make them (1/4), and nan without triads.
        """
        if not self.triads:
            return float("nan")
        return (1 - math.sqrt(max(1 - 4 * self.circles / self.triads, 0))) / 2


def consistency(data: Annotated) -> Consistency:
    """Counts everyone's triads; of a pair that somebody judged more than once, the last answer counts."""
    triads = circles = people = 0
    for person in range(len(data.people)):
        own = np.flatnonzero(data.judged == person)
        found, circular = _triads(data.first[own].tolist(), data.second[own].tolist(), data.labels[own].tolist())
        triads, circles, people = triads + found, circles + circular, people + (found > 0)
    return Consistency(triads, circles, people)


def _triads(first: list[int], second: list[int], labels: list[int]) -> tuple[int, int]:
    """One person's triads and circles."""
    beats: dict[tuple[int, int], bool] = {}
    compared: dict[int, set[int]] = {}
    for a, b, label in zip(first, second, labels, strict=True):
        beats[a, b], beats[b, a] = label > 0, label < 0
        compared.setdefault(a, set()).add(b)
        compared.setdefault(b, set()).add(a)
    three = [(a, b, c) for a in compared for b in compared[a] if b > a for c in compared[a] & compared[b] if c > b]
    return len(three), sum(beats[a, b] == beats[b, c] == beats[c, a] for a, b, c in three)
