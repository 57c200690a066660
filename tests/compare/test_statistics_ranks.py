"""Ranks, and the groups of a critical-difference diagram."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats
from simulated import OVERLAP, equals, splits

from bench.compare.blocks import Blocks
from bench.compare.intervals import paired_tests
from bench.compare.ranks import ranks as ranks_of_blocks
from bench.compare.ranks import signed_rank_p
from bench.compare.results import Ranks


def names(entrants: int) -> list[str]:
    return [chr(ord("a") + place) for place in range(entrants)]


def ranks(names: list[str], areas: list[np.ndarray], overlap: float = 0.0) -> Ranks | None:
    return ranks_of_blocks(names, [Blocks(f"task {place}", one, overlap) for place, one in enumerate(areas)])


def test_ranks_are_averaged_over_seeds_of_all_tasks_and_the_best_is_first() -> None:
    world = np.array([[0.9, 0.8, 0.7], [0.8, 0.7, 0.8], [0.7, 0.7, 0.6]])
    crowd = np.array([[3.0], [2.0], [1.0]])
    found = ranks(names(3), [world, crowd])
    assert found is not None
    assert found.blocks == 4
    assert found.average == pytest.approx({"a": 5 / 4, "b": (2 + 2.5 + 1 + 2) / 4, "c": (3 + 2.5 + 3 + 3) / 4})


def test_the_signed_rank_test_of_one_task_is_scipys_exact_one() -> None:
    for seeds in (3, 5, 10, 20):
        sample = np.random.default_rng(seeds).normal(0.3, 1, seeds)
        assert signed_rank_p([sample]) == pytest.approx(stats.wilcoxon(sample, method="exact").pvalue, rel=1e-9)


def test_with_ties_zeros_and_two_tasks_it_counts_all_signs() -> None:
    tasks = [np.array([0.1, -0.1, 0.3, 0.0]), np.array([20.0, 30.0, -10.0, 30.0])]
    doubled = [2 * stats.rankdata(np.abs(task)) for task in tasks]
    flat, signs = np.concatenate(doubled), np.sign(np.concatenate(tasks))
    statistic = abs((flat * signs).sum())
    flips = np.array(list(product([-1, 1], repeat=len(flat))))
    assert signed_rank_p(tasks) == pytest.approx(np.mean(np.abs((flips * np.abs(signs)) @ flat) >= statistic))


def test_a_task_counts_the_same_in_any_unit() -> None:
    rng = np.random.default_rng(0)
    tasks = [rng.normal(0.5, 1, 6), rng.normal(0.5, 1, 6)]
    assert signed_rank_p([tasks[0], 1000 * tasks[1]]) == signed_rank_p(tasks)


def test_no_difference_anywhere_is_p_one() -> None:
    assert signed_rank_p([np.zeros(5), np.zeros(3)]) == 1
    found = ranks(names(3), [np.full((3, 8), 0.5)])
    assert found is not None
    assert (found.p, found.groups) == (1, (("a", "b", "c"),))


def test_where_no_p_could_be_small_enough_there_are_no_groups() -> None:
    """Of five blocks the smallest p is 2/32; three pairs need 2^(1 - n) below 0.05 / 3, which is n = 7."""
    for entrants, blocks, telling in ((2, 5, False), (2, 6, True), (3, 6, False), (3, 7, True)):
        found = ranks(names(entrants), [0.1 * np.arange(entrants)[:, None] + np.linspace(0, 0.01, blocks)])
        assert found is not None
        assert found.telling == telling
        assert len(found.groups) == (entrants if telling else 0)


def test_a_task_whose_seeds_overlap_has_the_corrected_t_test() -> None:
    values = splits(np.random.default_rng(5), 2, 5)
    found = ranks(names(2), [values], OVERLAP)
    assert found is not None
    assert found.p == pytest.approx(paired_tests(values[:1] - values[1:], OVERLAP).p[0])
    assert found.telling
    assert "corrected resampled t-test" in found.test
    assert "Friedman" not in found.test


def test_tests_of_both_kinds_are_combined_by_bonferroni() -> None:
    rng = np.random.default_rng(6)
    own, fixed = equals(rng, 2, 8), splits(rng, 2, 8)
    found = ranks_of_blocks(names(2), [Blocks("world", own), Blocks("text", fixed, OVERLAP)])
    assert found is not None
    p = signed_rank_p([own[0] - own[1]]), paired_tests(fixed[:1] - fixed[1:], OVERLAP).p[0]
    assert found.p == pytest.approx(min(1.0, 2 * min(p)))
    assert "times the number of its tests" in found.test


@pytest.mark.parametrize("shape", [(1, 5), (2, 5), (3, 10)])
def test_the_error_of_the_signed_rank_test_is_at_most_five_percent_for_skewed_luck_too(shape) -> None:
    """4000 pairs of equal methods; the Monte-Carlo error of 5 % is 0.34 points."""
    rng = np.random.default_rng(list(shape))
    luck = rng.gamma(1, size=(2, 4000, *shape))
    errors = [signed_rank_p(list(sample)) < 0.05 for sample in luck[0] - luck[1]]
    assert np.mean(errors) <= 0.06
    assert np.mean(errors) > 0.03 or shape == (1, 5)  # of five seeds no signs are rare enough


def test_friedman_is_scipys_over_blocks_and_with_two_entrants_it_is_their_own_test() -> None:
    values = equals(np.random.default_rng(1), 4, 8)
    found, pair = ranks(names(4), [values]), ranks(names(2), [values[:2]])
    assert found is not None
    assert pair is not None
    assert found.p == pytest.approx(stats.friedmanchisquare(*values).pvalue)
    assert pair.p == signed_rank_p([values[0] - values[1]])


def test_groups_are_the_maximal_sets_of_which_no_pair_differs() -> None:
    """Brute force over all sets, for a chain of methods each a little better than the last."""
    values = equals(np.random.default_rng(2), 6, 10, noise=0.02) + 0.02 * np.arange(6)[:, None]
    found = ranks(names(6), [values])
    assert found is not None
    pairs = list(combinations(range(6), 2))
    p_values = np.array([stats.wilcoxon(values[a], values[b], method="exact").pvalue for a, b in pairs])
    order = np.argsort(p_values)
    adjusted = np.empty(15)
    adjusted[order] = np.maximum.accumulate(p_values[order] * np.arange(15, 0, -1))
    same = {pair for pair, p in zip(pairs, adjusted, strict=True) if p > 0.05}
    cliques = [
        set(members)
        for size in range(1, 7)
        for members in combinations(range(6), size)
        if all(pair in same for pair in combinations(members, 2))
    ]
    maximal = [clique for clique in cliques if not any(clique < other for other in cliques)]
    assert len(maximal) > 1
    assert sorted(sorted(group) for group in found.groups) == sorted(
        sorted(names(6)[place] for place in clique) for clique in maximal
    )
    assert found.groups[0][0] == min(found.average, key=found.average.__getitem__)


def test_two_entrants_and_three_blocks_are_the_least() -> None:
    assert ranks(names(1), [np.ones((1, 9))]) is None
    assert ranks(names(2), [np.ones((2, 1)), np.ones((2, 1))]) is None
    assert ranks(names(2), []) is None
    assert ranks(names(2), [np.ones((2, 3))]) is not None
