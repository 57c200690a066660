"""A budget of labels is spent on scores as the rule says."""

import numpy as np
import pytest

from bench.errors import UserError
from bench.select import RULES, choose

SCORES = np.array([0.3, 0.9, 0.1, 0.7, 0.5])


def test_top_and_bottom_are_the_two_ends_of_the_ranking():
    assert choose(SCORES, 2).tolist() == [1, 3]
    assert choose(SCORES, 2, "bottom").tolist() == [2, 0]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("budget", [1, 3, 5])
def test_a_budget_buys_so_many_different_prompts(rule, budget):
    chosen = choose(SCORES, budget, rule, strata=2)
    assert len(chosen) == len(set(chosen.tolist())) == budget


def test_random_does_not_look_at_the_scores_and_follows_the_seed():
    draws = [choose(SCORES, 3, "random", seed=seed).tolist() for seed in range(20)]
    assert draws == [choose(-SCORES, 3, "random", seed=seed).tolist() for seed in range(20)]
    assert len({tuple(draw) for draw in draws}) > 10


def test_equal_scores_are_in_an_order_of_the_seeds_own():
    firsts = {int(choose(np.zeros(8), 1, seed=seed)[0]) for seed in range(60)}
    assert firsts == set(range(8))


def test_strata_give_as_many_each():
    scores = np.arange(100.0)
    chosen = choose(scores, 20, "stratified", strata=10)
    assert np.bincount(chosen // 10, minlength=10).tolist() == [2] * 10


@pytest.mark.parametrize(("budget", "nearest"), [(0, 1), (6, 5)])
def test_a_budget_that_cannot_be_spent_is_an_error(budget, nearest):
    with pytest.raises(UserError, match=f"nearest valid value is {nearest}"):
        choose(SCORES, budget)


def test_scores_that_are_no_numbers_are_an_error():
    with pytest.raises(UserError, match="prompt 1"):
        choose(np.array([0.0, np.nan]), 1)


def test_an_unknown_rule_names_the_nearest():
    with pytest.raises(UserError, match="bottom"):
        choose(SCORES, 1, "botom")
