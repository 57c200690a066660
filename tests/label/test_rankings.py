"""A list is in order of wins, and of equally many wins as it was."""

from itertools import combinations, permutations

import numpy as np
import pytest

from bench.label.rankings import by_wins, comparisons, pairs_of
from bench.learn.policy.completions import Completions


def group(*tokens):
    return Completions(np.array([0], dtype=np.int32), tuple(np.array([token], dtype=np.int32) for token in tokens))


def tokens(one):
    return [int(response[0]) for response in one.responses]


@pytest.mark.parametrize("k", [2, 3, 4, 7])
def test_a_ranking_takes_a_label_for_every_pair_of_the_first_k(k):
    pairs = pairs_of(group(*range(8)), k)
    assert len(pairs) == comparisons(k)
    assert [tuple(tokens(pair)) for pair in pairs] == list(combinations(range(k), 2))


@pytest.mark.parametrize("shown", list(permutations((1, 2, 3, 4))))
def test_people_without_doubt_give_their_order_whatever_was_shown_first(shown):
    wins = [tokens(pair)[0] > tokens(pair)[1] for pair in pairs_of(group(*shown), 4)]
    assert tokens(by_wins(group(*shown), 4, wins)) == [4, 3, 2, 1]


def test_of_equally_many_wins_those_that_stand_first_are_first():
    circle = [True, False, True]  # 7 beats 8, 9 beats 7, 8 beats 9
    assert tokens(by_wins(group(7, 8, 9), 3, circle)) == [7, 8, 9]
    all_lose_to_six = [False, True, False, True, True, True]  # 5 beats 7, 7 beats 8, 8 beats 5
    assert tokens(by_wins(group(5, 6, 7, 8), 4, all_lose_to_six)) == [6, 5, 7, 8]


def test_what_is_not_ranked_is_left_out():
    assert tokens(by_wins(group(5, 6, 7), 2, [False])) == [6, 5]
