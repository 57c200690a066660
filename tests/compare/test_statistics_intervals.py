"""Intervals of a comparison: against other libraries, and against simulated seeds whose truth is known."""

import numpy as np
import pytest
from scipy import stats
from simulated import HELD_OUT, OVERLAP, ROWS, splits
from statsmodels.stats.proportion import proportion_confint

from bench.compare.intervals import improvement, means, paired_differences, paired_tests, proportion, widened
from bench.evaluate.label_efficiency import areas

SIMULATIONS = 40_000  # the Monte-Carlo error of a coverage of 95 % is 0.11 points
SEEDS = (5, 10, 20)
BUDGETS = (100, 200, 400, 800)


def normal(rng: np.random.Generator, seeds: int) -> tuple[np.ndarray, float]:
    return rng.normal(0.7, 0.05, (SIMULATIONS, seeds)), 0.7


def skewed(rng: np.random.Generator, seeds: int) -> tuple[np.ndarray, float]:
    """A Gamma of shape 4: a skewness of one, where moderate ends by the usual rule (Bulmer 1979)."""
    return rng.gamma(4, size=(SIMULATIONS, seeds)), 4


def near_the_ceiling(rng: np.random.Generator, seeds: int) -> tuple[np.ndarray, float]:
    """Accuracies about 0.9 with a long tail downwards: a skewness of -0.8."""
    return rng.beta(36, 4, (SIMULATIONS, seeds)), 0.9


def clustered(rng: np.random.Generator, seeds: int) -> tuple[np.ndarray, float]:
    """Win rates over 20 prompts a seed with five judgements each; a prompt is easy or hard for all five."""
    ease = rng.beta(1.2, 0.8, (SIMULATIONS // 4, seeds, 20))
    return rng.binomial(5, ease).mean(axis=2) / 5, 0.6


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("draw", [normal, skewed, near_the_ceiling, clustered])
def test_intervals_of_means_cover_93_to_97_percent(draw, seeds) -> None:
    values, truth = draw(np.random.default_rng([1, seeds]), seeds)
    found = means(values)
    assert 0.93 <= np.mean((found.low <= truth) & (truth <= found.high)) <= 0.97


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("draw", [normal, skewed, near_the_ceiling, clustered])
def test_intervals_of_paired_differences_cover_93_to_97_percent(draw, seeds) -> None:
    """The left one has the seed's level, a luck of its own, and a gain that varies."""
    rng = np.random.default_rng([2, seeds])
    level, _ = draw(rng, seeds)
    gain, truth = draw(rng, seeds)
    found = paired_tests(paired_differences(level + gain, level)).difference
    assert 0.93 <= np.mean((found.low <= truth) & (truth <= found.high)) <= 0.97


@pytest.mark.parametrize("seeds", SEEDS)
def test_intervals_of_differences_of_areas_cover_93_to_97_percent(seeds) -> None:
    rng = np.random.default_rng([3, seeds])
    rise = np.array([0.6, 0.66, 0.7, 0.72])
    shared = 0.05 * rng.normal(size=(SIMULATIONS, seeds, 1))
    noise = 0.02 * (rng.gamma(4, size=(2, SIMULATIONS, seeds, 4)) - 4) / 2
    left, right = rise + 0.03 + shared + noise[0], rise + shared + noise[1]
    flat = [areas(BUDGETS, one.reshape(-1, 4)).reshape(SIMULATIONS, seeds) for one in (left, right)]
    found = paired_tests(paired_differences(*flat)).difference
    assert 0.93 <= np.mean((found.low <= 0.03) & (found.high >= 0.03)) <= 0.97


@pytest.mark.parametrize("seeds", SEEDS)
def test_paired_tests_are_those_of_scipy(seeds) -> None:
    rng = np.random.default_rng(seeds)
    left, right = rng.normal(0.01, 1, (10, seeds)), rng.normal(size=(10, seeds))
    found = paired_tests(paired_differences(left, right))
    theirs = stats.ttest_rel(left, right, axis=1)
    np.testing.assert_allclose(found.p, theirs.pvalue, rtol=1e-8)
    interval = theirs.confidence_interval(0.95)
    np.testing.assert_allclose([found.difference.low, found.difference.high], [interval.low, interval.high], rtol=1e-8)


@pytest.mark.parametrize("seeds", SEEDS)
def test_the_detectable_difference_is_found_with_eighty_percent_power(seeds) -> None:
    spread = np.linspace(-1, 1, seeds)
    detectable = paired_tests(spread[None] / spread.std(ddof=1)).detectable[0]
    found = paired_tests(np.random.default_rng(seeds).normal(detectable, 1, (SIMULATIONS, seeds))).p < 0.05
    assert np.mean(found) == pytest.approx(0.80, abs=0.012)  # four Monte-Carlo errors


@pytest.mark.parametrize("seeds", SEEDS)
def test_seeds_that_split_the_same_data_err_in_at_most_five_percent(seeds) -> None:
    """2500 data sets; the Monte-Carlo error of 5 % is 0.44 points. Plain t-tests err in 17 to 45 %."""
    rng = np.random.default_rng([5, seeds])
    left, right = np.array([splits(rng, 2, seeds) for _ in range(2500)]).swapaxes(0, 1)
    differences = paired_differences(left, right)
    found = paired_tests(differences, OVERLAP)
    assert 0.037 <= np.mean(found.p < 0.05) <= 0.063  # three Monte-Carlo errors
    assert np.mean((found.difference.low > 0) | (found.difference.high < 0)) == np.mean(found.p < 0.05)
    assert np.mean(paired_tests(differences).p < 0.05) > 0.13
    own = means(left, OVERLAP)
    assert 0.93 <= np.mean((own.low <= 0.8) & (own.high >= 0.8)) <= 0.97


@pytest.mark.parametrize("seeds", SEEDS)
def test_with_luck_of_each_seeds_own_the_correction_covers_more_than_it_says(seeds) -> None:
    """As much luck of its own as of its rows: half the error or less."""
    rng = np.random.default_rng([6, seeds])
    left, right = np.array([splits(rng, 2, seeds, noise=0.04) for _ in range(1500)]).swapaxes(0, 1)
    assert np.mean(paired_tests(paired_differences(left, right), OVERLAP).p < 0.05) < 0.035


def test_the_corrected_test_is_nadeau_and_bengios() -> None:
    sample = np.random.default_rng(0).normal(0.4, 1, 10)
    t = sample.mean() / np.sqrt((1 / 10 + OVERLAP) * sample.var(ddof=1))
    found = paired_tests(sample[None], OVERLAP)
    assert found.p[0] == pytest.approx(2 * stats.t.sf(abs(t), 9))
    plain = paired_tests(sample[None])
    assert found.detectable[0] / plain.detectable[0] == pytest.approx(np.sqrt(1 + 10 * OVERLAP))
    assert (ROWS, HELD_OUT / (ROWS - HELD_OUT)) == (400, OVERLAP)


def test_without_overlap_nothing_is_widened() -> None:
    sample = np.random.default_rng(0).normal(size=(3, 5))
    assert widened(sample, 0.0) is sample
    spread = widened(sample, OVERLAP)
    np.testing.assert_allclose(spread.mean(axis=1), sample.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(spread.var(axis=1), sample.var(axis=1) * (1 + 5 * OVERLAP), rtol=1e-12)


def test_where_seeds_overlap_no_count_of_seeds_says_anything() -> None:
    """Ten seeds that agree may all see the luck of one data set: neither signs nor shares are exact."""
    same = np.full((1, 10), 0.02)
    found, better = paired_tests(same, OVERLAP), improvement(same, OVERLAP)
    assert (found.p[0], found.difference.low[0], found.difference.high[0]) == (1, -np.inf, np.inf)
    assert (better.value[0], better.low[0], better.high[0]) == (1, -np.inf, np.inf)


@pytest.mark.parametrize("overlap", [0.0, OVERLAP])
def test_what_is_detectable_among_many_tests_is_found_at_their_level(overlap) -> None:
    spread = np.linspace(-1, 1, 10)
    sample = (spread / spread.std(ddof=1))[None]
    detectable = paired_tests(sample, overlap, family=15).detectable[0]
    drawn = np.random.default_rng(15).normal(size=(SIMULATIONS, 10))
    if overlap:  # what all seeds of one data set share
        drawn += np.sqrt(overlap) * np.random.default_rng(16).normal(size=(SIMULATIONS, 1))
    power = np.mean(paired_tests(drawn + detectable, overlap).p < 0.05 / 15)
    assert power == pytest.approx(0.80, abs=0.012)


def test_a_difference_that_is_the_same_on_all_seeds_has_the_p_of_the_sign_test() -> None:
    left = np.array([[0.52, 0.54, 0.56, 0.60, 0.58, 0.50]])
    for count, bounded in ((3, False), (5, False), (6, True)):
        found = paired_tests(paired_differences(left[:, :count], left[:, :count] - 0.02))
        assert found.p[0] == pytest.approx(stats.binomtest(count, count).pvalue)
        assert np.isfinite(found.difference.low[0]) == bounded == (found.p[0] < 0.05)
        assert found.difference.value[0] == pytest.approx(0.02)


@pytest.mark.parametrize("prompts", [20, 50])
@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_measures_that_count_keep_the_error_of_the_test(seeds, prompts) -> None:
    """Three seeds often differ by the same number of prompts; t alone would call that certain."""
    wins = np.random.default_rng([seeds, prompts]).binomial(prompts, 0.7, (2, SIMULATIONS, seeds)) / prompts
    p = paired_tests(paired_differences(*wins)).p
    for level in (0.05, 0.001):
        assert np.mean(p < level) <= 1.15 * level + 3 * np.sqrt(level / SIMULATIONS)


def test_what_is_equal_but_for_rounding_is_equal() -> None:
    left, right = np.array([[0.1 + 0.2, 0.7, 0.9]]), np.array([[0.3, 0.7, 0.9]])
    assert (paired_differences(left, right) == 0).all()
    assert paired_tests(paired_differences(left, right)).p[0] == 1


@pytest.mark.parametrize("seeds", [1, 2])
def test_below_three_seeds_nothing_is_known_of_a_mean(seeds) -> None:
    found = paired_tests(np.ones((1, seeds)))
    assert (found.p[0], found.difference.value[0], found.detectable[0]) == (1, 1, np.inf)
    assert (found.difference.low[0], found.difference.high[0]) == (-np.inf, np.inf)


@pytest.mark.parametrize("count", [1, 5, 10, 20])
def test_the_interval_of_a_proportion_is_clopper_and_pearsons(count) -> None:
    hits = np.arange(count + 1)
    found = proportion(hits / count, count)
    low, high = proportion_confint(hits, count, method="beta")
    np.testing.assert_allclose(found.low[1:], low[1:], rtol=1e-8)
    np.testing.assert_allclose(found.high[:-1], high[:-1], rtol=1e-8)
    assert (found.low[0], found.high[-1]) == (0, 1)


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("ties", [0.0, 0.2, 0.6])
def test_the_probability_of_improvement_is_covered_at_least_95_percent(seeds, ties) -> None:
    """Exact, over all outcomes: no Monte-Carlo error. Few seeds of a yes or no cannot be covered exactly 95 %."""
    outcomes = [(won, tied) for won in range(seeds + 1) for tied in range(seeds + 1 - won)]
    differences = np.array([[1] * won + [0] * tied + [-1] * (seeds - won - tied) for won, tied in outcomes])
    found = improvement(differences)
    counts = np.array([(won, tied, seeds - won - tied) for won, tied in outcomes])
    for truth in np.linspace(ties / 2, 1 - ties / 2, 43)[1:-1]:
        chances = stats.multinomial.pmf(counts, seeds, [truth - ties / 2, ties, 1 - truth - ties / 2])
        covered = chances[(found.low <= truth) & (truth <= found.high)].sum()
        assert covered >= 0.95


def test_a_tie_is_half_an_improvement() -> None:
    assert improvement([[0.1, 0.0, -0.2, 0.0]]).value[0] == 0.5
    assert improvement([[0.1, 0.0, 0.2, 0.3]]).value[0] == 0.875
