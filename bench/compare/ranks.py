"""Average ranks, and who cannot be told apart: what a critical-difference diagram draws.

A block is one seed of one task: all entrants saw the same data in it. Where every seed has data of its own, blocks are
independent of each other, and what is tested is whether entrants differ on these tasks, were they run on new seeds.
Demšar (2006), "Statistical comparisons of classifiers over multiple data sets", takes whole data sets for blocks and
speaks of new data sets; the few tasks of a comparison here are not a sample of tasks, and nothing is said of others.

Pairs are tested each by itself, as Benavoli, Corani and Mangili (2016), "Should we really use post-hoc tests based on
mean-ranks?", recommend: with Nemenyi's test the verdict on two entrants depends on the others. The test is Wilcoxon's
of signed ranks. Ranks are given within each task, as measures of two tasks have different units. The distribution is
exact, over all signs, so that the error is at most 5 % at any number of seeds and with ties. Holm's correction is
over all pairs.

Where every seed splits the same data anew, blocks are not independent, and no test of signs or ranks holds. Such a task
has the corrected resampled t-test of each pair (`paired_tests`). The tests of a pair (signed ranks over all independent
blocks, and t on each such task) are combined by Bonferroni: the smallest p times their number, which is valid
however they depend on each other.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.compare.blocks import Blocks
from bench.compare.intervals import paired_differences, paired_tests
from bench.compare.results import Ranks
from bench.verdict.statistics import ALPHA, MINIMUM_REPLICATES, holm, union

Array = NDArray[np.float64]

MINIMUM_BLOCKS = 3
FRIEDMAN = "Friedman's test; "
SIGNED = "pairs by Wilcoxon's signed-rank test, ranks within tasks, exact over all signs"
RESAMPLED = "by the corrected resampled t-test on each task whose seeds split the same data anew"


def ranks(names: Sequence[str], tasks: Sequence[Blocks]) -> Ranks | None:
    """Ranks of entrants `names` (E,) by their areas on every task; None below two entrants or three blocks.

    `p` is Friedman's over three entrants or more with independent blocks, else the smallest of the pairs' after Holm's
    correction. `groups` are in the order of ranks, and one whom everybody differs from is a group alone.
    """
    blocks = np.concatenate([task.areas.T for task in tasks]) if tasks else np.empty((0, len(names)))
    if len(names) < 2 or len(blocks) < MINIMUM_BLOCKS:
        return None
    average = dict(zip(names, stats.rankdata(-blocks, axis=1).mean(axis=0).tolist(), strict=True))
    pairs = list(combinations(range(len(names)), 2))
    by_test = _tests(tasks, pairs)
    adjusted = holm([union(p) for p in by_test.T])
    same = {pair for pair, p in zip(pairs, adjusted, strict=True) if p > ALPHA}
    telling = _smallest(tasks) * len(by_test) * len(pairs) <= ALPHA
    friedman = len(names) > 2 and not any(task.overlap for task in tasks)
    return Ranks(
        average=average,
        blocks=len(blocks),
        p=_friedman(blocks) if friedman else min(adjusted),
        groups=_groups(names, average, same) if telling else (),
        test=(FRIEDMAN if friedman else "") + _words(tasks),
        telling=telling,
    )


def _tests(tasks: Sequence[Blocks], pairs: Sequence[tuple[int, int]]) -> Array:
    """(tests, pairs) p-values: signed ranks over all independent blocks, and t on each task whose seeds overlap."""
    independent = [task.areas for task in tasks if not task.overlap]
    lefts, rights = np.array(pairs).T
    found = []
    if independent:
        found.append(
            np.array(
                [signed_rank_p([paired_differences(one[left], one[right]) for one in independent])
                 for left, right in pairs]
            )
        )  # fmt: skip
    for task in tasks:
        if task.overlap:
            found.append(paired_tests(paired_differences(task.areas[lefts], task.areas[rights]), task.overlap).p)
    return np.array(found)


def _smallest(tasks: Sequence[Blocks]) -> float:
    """The smallest p that any one test can have: of signs 2^(1 - n) with n blocks, of t any above zero."""
    if any(task.overlap and task.areas.shape[1] >= MINIMUM_REPLICATES for task in tasks):
        return 0.0
    blocks = sum(task.areas.shape[1] for task in tasks if not task.overlap)
    return min(1.0, math.ldexp(2.0, -blocks))


def _words(tasks: Sequence[Blocks]) -> str:
    overlapping = [bool(task.overlap) for task in tasks]
    if not any(overlapping):
        return f"{SIGNED}; Holm over pairs"
    if all(overlapping):
        tests = f"pairs {RESAMPLED}"
    else:
        tests = f"{SIGNED} on tasks whose seeds are independent, and {RESAMPLED}"
    several = sum(overlapping) + (not all(overlapping)) > 1
    combined = "; the smallest p of a pair times the number of its tests" if several else ""
    return f"{tests}{combined}; Holm over pairs"


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
