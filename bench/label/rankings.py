"""Ranked lists of comparisons by people: who compares all pairs of k responses can put them in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from bench.learn.policy.completions import Completions


def comparisons(k: int) -> int:
    """Labels that a ranking of k responses takes."""
    return k * (k - 1) // 2


def pairs_of(group: Completions, k: int) -> list[Completions]:
    """(k (k - 1) / 2,): every two of the first k responses, in the order of `itertools.combinations`."""
    return [replace(group, responses=pair) for pair in combinations(group.responses[:k], 2)]


def by_wins(group: Completions, k: int, first: Sequence[bool]) -> Completions:
    """The first k responses, those of most wins first; of equally many, those that stand first.

    `first` says of every pair of `pairs_of` whether its first response is preferred. Noisy people may prefer in a
    circle: then all have as many wins, and the list keeps its order.
    """
    wins = [0] * k
    for pair, won in zip(combinations(range(k), 2), first, strict=True):
        wins[pair[0] if won else pair[1]] += 1
    order = sorted(range(k), key=lambda place: -wins[place])
    return replace(group, responses=tuple(group.responses[place] for place in order))
