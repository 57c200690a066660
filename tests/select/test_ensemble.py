"""An ensemble's uncertainty: each measure against its definition, one pair and one member at a time."""

from itertools import combinations

import numpy as np
import pytest
from groups import group, same
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.special import expit
from scipy.stats import entropy

from bench.errors import UserError
from bench.select import Ensemble
from bench.select.ensemble import MEASURES

# Few values, so that there are ties too.
SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=5)
MEMBERS = arrays(np.float64, SHAPES, elements=st.integers(-3, 3))


def score(rewards, measure, scale=1.0):
    members = [same(row) for row in rewards]
    return Ensemble(members, measure, scale=scale).scores([group(0, rewards.shape[1])])[0]


def over_pairs(rewards, of_pair):
    return np.mean([of_pair(rewards[:, i] - rewards[:, j]) for i, j in combinations(range(rewards.shape[1]), 2)])


@settings(deadline=None)
@given(MEMBERS)
def test_disagreement_is_the_chance_that_two_members_vote_differently(rewards):
    def of_pair(differences):
        votes = [(d > 0) + 0.5 * (d == 0) for d in differences]
        return np.mean([abs(a - b) for a, b in combinations(votes, 2)])

    assert score(rewards, "disagreement") == pytest.approx(over_pairs(rewards, of_pair))


@settings(deadline=None)
@given(MEMBERS, st.floats(0.1, 10))
def test_variance_is_that_of_the_members_probabilities(rewards, scale):
    expected = over_pairs(rewards, lambda differences: np.var(expit(differences / scale), ddof=1))
    assert score(rewards, "variance", scale) == pytest.approx(expected)


@settings(deadline=None)
@given(MEMBERS, st.floats(0.1, 10))
def test_mutual_information_is_bald(rewards, scale):
    def of_pair(differences):
        p = expit(differences / scale)
        return entropy([p.mean(), 1 - p.mean()]) - np.mean([entropy([one, 1 - one]) for one in p])

    assert score(rewards, "mutual_information", scale) == pytest.approx(over_pairs(rewards, of_pair), abs=1e-12)


def test_two_sure_members_of_opposite_views_differ_by_one_bit():
    rewards = np.array([[1e4, 0.0], [0.0, 1e4]])
    assert score(rewards, "disagreement") == 1
    assert score(rewards, "variance") == 0.5
    assert score(rewards, "mutual_information") == pytest.approx(np.log(2))


@pytest.mark.parametrize("measure", MEASURES)
def test_members_that_agree_are_not_uncertain_however_doubtful(measure):
    assert score(np.tile([0.1, 0.0, 0.3], (3, 1)), measure) == pytest.approx(0, abs=1e-15)


def test_bald_tells_the_doubt_that_all_share_from_the_one_between_members():
    shared, between = np.array([[0.0, 0.0], [0.1, 0.0]]), np.array([[3.0, 0.0], [-3.0, 0.0]])
    assert score(shared, "mutual_information") < 0.001 < score(between, "mutual_information")


def test_what_is_no_ensemble_is_an_error():
    with pytest.raises(UserError, match="at least 2 reward models, got 1"):
        Ensemble([same([1, 2])])
    with pytest.raises(UserError, match="Did you mean 'variance'"):
        Ensemble([same([1, 2])] * 2, "varience")
    with pytest.raises(UserError, match="scale must be a number > 0"):
        Ensemble([same([1, 2])] * 2, scale=-1)
