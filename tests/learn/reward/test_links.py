"""Both links: f = -log F is convex, with the derivatives it claims, and stays accurate far out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from bench.learn.reward.links import LINKS

MARGINS = st.floats(-30, 30)
both = pytest.mark.parametrize("name", sorted(LINKS))


@both
@given(z=MARGINS)
def test_slope_is_the_derivative_of_the_loss(name, z):
    link, h = LINKS[name], 1e-5
    low, high = link.loss(np.array([z - h, z + h]))
    assert link.slope(np.array([z]))[0] == pytest.approx((high - low) / (2 * h), rel=1e-6, abs=1e-8)


@both
@given(z=MARGINS)
def test_curvature_is_the_derivative_of_the_slope(name, z):
    link, h = LINKS[name], 1e-5
    low, high = link.slope(np.array([z - h, z + h]))
    assert link.curvature(np.array([z]))[0] == pytest.approx((high - low) / (2 * h), rel=1e-5, abs=1e-8)


@both
@given(first=st.floats(-1e4, 1e4), second=st.floats(-1e4, 1e4), share=st.floats(0, 1))
def test_loss_is_convex(name, first, second, share):
    link = LINKS[name]
    between = share * first + (1 - share) * second
    at_first, at_second, at_between = link.loss(np.array([first, second, between]))
    assert at_between <= share * at_first + (1 - share) * at_second + 1e-12 * max(at_first, at_second, 1)


@both
def test_loss_is_minus_log_of_the_probability(name):
    link, z = LINKS[name], np.linspace(-8, 8, 101)
    np.testing.assert_allclose(np.exp(-link.loss(z)), link.probability(z), rtol=1e-12)
    np.testing.assert_allclose(link.probability(z) + link.probability(-z), 1, rtol=1e-14)


def test_probit_agrees_with_scipy_stats():
    z = np.linspace(-20, 8, 101)
    np.testing.assert_allclose(LINKS["probit"].loss(z), -norm.logcdf(z), rtol=1e-12)


def test_logistic_at_ten_thousand():
    link, z = LINKS["logistic"], np.array([-1e4, 1e4])
    np.testing.assert_array_equal(link.loss(z), [1e4, 0])
    np.testing.assert_array_equal(link.slope(z), [-1, 0])
    np.testing.assert_array_equal(link.curvature(z), [0, 0])


def test_probit_at_ten_thousand_follows_its_asymptotic_series():
    """For z -> -inf, -log cdf(z) = z^2/2 + log(|z| sqrt(2 pi)) + 1/z^2 + ..., with slope z + 1/z - ..., curvature
    1 - 1/z^2 + ... ."""
    link, z = LINKS["probit"], np.array([-1e4])
    np.testing.assert_allclose(link.loss(z), z**2 / 2 + np.log(1e4 * np.sqrt(2 * np.pi)) + 1 / z**2, rtol=1e-15)
    np.testing.assert_allclose(link.slope(z), z + 1 / z, rtol=1e-15)
    np.testing.assert_allclose(link.curvature(z), 1 - 1 / z**2, atol=1e-7)
    for value in (link.loss, link.slope, link.curvature):
        assert value(np.array([1e4]))[0] == 0
