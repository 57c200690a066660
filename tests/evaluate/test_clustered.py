import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from bench.errors import UserError
from bench.evaluate.clustered import clustered_error


def unequal(rng: np.random.Generator, clusters: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Values that share their cluster's level, in clusters of one to seven."""
    labels = np.repeat(np.arange(clusters), rng.integers(1, 8, size=clusters))
    return rng.normal(size=clusters)[labels] + rng.normal(size=len(labels)), labels


@pytest.mark.parametrize("clusters", [2, 5, 20])
def test_it_is_the_cluster_robust_error_of_statsmodels(clusters) -> None:
    values, labels = unequal(np.random.default_rng(clusters), clusters)
    fit = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": labels})
    assert clustered_error(values, labels) == pytest.approx(fit.bse[0], rel=1e-12)


def test_with_one_value_a_cluster_it_is_the_error_of_a_mean() -> None:
    values = np.random.default_rng(0).normal(size=30)
    assert clustered_error(values, np.arange(30)) == pytest.approx(stats.sem(values), rel=1e-12)


def test_names_and_order_of_clusters_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    values, labels = unequal(rng)
    order = rng.permutation(len(values))
    names = [f"prompt {label}" for label in labels[order]]
    assert clustered_error(values[order], names) == pytest.approx(clustered_error(values, labels), rel=1e-12)


def test_saying_everything_twice_adds_no_certainty() -> None:
    values, labels = unequal(np.random.default_rng(2))
    assert clustered_error(np.tile(values, 2), np.tile(labels, 2)) == pytest.approx(clustered_error(values, labels))


def test_its_t_interval_covers_the_mean_of_clustered_values_where_that_of_independent_ones_does_not() -> None:
    """4000 simulations of 40 prompts with 5 judgements each: the Monte-Carlo error of a rate of 95 % is 0.34 points."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(40), 5)
    values = rng.normal(size=(4000, 40)).repeat(5, axis=1) + rng.normal(size=(4000, 200))
    means = values.mean(axis=1)
    errors = np.array([clustered_error(row, labels) for row in values])
    covered = np.mean(np.abs(means) <= stats.t.ppf(0.975, 39) * errors)
    naive = np.mean(np.abs(means) <= stats.t.ppf(0.975, 199) * stats.sem(values, axis=1))
    assert 0.94 <= covered <= 0.96
    assert naive < 0.80


def test_one_cluster_shows_no_spread() -> None:
    assert np.isnan(clustered_error([1.0, 0.0], [3, 3]))


@pytest.mark.parametrize(
    ("values", "clusters", "message"),
    [
        ([], [], "at least one"),
        (np.ones((2, 2)), np.ones((2, 2)), r"found shape \(2, 2\)"),
        ([1, 2], [1], "one for each of the 2 values"),
        ([1, np.inf], ["a", "b"], r"values\[1\]: inf of cluster b is not finite"),
    ],
)
def test_bad_input_is_refused(values, clusters, message) -> None:
    with pytest.raises(UserError, match=message):
        clustered_error(values, clusters)
