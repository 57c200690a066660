"""The regularisation path: the cold fits, cheaper."""

import numpy as np
import pytest

from bench.data.synthetic import linear_problem
from bench.errors import UserError
from bench.learn.reward import L1BradleyTerry, NotConverged, l1_path

PROBLEM = linear_problem(100, 100, 5, 0.1, 0)
X, Y = PROBLEM.differences, PROBLEM.labels


@pytest.mark.parametrize("link", ["logistic", "probit"])
@pytest.mark.parametrize("radius", [1.0, None])
def test_equals_the_cold_fits(link, radius):
    path = l1_path(X, Y, n_betas=8, sigma=0.1, radius=radius, link=link)
    assert path.converged.all()
    assert (path.optimality_gaps <= 1e-8).all()
    for beta, coef, value in zip(path.betas, path.coefs, path.objectives, strict=True):
        cold = L1BradleyTerry(beta, sigma=0.1, radius=radius, link=link).fit(X, Y)
        assert value == pytest.approx(cold.objective_, abs=1e-8)
        np.testing.assert_allclose(coef, cold.coef_, atol=2e-3)


def test_starts_at_the_smallest_beta_that_gives_zero():
    path = l1_path(X, Y, n_betas=5, ratio=0.5, sigma=0.1)
    assert path.coefs.shape == (5, 100)
    assert not path.coefs[0].any()
    assert path.coefs[1].any()
    assert path.betas[-1] == pytest.approx(0.5 * path.betas[0])


def test_takes_betas_in_any_order():
    path = l1_path(X, Y, betas=[0.05, 0.2, 0.1], sigma=0.1)
    np.testing.assert_array_equal(path.betas, [0.2, 0.1, 0.05])
    assert (np.diff(path.objectives) < 0).all()


def test_names_the_betas_that_missed_the_tolerance():
    with pytest.warns(NotConverged, match=r"beta = 0\.01"):
        path = l1_path(X, Y, betas=[0.01], sigma=0.1, max_iter=1)
    assert not path.converged.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ratio": 1.5}, "ratio"),
        ({"n_betas": 0}, "n_betas"),
        ({"betas": [0.0], "radius": None}, "radius must be finite"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UserError, match=message):
        l1_path(X, Y, **arguments)
