"""PVar: its definition by brute force, its limits, its invariances, and its expectation by enumeration."""

from itertools import permutations, product

import numpy as np
import pytest
from groups import GROUPS, group, reward, same
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from bench.errors import UserError
from bench.select import PVar
from bench.select.pvar import preference_variance

REWARDS = arrays(np.float64, st.integers(2, 7), elements=st.floats(-50, 50))
SCALES = st.floats(0.01, 100)


def brute_force(rewards, scale=1.0):
    leans = [(expit((a - b) / scale) - 0.5) ** 2 for a, b in permutations(rewards, 2)]
    return sum(leans) / len(leans)


@settings(deadline=None)
@given(REWARDS, SCALES)
def test_it_is_the_mean_over_ordered_pairs_of_different_responses(rewards, scale):
    assert preference_variance(rewards, scale=scale) == pytest.approx(brute_force(rewards, scale), abs=1e-14)


@settings(deadline=None)
@given(REWARDS, SCALES)
def test_the_biased_form_is_the_variance_of_p_over_all_pairs_and_at_most_a_quarter(rewards, scale):
    p = expit((rewards[:, None] - rewards) / scale)
    found = preference_variance(rewards, scale=scale, unbiased=False)
    assert found == pytest.approx(p.var(), abs=1e-14)
    assert 0 <= found <= 0.25


@settings(deadline=None)
@given(REWARDS, st.randoms())
def test_neither_a_shift_nor_a_sign_nor_the_order_of_responses_matters(rewards, random):
    value = preference_variance(rewards)
    shuffled = random.sample(rewards.tolist(), len(rewards))
    for other in (rewards + 3.25, -rewards, shuffled):
        assert preference_variance(other) == pytest.approx(value, abs=1e-12)


@settings(deadline=None)
@given(REWARDS, SCALES)
def test_only_the_ratio_of_rewards_and_scale_matters(rewards, scale):
    assert preference_variance(rewards, scale=scale) == pytest.approx(preference_variance(rewards / scale), abs=1e-12)


def test_two_responses_have_a_closed_form():
    assert preference_variance([np.log(3), 0.0]) == pytest.approx(1 / 16)  # odds 3 : 1, p = 3/4
    assert preference_variance([np.log(3), 0.0], unbiased=False) == pytest.approx(1 / 32)


def test_equal_rewards_have_none_and_certain_preferences_a_quarter():
    assert preference_variance([2.0, 2.0, 2.0]) == 0
    assert preference_variance([0.0, 1e4, 2e4]) == 0.25
    assert preference_variance([-1e308, 1e308], scale=0.5) == 0.25


def test_small_differences_are_not_lost_to_rounding():
    assert preference_variance([0.0, 1e-9]) == pytest.approx(1e-18 / 16, rel=1e-12)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_its_expectation_is_pvar_and_that_of_the_biased_form_smaller_by_a_share_of_1_n(n):
    rewards, chances = np.array([-1.0, 0.2, 2.5]), np.array([0.5, 0.3, 0.2])  # a policy with three responses
    pairs = product(range(3), repeat=2)
    truth = sum(chances[i] * chances[j] * (expit(rewards[i] - rewards[j]) - 0.5) ** 2 for i, j in pairs)
    samples = np.array(list(product(range(3), repeat=n)))
    weight = chances[samples].prod(axis=1)
    assert weight @ preference_variance(rewards[samples]) == pytest.approx(truth, rel=1e-12)
    biased = preference_variance(rewards[samples], unbiased=False)
    assert weight @ biased == pytest.approx(truth * (n - 1) / n, rel=1e-12)


def test_many_groups_at_once_are_each_for_itself():
    rewards = np.random.default_rng(0).normal(size=(3, 5, 40))
    found = preference_variance(rewards)
    assert found.shape == (3, 5)
    np.testing.assert_array_equal(found, [[preference_variance(row) for row in rows] for rows in rewards])


def test_blocks_change_nothing(monkeypatch):
    rewards = np.random.default_rng(0).normal(size=(50, 8))
    whole = preference_variance(rewards)
    monkeypatch.setattr("bench.select.responses.HELD", 100)
    np.testing.assert_array_equal(preference_variance(rewards), whole)


def test_the_selector_takes_groups_of_different_sizes():
    found = PVar(reward, scale=2.0).scores(GROUPS)
    np.testing.assert_allclose(found, [brute_force(rewards, 2.0) for rewards in reward(GROUPS)], atol=1e-14)
    sizes = np.array([len(group.responses) for group in GROUPS])
    biased = PVar(reward, scale=2.0, unbiased=False).scores(GROUPS)
    np.testing.assert_allclose(biased, found * (sizes - 1) / sizes, atol=1e-14)


def test_what_has_no_variance_of_preference_is_an_error():
    with pytest.raises(UserError, match="at least 2 responses"):
        preference_variance([1.0])
    with pytest.raises(UserError, match="NaN or infinite"):
        preference_variance([1.0, np.nan])
    with pytest.raises(UserError, match="scale must be a number > 0, got 0"):
        preference_variance([1.0, 2.0], scale=0)
    with pytest.raises(UserError, match="scale must be a number > 0, got nan"):
        PVar(reward, scale=float("nan"))


def test_the_selector_names_the_group_that_it_cannot_score():
    with pytest.raises(UserError, match="group 1 has 1 responses"):
        PVar(reward).scores([group(0), group(1, k=1)])
    with pytest.raises(UserError, match="response 2 of group 1 is nan"):
        PVar(same([1, 2], [1, 2, np.nan])).scores([group(0, k=2), group(1, k=3)])
    with pytest.raises(UserError, match=r"group 0 has 3 responses and rewards of shape \(2,\)"):
        PVar(same([1, 2])).scores([group(0, k=3)])
    with pytest.raises(UserError, match="2 groups were given, and rewards of 1"):
        PVar(same([1, 2])).scores([group(0, k=2), group(1, k=2)])
