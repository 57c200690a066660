"""The true optima of the paper's synthetic problems, as the fact sheet found them with an unrelated solver."""

import numpy as np
import pytest

from bench.data.synthetic import linear_problem, squared_sigma_error
from bench.learn.reward import BradleyTerry, L1BradleyTerry


@pytest.mark.parametrize(("seed", "optimum"), [(0, 0.37769), (5, 0.41339)])
def test_objective_of_the_l1_optimum(seed, optimum):
    problem = linear_problem(100, 100, 5, 0.1, seed)
    model = L1BradleyTerry(0.1, sigma=0.1).fit(problem.differences, problem.labels)
    assert model.objective_ == pytest.approx(optimum, abs=5e-6)


@pytest.mark.parametrize("n", [10, 100, 400])
@pytest.mark.parametrize("seed", range(4))
def test_the_mle_sits_on_the_ball(n, seed):
    problem = linear_problem(n, 100, 5, 0.1, seed)
    model = BradleyTerry(sigma=0.1).fit(problem.differences, problem.labels)
    assert np.linalg.norm(model.coef_) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(
    ("n", "seeds", "error", "digit"),
    [
        (10, 8, 0.077, 0.001),
        (20, 8, 0.079, 0.001),
        (100, 10, 0.0349, 1e-4),
        (200, 6, 0.0219, 1e-4),
        (400, 6, 0.0153, 1e-4),
    ],
)
def test_mean_error_of_the_l1_optimum(n, seeds, error, digit):
    """beta = n^-1/2, over as many seeds as the fact sheet's rerun of each n; equal to one unit of its last digit."""
    errors = []
    for seed in range(seeds):
        problem = linear_problem(n, 100, 5, 0.1, seed)
        model = L1BradleyTerry(n**-0.5, sigma=0.1).fit(problem.differences, problem.labels)
        errors.append(squared_sigma_error(model.coef_, problem))
    assert np.mean(errors) == pytest.approx(error, abs=digit)
