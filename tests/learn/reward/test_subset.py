"""The l0 estimate: what its two gaps promise, and how often it finds the global optimum where that can be checked."""

from itertools import combinations

import numpy as np
import pytest

from bench.data.synthetic import linear_problem
from bench.learn.reward import BradleyTerry, L0BradleyTerry
from bench.learn.reward.links import LINKS
from bench.learn.reward.loss import PreferenceLoss
from bench.learn.reward.solver import minimise
from bench.learn.reward.subset import best_subset

SMALL = [(15, 10, 3, 0.1), (30, 12, 4, 0.3), (60, 12, 3, 1.0), (20, 12, 2, 0.1)]


def exhaustive(loss, k, radius=1.0):
    return min(
        minimise(loss.restrict(np.array(s)), 0.0, radius, 1e-8, 200).objective for s in combinations(range(loss.d), k)
    )


@pytest.mark.parametrize(("n", "d", "k", "sigma"), SMALL)
def test_finds_the_global_optimum_of_small_problems(n, d, k, sigma):
    """On 120 problems like these (30 seeds each) it found the global optimum in all; here, 5 seeds each."""
    for seed in range(5):
        problem = linear_problem(n, d, k, sigma, seed)
        loss = PreferenceLoss(problem.differences, problem.labels / sigma, LINKS["logistic"])
        solution = best_subset(loss, k, 1.0, 1e-8, 200)
        optimum = exhaustive(loss, k)
        assert solution.restricted.objective - solution.global_gap <= optimum + 1e-8
        assert solution.restricted.objective == pytest.approx(optimum, abs=1e-7)


def test_no_single_swap_improves(make_loss):
    """All k (d - k) swaps refitted, though the search tried only the ten best-ranked of each round."""
    loss = make_loss(n=100, d=60, k=4, sigma=0.3)
    solution = best_subset(loss, 4, 1.0, 1e-8, 200)
    support = set(np.flatnonzero(solution.theta).tolist())
    for leaving in support:
        for entering in set(range(60)) - support:
            swapped = np.array(sorted(support - {leaving} | {entering}))
            refit = minimise(loss.restrict(swapped), 0.0, 1.0, 1e-8, 200)
            assert refit.objective >= solution.restricted.objective - 2e-8


@pytest.mark.parametrize("link", ["logistic", "probit"])
@pytest.mark.parametrize(("n", "d", "k"), [(100, 100, 5), (10, 100, 5), (400, 100, 20)])
def test_support_and_certificates(n, d, k, link):
    problem = linear_problem(n, d, k, 0.1, 0)
    model = L0BradleyTerry(k, sigma=0.1, link=link).fit(problem.differences, problem.labels)
    mle = BradleyTerry(sigma=0.1, link=link).fit(problem.differences, problem.labels)
    assert np.count_nonzero(model.coef_) <= k
    assert model.optimality_gap_ <= 1e-8
    assert model.converged_
    assert mle.objective_ <= model.objective_
    assert 0 <= model.global_gap_ <= model.objective_


def test_all_features_give_the_mle():
    problem = linear_problem(50, 8, 3, 0.3, 0)
    everything = L0BradleyTerry(8, sigma=0.3).fit(problem.differences, problem.labels)
    mle = BradleyTerry(sigma=0.3).fit(problem.differences, problem.labels)
    assert everything.objective_ == pytest.approx(mle.objective_, abs=2e-8)


def test_recovers_the_support_of_easy_data():
    problem = linear_problem(4000, 50, 3, 0.1, 0)
    model = L0BradleyTerry(3, sigma=0.1).fit(problem.differences, problem.labels)
    assert set(np.flatnonzero(model.coef_)) == {0, 1, 2}


def test_uninformative_data_give_zero():
    model = L0BradleyTerry(2).fit(np.zeros((10, 3)), np.ones(10))
    assert not model.coef_.any()
    assert model.objective_ == pytest.approx(np.log(2))
    assert model.global_gap_ == 0
