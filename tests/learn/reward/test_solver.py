"""The solver against other solvers, on problems both solve."""

import math

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import minimize
from skglm import SparseLogisticRegression
from sklearn.linear_model import LogisticRegression

from bench.learn.reward import BradleyTerry, L1BradleyTerry
from bench.learn.reward.quadratic import minimise_quadratic
from bench.learn.reward.solver import Solver, minimise

TIGHT = {"tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-9}


def cvxpy_optimum(loss, beta, radius):
    theta = cp.Variable(loss.d)
    margins = cp.multiply(loss.scale, loss.differences @ theta)
    problem = cp.Problem(
        cp.Minimize(cp.sum(cp.logistic(-margins)) / loss.n + beta * cp.norm1(theta)), [cp.norm2(theta) <= radius]
    )
    problem.solve(cp.CLARABEL, **TIGHT)
    return theta.value, problem.value


@pytest.mark.parametrize(("beta", "radius"), [(0.1, 1.0), (0.001, 1.0), (0.0, 1.0), (0.05, 100.0)])
def test_agrees_with_cvxpy(make_loss, beta, radius):
    loss = make_loss(n=60, d=40)
    theta, value = cvxpy_optimum(loss, beta, radius)
    solution = minimise(loss, beta, radius, 1e-10, 200)
    assert solution.objective == pytest.approx(value, abs=1e-7)
    np.testing.assert_allclose(solution.theta, theta, atol=2e-4)


@pytest.mark.parametrize(("beta", "radius"), [(0.1, 1.0), (0.001, 1.0), (0.0, 1.0)])
def test_probit_agrees_with_slsqp_on_split_variables(make_loss, beta, radius):
    """With theta = p - q and p, q >= 0 the problem is smooth, so that a general-purpose solver solves it."""
    loss = make_loss(n=60, d=15, k=3, link="probit")

    def split(pq):
        theta = pq[: loss.d] - pq[loss.d :]
        margins = loss.margins(theta)
        gradient = loss.gradient(margins)
        return loss.value(margins) + beta * pq.sum(), np.concatenate([gradient, -gradient]) + beta

    ball = {"type": "ineq", "fun": lambda pq: radius**2 - np.sum((pq[: loss.d] - pq[loss.d :]) ** 2)}
    start, bounds = np.full(2 * loss.d, 0.01), [(0, None)] * (2 * loss.d)
    oracle = minimize(
        split,
        start,
        jac=True,
        method="SLSQP",
        bounds=bounds,
        constraints=ball,
        options={"ftol": 1e-13, "maxiter": 2000},
    )
    assert minimise(loss, beta, radius, 1e-10, 200).objective == pytest.approx(oracle.fun, abs=1e-7)


@pytest.mark.parametrize("link", ["logistic", "probit"])
@pytest.mark.parametrize(("beta", "radius"), [(0.1, 1.0), (0.002, 1.0), (0.05, math.inf)])
def test_satisfies_the_subgradient_conditions(make_loss, link, beta, radius):
    """grad L + multiplier theta + beta sign(theta) = 0 on the support, |grad L| <= beta off it; multiplier > 0 on the
    sphere only."""
    loss = make_loss(n=100, d=40, link=link)
    theta = minimise(loss, beta, radius, 1e-12, 200).theta
    gradient = loss.gradient(loss.margins(theta))
    support = theta != 0
    residual = gradient[support] + beta * np.sign(theta[support])
    multiplier = -residual @ theta[support] / (theta @ theta)
    np.testing.assert_allclose(residual, -multiplier * theta[support], atol=1e-5)
    assert np.all(np.abs(gradient[~support]) <= beta + 1e-5)
    assert multiplier == pytest.approx(0, abs=1e-5) or (
        multiplier > 0 and np.linalg.norm(theta) == pytest.approx(radius, rel=1e-12)
    )


def test_agrees_with_liblinear_without_a_ball(make_loss):
    loss = make_loss(n=200, d=40)
    labels, X = np.sign(loss.scale), loss.differences * np.abs(loss.scale)[:, None]
    oracle = LogisticRegression(
        l1_ratio=1, solver="liblinear", C=1 / (0.02 * 200), fit_intercept=False, tol=1e-10, max_iter=100_000
    ).fit(X, labels)
    model = L1BradleyTerry(0.02, radius=None).fit(X, labels)
    np.testing.assert_allclose(model.coef_, oracle.coef_[0], atol=1e-5)


@pytest.mark.parametrize(("n", "d"), [(200, 40), (80, 1500)])
def test_agrees_with_skglm_without_a_ball(make_loss, n, d):
    """The second shape needs several rounds of working sets."""
    loss = make_loss(n=n, d=d)
    labels, X = np.sign(loss.scale), loss.differences * np.abs(loss.scale)[:, None]
    oracle = SparseLogisticRegression(alpha=0.05, fit_intercept=False, tol=1e-10, max_iter=200).fit(X, labels)
    model = L1BradleyTerry(0.05, radius=None).fit(X, labels)
    np.testing.assert_allclose(model.coef_, np.ravel(oracle.coef_), atol=1e-4)
    assert np.array_equal(model.coef_ != 0, np.ravel(oracle.coef_) != 0)


@pytest.mark.parametrize("link", ["logistic", "probit"])
@pytest.mark.parametrize("n", [10, 40, 100, 1000])
@pytest.mark.parametrize("beta", [0.0, 5e-5, 1e-3, 0.1, 7.0])
@pytest.mark.parametrize("radius", [1.0, 1000.0])
def test_every_problem_of_the_papers_range_is_certified(make_loss, link, n, beta, radius):
    loss = make_loss(n=n, d=100, link=link)
    solution = minimise(loss, beta, radius, 1e-8, 200)
    assert solution.converged
    assert solution.gap <= 1e-8
    assert np.linalg.norm(solution.theta) <= radius * (1 + 1e-12)


def test_a_large_beta_gives_zero_without_a_step(make_loss):
    solution = minimise(make_loss(), 7.0, 1.0, 1e-8, 200)
    assert (solution.iterations, np.count_nonzero(solution.theta)) == (0, 0)


def test_more_features_than_comparisons_without_a_penalty(make_loss):
    """Solved in the span of the rows; the certificate of the whole problem must still hold."""
    loss = make_loss(n=30, d=300)
    solution = minimise(loss, 0.0, 1.0, 1e-9, 200)
    gradient = loss.gradient(loss.margins(solution.theta))
    assert gradient @ solution.theta + np.linalg.norm(gradient) <= 1e-8
    assert solution.objective == pytest.approx(Solver(loss, 1.0, 1e-9, 200).minimise(0.0).objective, abs=2e-9)


def test_two_fits_agree_bit_for_bit(make_loss):
    loss = make_loss(n=100, d=100)
    first, second = (minimise(loss, 0.01, 1.0, 1e-8, 200) for _ in range(2))
    assert first.theta.tobytes() == second.theta.tobytes()


@pytest.mark.parametrize("model", [BradleyTerry(sigma=0.1), L1BradleyTerry(0.01, sigma=0.1)])
def test_labels_and_differences_may_change_sign_together(make_loss, model):
    loss = make_loss()
    labels = np.sign(loss.scale)
    first = model.fit(loss.differences, labels).coef_
    np.testing.assert_allclose(model.fit(-loss.differences, -labels).coef_, first, atol=1e-10)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("radius", [0.3, 10.0])
def test_model_problem_agrees_with_cvxpy(seed, radius):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(12, 12))
    H, gradient, theta = root @ root.T / 12 + 0.1 * np.eye(12), rng.normal(size=12), np.zeros(12)
    u = cp.Variable(12)
    quadratic = gradient @ u + cp.quad_form(u, cp.psd_wrap(H)) / 2 + 0.3 * cp.norm1(u)
    cp.Problem(cp.Minimize(quadratic), [cp.norm2(u) <= radius]).solve(cp.CLARABEL, **TIGHT)
    np.testing.assert_allclose(minimise_quadratic(H, gradient, theta, 0.3, radius)[0], u.value, atol=1e-5)


def test_model_problem_with_a_singular_hessian_stays_in_the_ball():
    H = np.ones((4, 4))
    u, _ = minimise_quadratic(H, np.array([-1.0, -1.0, 1.0, 0.5]), np.zeros(4), 0.1, 2.0)
    assert np.linalg.norm(u) <= 2.0 * (1 + 1e-12)
    assert np.isfinite(u).all()
