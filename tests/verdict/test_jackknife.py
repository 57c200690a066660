"""The jackknife's pseudo-values stand in for replicates of a function of the mean."""

import numpy as np
import pytest

from bench.verdict.jackknife import pseudo_values

SAMPLE = np.random.default_rng(1).standard_normal((12, 3))


def test_for_a_plain_mean_they_are_the_replicates():
    np.testing.assert_allclose(pseudo_values(SAMPLE, lambda mean: float(mean[0])), SAMPLE[:, 0], atol=1e-12)


def test_for_a_smooth_function_their_scatter_is_its_standard_error():
    """Delta method: the standard error of exp(mean) is exp(mean) times that of the mean."""
    rng = np.random.default_rng(2)
    sample = 1 + 0.1 * rng.standard_normal((400, 1))
    values = pseudo_values(sample, lambda mean: float(np.exp(mean[0])))
    expected = np.exp(sample.mean()) * sample.std(ddof=1)
    assert np.std(values, ddof=1) == pytest.approx(expected, rel=0.01)


def test_a_number_that_does_not_exist_without_one_replicate_has_no_replicates():
    assert pseudo_values(SAMPLE, lambda mean: float("nan")) == []
