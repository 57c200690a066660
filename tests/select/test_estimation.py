"""How well PVar is known from n responses: closed forms against enumeration, measured numbers against cases known."""

from itertools import combinations, permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from bench.errors import UserError
from bench.select import preference_variance
from bench.select.estimation import PairMoments, estimation_error, pair_moments, spearman_brown

# A policy with three responses: everything about it can be added up.
REWARDS, CHANCES = np.array([-1.0, 0.2, 2.5]), np.array([0.5, 0.3, 0.2])
H = (expit(REWARDS[:, None] - REWARDS) - 0.5) ** 2
PVAR = CHANCES @ H @ CHANCES
TRUTH = PairMoments(
    *(np.array([value]) for value in (PVAR, CHANCES @ H**2 @ CHANCES, CHANCES @ (H @ CHANCES) ** 2, PVAR**2))
)


def drawn(n):
    """All ways to draw n responses of the policy: their rewards (3^n, n) and chances."""
    samples = np.array(list(product(range(3), repeat=n)))
    return REWARDS[samples], CHANCES[samples].prod(axis=1)


def spread(m=200, n=16, seed=0):
    """Rewards (m, n) of prompts whose responses differ by more or less."""
    random = np.random.default_rng(seed)
    return random.normal(size=(m, n)) * np.exp(random.normal(size=(m, 1)))


def numbers(found: pd.DataFrame, statistic, column="value"):
    return found[found.statistic == statistic].set_index("responses")[column]


@pytest.mark.parametrize("responses", [4, 5])
def test_moments_of_pairs_are_unbiased(responses):
    rewards, chances = drawn(responses)
    found = pair_moments(rewards)
    for name in ("pvar", "same", "sharing", "apart"):
        assert chances @ getattr(found, name) == pytest.approx(getattr(TRUTH, name)[0], rel=1e-10), name


@settings(deadline=None)
@given(arrays(np.float64, (2, 5), elements=st.floats(-5, 5)), st.floats(0.1, 10))
def test_moments_are_means_over_different_responses(rewards, scale):
    h = (expit((rewards[:, :, None] - rewards[:, None, :]) / scale) - 0.5) ** 2
    found = pair_moments(rewards, scale=scale)
    threes, fours = list(permutations(range(5), 3)), list(permutations(range(5), 4))
    sharing = np.mean([h[:, i, j] * h[:, i, k] for i, j, k in threes], axis=0)
    apart = np.mean([h[:, i, j] * h[:, k, m] for i, j, k, m in fours], axis=0)
    np.testing.assert_allclose(found.pvar, preference_variance(rewards, scale=scale), atol=1e-14)
    np.testing.assert_allclose(found.sharing, sharing, atol=1e-14)
    np.testing.assert_allclose(found.apart, apart, atol=1e-14)


@pytest.mark.parametrize("n", [2, 3, 4, 6])
def test_the_variance_over_fresh_responses_is_hoeffdings(n):
    rewards, chances = drawn(n)
    estimates = preference_variance(rewards)
    assert TRUTH.variance(n)[0] == pytest.approx(chances @ (estimates - PVAR) ** 2, rel=1e-10)
    hoeffding = 2 / (n * (n - 1)) * (2 * (n - 2) * TRUTH.zeta_1 + TRUTH.zeta_2)
    assert TRUTH.variance(n)[0] == pytest.approx(hoeffding[0], rel=1e-10)


def test_its_leading_term_is_four_zeta_1_over_n():
    assert 1e6 * TRUTH.variance(10**6)[0] == pytest.approx(4 * TRUTH.zeta_1[0], rel=1e-4)


@pytest.mark.parametrize("n", [2, 3, 5, 6])
def test_the_variance_over_subsets_is_that_over_all_of_them(n):
    rewards = spread(m=3, n=6)
    estimates = np.array([preference_variance(rewards[:, list(some)]) for some in combinations(range(6), n)])
    np.testing.assert_allclose(pair_moments(rewards).variance_of_subsets(n), estimates.var(axis=0), atol=1e-12)


@pytest.mark.parametrize("n", [2, 4, 7])
def test_over_all_subsets_the_unbiased_form_has_no_bias_and_the_biased_one_what_is_reported(n):
    rewards = spread(m=5, n=8)
    subsets = [list(some) for some in combinations(range(8), n)]
    whole = preference_variance(rewards)
    means = [
        np.mean([preference_variance(rewards[:, some], unbiased=unbiased) for some in subsets], axis=0)
        for unbiased in (True, False)
    ]
    np.testing.assert_allclose(means[0], whole, rtol=1e-12)
    found = numbers(estimation_error(rewards, [n], draws=1), "bias")[n]
    assert found == pytest.approx((means[1] - whole).mean(), rel=1e-10)


def test_the_variance_reported_is_that_of_fresh_responses():
    """2,000 policies alike, so that the mean over prompts is near the truth: within 4 of its standard errors."""
    sample = np.random.default_rng(0).choice(REWARDS, size=(2000, 8), p=CHANCES)
    found = estimation_error(sample, [2, 4, 8], draws=1)
    errors = numbers(found, "variance", "standard_error")
    for n, value in numbers(found, "variance").items():
        assert abs(value - TRUTH.variance(n)[0]) < 4 * errors[n]


def test_reliability_is_the_correlation_of_two_independent_measurements():
    rewards = spread(m=2000, n=16)
    found = estimation_error(rewards, [4, 8], draws=1)
    for n in (4, 8):
        halves = preference_variance(rewards[:, :n]), preference_variance(rewards[:, n : 2 * n])
        row = found[(found.statistic == "reliability") & (found.responses == n)].iloc[0]
        assert abs(row.value - np.corrcoef(halves)[0, 1]) < 4 * max(row.standard_error, 2000**-0.5)


def test_more_responses_rank_better_and_all_of_them_perfectly():
    found = estimation_error(spread(), [2, 4, 8, 16], shares=[0.25], draws=10)
    for statistic in ("rank_with_all", "overlap_with_all", "reliability", "gain", "rank_with_others"):
        assert numbers(found, statistic).is_monotonic_increasing, statistic
    assert numbers(found, "rank_with_all")[16] == numbers(found, "overlap_with_all")[16] == 1
    assert numbers(found, "variance").is_monotonic_decreasing


def test_a_ranking_that_holds_its_own_judge_is_flattered():
    found = estimation_error(spread(), [4, 8], draws=10)
    assert (numbers(found, "rank_with_all") > numbers(found, "rank_with_others")).all()


def test_prompts_that_do_not_differ_rank_by_chance():
    alike = np.random.default_rng(1).normal(size=(1000, 16))
    found = estimation_error(alike, [4, 8], shares=[0.3], draws=20)
    for statistic, chance in (("rank_with_others", 0), ("reliability", 0), ("overlap_with_others", 0.3), ("gain", 1)):
        distance = (numbers(found, statistic) - chance).abs()
        assert (distance < 4 * numbers(found, statistic, "standard_error")).all(), statistic


def test_the_gain_of_finding_the_half_that_varies_is_two():
    half = spread(m=40) * np.repeat([0, 1], 20)[:, None]
    found = estimation_error(half, [2, 8], shares=[0.5], draws=5)
    np.testing.assert_allclose(numbers(found, "gain"), 2)
    assert (numbers(found, "overlap_with_others") == 1).all()


def test_one_models_responses_to_all_prompts_may_stand_in_one_column():
    """The one that is far off is in one half of the responses or the other, and not in the same for all prompts."""
    far = np.zeros((400, 16))
    far[:, 0] = 100
    found = estimation_error(far, [8], draws=3)
    assert numbers(found, "rank_with_others")[8] == pytest.approx(-1)


def test_where_responses_do_not_suffice_for_two_rankings_the_correlation_is_extrapolated():
    found = estimation_error(spread(), [4, 8, 16], draws=5)
    assert numbers(found, "rank_with_others").index.tolist() == [4, 8]
    foretold = numbers(found, "rank_extrapolated")
    assert foretold.index.tolist() == [16]
    measured = numbers(estimation_error(spread(n=32), [16], draws=5), "rank_with_others")[16]
    assert foretold[16] == pytest.approx(measured, abs=0.03)


@settings(deadline=None)
@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(0.1, 50))
def test_spearman_and_browns_formula_is_that_of_a_mean_of_measurements(truth, error, factor):
    assert spearman_brown(truth / (truth + error), factor) == pytest.approx(truth / (truth + error / factor))


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    first, again, other = (estimation_error(spread(), [4], draws=3, seed=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert numbers(first, "rank_with_all")[4] != numbers(other, "rank_with_all")[4]


def test_what_cannot_be_estimated_is_an_error():
    with pytest.raises(UserError, match=r"N >= 4 responses, got shape \(5, 3\)"):
        pair_moments(np.zeros((5, 3)))
    with pytest.raises(UserError, match="reward of prompt 1 is not finite"):
        pair_moments([[0, 1, 2, 3], [0, 1, np.nan, 3]])
    with pytest.raises(UserError, match="sizes: 17 of 16 responses; the nearest valid value is 16"):
        estimation_error(spread(), [4, 17])
    with pytest.raises(UserError, match="draws must be at least 1, got 0"):
        estimation_error(spread(), [4], draws=0)
    with pytest.raises(UserError, match="there is nothing to rank"):
        estimation_error(np.ones((5, 4)), [2])
    with pytest.raises(UserError, match=r"share must be in \(0, 1\], got 10"):
        estimation_error(spread(), [4], shares=[10])
