"""The optimality gap: an upper bound on the true suboptimality at every point, and tight at the optimum."""

import math

import numpy as np
import pytest

from bench.learn.reward.certificate import optimality_gap
from bench.learn.reward.prox import project_ball
from bench.learn.reward.solver import minimise


def certificate_at(loss, theta, beta, radius):
    margins = loss.margins(theta)
    value = loss.value(margins) + beta * np.abs(theta).sum()
    return value, optimality_gap(theta, loss.gradient(margins), value, beta, radius)


@pytest.mark.parametrize("link", ["logistic", "probit"])
@pytest.mark.parametrize(("beta", "radius"), [(0.05, 1.0), (0.0, 1.0), (0.05, 5.0), (0.05, math.inf)])
def test_bounds_the_suboptimality_of_any_point(make_loss, link, beta, radius):
    loss = make_loss(link=link)
    best = minimise(loss, beta, radius, 1e-10, 200)
    rng = np.random.default_rng(1)
    for scale in (1e-4, 1e-2, 1.0):
        for _ in range(20):
            theta = project_ball(best.theta + scale * rng.normal(size=loss.d), radius)
            value, gap = certificate_at(loss, theta, beta, radius)
            assert value - best.objective <= gap + 1e-9
            assert gap > 0


@pytest.mark.parametrize(("beta", "radius"), [(0.05, 1.0), (0.0, 1.0), (0.05, math.inf)])
def test_vanishes_at_the_optimum_only(make_loss, beta, radius):
    loss = make_loss()
    best = minimise(loss, beta, radius, 1e-10, 200)
    assert certificate_at(loss, best.theta, beta, radius)[1] < 1e-10
    assert certificate_at(loss, 0.99 * best.theta, beta, radius)[1] > 1e-6


def test_not_a_number_is_never_a_certificate():
    assert math.isnan(optimality_gap(np.ones(2), np.array([np.nan, 0.0]), 1.0, 0.1, 1.0))
