"""The prox of the l1 norm over the ball: exact, and firmly nonexpansive as every prox is."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.learn.reward.prox import project_ball, prox_l1_ball, soft_threshold

VECTORS = arrays(float, 6, elements=st.floats(-10, 10))
THRESHOLDS, RADII = st.floats(0, 5), st.floats(0.01, 20)


@given(u=VECTORS, v=VECTORS, threshold=THRESHOLDS, radius=RADII)
def test_firmly_nonexpansive(u, v, threshold, radius):
    difference = prox_l1_ball(u, threshold, radius) - prox_l1_ball(v, threshold, radius)
    assert difference @ difference <= difference @ (u - v) + 1e-9


@given(v=VECTORS, other=VECTORS, threshold=THRESHOLDS, radius=RADII)
def test_no_point_of_the_ball_does_better(v, other, threshold, radius):
    def objective(u):
        return np.sum((u - v) ** 2) / 2 + threshold * np.abs(u).sum()

    assert objective(prox_l1_ball(v, threshold, radius)) <= objective(project_ball(other, radius)) + 1e-9


@pytest.mark.parametrize("radius", [0.5, 3.0])
def test_agrees_with_cvxpy(radius):
    v = np.random.default_rng(0).normal(size=8)
    u = cp.Variable(8)
    cp.Problem(cp.Minimize(cp.sum_squares(u - v) / 2 + 0.4 * cp.norm1(u)), [cp.norm2(u) <= radius]).solve(cp.CLARABEL)
    np.testing.assert_allclose(prox_l1_ball(v, 0.4, radius), u.value, atol=1e-5)


def test_soft_threshold_leaves_exact_zeros():
    np.testing.assert_array_equal(soft_threshold(np.array([-3.0, -1.0, 0.5, 2.0]), 1.0), [-2, 0, 0, 1])
