"""Average ranks, and who cannot be told apart: what a critical-difference diagram draws.

A block is one seed of one task: all entrants saw the same data in it, and blocks are independent of each other. So
what is tested is whether entrants differ on these tasks, were they run on new seeds. Demšar (2006), "Statistical
comparisons of classifiers over multiple data sets", takes whole data sets for blocks and speaks of new data sets; the
few tasks of a comparison here are not a sample of tasks, and nothing is said of others.

Pairs are tested each by itself, as Benavoli, Corani and Mangili (2016), "Should we really use post-hoc tests based on
mean-ranks?", recommend: with Nemenyi's test the verdict on two entrants depends on the others. The test is Wilcoxon's
of signed ranks. Ranks are given within each task, as measures of two tasks have different units. The distribution is
exact, over all signs, so that the error is at most 5 % at any number of seeds and with ties. Holm's correction is
over all pairs.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.compare.intervals import paired_differences
from bench.compare.results import Ranks
from bench.verdict.statistics import ALPHA, holm

Array = NDArray[np.float64]

MINIMUM_BLOCKS = 3
TEST = (
    "Friedman's test; pairs by Wilcoxon's signed-rank test, ranks within tasks, exact over all signs; Holm over pairs"
)


def ranks(names: Sequence[str], areas: Sequence[Array]) -> Ranks | None:
    """Ranks of entrants `names` (E,) by their areas (E, S) on every task; None below two entrants or three blocks.

    With two entrants Friedman's p is that of their signed-rank test. `groups` are in the order of ranks, and one whom
    everybody differs from is a group alone.
    """
    blocks = np.concatenate([task.T for task in areas]) if areas else np.empty((0, len(names)))
    if len(names) < 2 or len(blocks) < MINIMUM_BLOCKS:
        return None
    average = stats.rankdata(-blocks, axis=1).mean(axis=0)
    pairs = list(combinations(range(len(names)), 2))
    p_values = [signed_rank_p([paired_differences(task[left], task[right]) for task in areas]) for left, right in pairs]
    same = {pair for pair, p in zip(pairs, holm(p_values), strict=True) if p > ALPHA}
    return Ranks(
        average={name: float(rank) for name, rank in zip(names, average, strict=True)},
        blocks=len(blocks),
        friedman_p=p_values[0] if len(names) == 2 else _friedman(blocks),
        groups=_groups(names, dict(zip(names, average, strict=True)), same),
        test=TEST,
    )


def signed_rank_p(differences: Sequence[Array]) -> float:
    """Two-sided p of "differences are symmetric about zero on every task", from one array (S,) a task.

    The statistic is the sum over tasks of Wilcoxon's: the ranks of |difference| within the task, added where the
    difference is positive. Ties have the mean of their ranks; zeros are ranked and then left out (Pratt 1959). Its
    distribution is over all 2^n signs, given the ranks. One task without ties or zeros is the textbook's exact test.
    """
    positive, all_ranks = 0, []
    for sample in differences:
        doubled = np.rint(2 * stats.rankdata(np.abs(sample))).astype(int)  # whole, whatever the ties
        positive += int(doubled[sample > 0].sum())
        all_ranks += [int(rank) for rank in doubled[sample != 0]]
    total = sum(all_ranks)
    distribution = _distribution(tuple(sorted(all_ranks)))
    return float(min(1.0, 2 * distribution[max(positive, total - positive) :].sum()))


@functools.lru_cache(maxsize=256)
def _distribution(doubled: tuple[int, ...]) -> Array:
    """Probabilities of every sum of these ranks when each counts with probability one half."""
    probabilities = np.zeros(sum(doubled) + 1)
    probabilities[0] = 1.0
    for rank in doubled:
        moved = np.zeros_like(probabilities)
        moved[rank:] = probabilities[: len(probabilities) - rank]
        probabilities = (probabilities + moved) / 2
    return probabilities


def _friedman(blocks: Array) -> float:
    """Friedman's chi-square test of blocks (n, E), E >= 3; p = 1 where all are equal in every block."""
    if (np.ptp(blocks, axis=1) == 0).all():
        return 1.0
    return float(stats.friedmanchisquare(*blocks.T).pvalue)


def _groups(
    names: Sequence[str], average: Mapping[str, float], same: set[tuple[int, int]]
) -> tuple[tuple[str, ...], ...]:
    """The maximal cliques of "cannot be told apart", from the best to the worst (Bron and Kerbosch 1973)."""
    beside = {
        place: {*(b for a, b in same if a == place), *(a for a, b in same if b == place)} for place in range(len(names))
    }
    found: list[set[int]] = []

    def grow(clique: set[int], candidates: set[int], done: set[int]) -> None:
        if not candidates and not done:
            found.append(clique)
        for place in sorted(candidates):
            grow(clique | {place}, candidates & beside[place], done & beside[place])
            candidates, done = candidates - {place}, done | {place}

    grow(set(), set(beside), set())
    ordered = [tuple(sorted((names[place] for place in clique), key=lambda name: average[name])) for clique in found]
    return tuple(sorted(ordered, key=lambda group: [average[name] for name in group]))
