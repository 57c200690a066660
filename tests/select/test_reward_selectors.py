"""Selectors that read rewards, or nothing."""

import numpy as np
from groups import GROUPS, group, reward, same

from bench.select import RandomScores, RewardGap, RewardVariance


def test_the_gap_is_that_of_the_best_against_the_worst():
    assert RewardGap(same([1, 5, 3], [-2, -2])).scores([group(0, 3), group(1, 2)]).tolist() == [4, 0]


def test_the_variance_is_the_unbiased_one():
    assert RewardVariance(same([0, 2], [1, 2, 3])).scores([group(0, 2), group(1, 3)]).tolist() == [2, 1]
    expected = [np.var(values, ddof=1) for values in reward(GROUPS)]
    np.testing.assert_allclose(RewardVariance(reward).scores(GROUPS), expected, rtol=1e-12)


def test_random_scores_are_uniform_and_follow_the_seed():
    many = [group(seed) for seed in range(2000)]
    scores = RandomScores(0).scores(many)
    assert ((scores >= 0) & (scores < 1)).all()
    assert abs(scores.mean() - 0.5) < 4 * 12**-0.5 / 2000**0.5
    assert abs(scores.var() - 1 / 12) < 4 * 180**-0.5 / 2000**0.5
    assert abs(np.corrcoef(scores, RandomScores(1).scores(many))[0, 1]) < 4 / 2000**0.5
