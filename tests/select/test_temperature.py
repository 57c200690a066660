"""PVar between its two limits: the variance of the rewards, and the absence of ties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import quad
from scipy.stats import norm

from bench.errors import UserError
from bench.select import preference_variance
from bench.select.temperature import log_label_noise, temperature_path

REWARDS = arrays(np.float64, (3, 5), elements=st.floats(-20, 20))
SCALES = st.floats(0.01, 100)


@settings(deadline=None)
@given(REWARDS, SCALES)
def test_pvar_and_the_noise_of_the_label_add_up_to_a_coins_variance(rewards, scale):
    whole = preference_variance(rewards, scale=scale) + np.exp(log_label_noise(rewards, scale))
    np.testing.assert_allclose(whole, 0.25, atol=1e-14)


@settings(deadline=None)
@given(REWARDS, SCALES)
def test_at_a_large_scale_it_is_the_variance_of_the_rewards_to_fourth_order(rewards, scale):
    leading = rewards.var(axis=1, ddof=1) / (8 * scale**2)
    first, second = np.triu_indices(5, 1)
    fourth = ((rewards[:, first] - rewards[:, second]) ** 4).mean(axis=1) / (96 * scale**4)
    lost = leading - preference_variance(rewards, scale=scale)
    assert (lost >= -1e-12 * leading - 1e-15).all()
    assert (lost <= fourth + 1e-12 * leading + 1e-15).all()


@settings(deadline=None)
@given(arrays(np.float64, 5, elements=st.integers(-3, 3)))
def test_at_a_small_scale_it_is_a_quarter_less_the_ties(rewards):
    first, second = np.triu_indices(5, 1)
    ties = (rewards[first] == rewards[second]).mean()
    assert preference_variance(rewards, scale=0.01) == pytest.approx((1 - ties) / 4, abs=1e-12)


def test_over_many_responses_a_small_scale_takes_off_the_density_of_equal_rewards():
    scale, spread = 0.01, 1.7
    difference = norm(scale=spread * 2**0.5)

    def noise(d):
        return difference.pdf(d) / (4 * np.cosh(d / (2 * scale)) ** 2)

    doubt = 2 * quad(noise, 0, 50 * scale, epsabs=1e-14)[0]  # 1/4 - PVar
    assert doubt == pytest.approx(scale * difference.pdf(0), rel=1e-3)


def test_the_ranking_goes_from_the_variance_to_the_smallest_gap():
    rewards = np.random.default_rng(0).standard_t(3, size=(300, 6))
    found = temperature_path(rewards, [1e-5, 1.0, 1e4]).pivot_table(index="scale", columns="statistic", values="value")
    assert found.rank_with_variance[1e4] > 0.9999 > found.rank_with_variance[1.0] > found.rank_with_variance[1e-5]
    assert found.rank_with_smallest_gap[1e-5] > 0.9999 > found.rank_with_smallest_gap[1.0]
    np.testing.assert_allclose(found.pvar, [preference_variance(rewards, scale=s).mean() for s in found.index])


def test_pvar_of_normal_rewards_ranks_as_their_variance_at_every_scale():
    quantiles = norm.ppf((np.arange(40) + 0.5) / 40)
    found = temperature_path(np.geomspace(0.1, 10, 30)[:, None] * quantiles, [0.1, 1.0, 10.0])
    np.testing.assert_allclose(found[found.statistic == "rank_with_variance"].value, 1)


def test_prompts_of_one_variance_have_no_ranking():
    found = temperature_path([[0.0, 1.0, 3.0], [0.0, 1.0, 3.0]], [1.0])
    assert found[found.statistic != "pvar"].value.isna().all()


def test_what_has_no_path_is_an_error():
    with pytest.raises(UserError, match=r"m >= 2 prompts, got shape \(3,\)"):
        temperature_path([1.0, 2.0, 3.0], [1.0])
    with pytest.raises(UserError, match="scale must be a number > 0, got 0"):
        temperature_path([[1.0, 2.0], [3.0, 5.0]], [0.0])
