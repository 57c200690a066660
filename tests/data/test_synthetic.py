import cvxpy as cp
import numpy as np
import pytest

from bench.data.synthetic import Problem, linear_problem, squared_l2_error, squared_sigma_error
from bench.errors import UserError


def true_optimum(problem: Problem, beta: float) -> float:
    """min mean log(1 + exp(-label <theta, difference> / sigma)) + beta ||theta||_1 over the unit ball, by CLARABEL."""
    theta = cp.Variable(problem.differences.shape[1])
    margins = cp.multiply(problem.labels, problem.differences @ theta) / problem.sigma
    loss = cp.sum(cp.logistic(-margins)) / len(problem.labels)
    program = cp.Problem(cp.Minimize(loss + beta * cp.norm1(theta)), [cp.norm2(theta) <= 1])
    return float(program.solve(solver=cp.CLARABEL))


@pytest.mark.parametrize(("seed", "objective"), [(0, 0.37769), (5, 0.41339)])
def test_seed_gives_the_authors_problem(seed: int, objective: float) -> None:
    # The optimum of the authors' own problem as the fact sheet prints it (4.3): any other draw moves the third digit.
    assert true_optimum(linear_problem(100, 100, 5, 0.1, seed), beta=0.1) == pytest.approx(objective, abs=6e-6)


def test_draws_are_pinned() -> None:
    problem = linear_problem(n=4, d=3, k=2, sigma=0.1, seed=0)
    draws = np.random.Generator(np.random.PCG64(0))
    normals, uniforms = draws.standard_normal(6), draws.random(28)
    np.testing.assert_allclose(problem.theta, [*(normals[:2] / np.hypot(*normals[:2])), 0], rtol=1e-15)
    np.testing.assert_array_equal(problem.start, normals[3:])
    np.testing.assert_array_equal(problem.differences, (uniforms[:12] - uniforms[12:24]).reshape(4, 3))
    probability_second = 1 / (1 + np.exp(problem.differences @ problem.theta / 0.1))
    np.testing.assert_array_equal(problem.labels, np.where(uniforms[24:] < probability_second, -1, 1))


@pytest.mark.parametrize("k", [1, 20, 100])
def test_design_does_not_depend_on_k(k: int) -> None:
    reference, other = (linear_problem(50, 100, sparsity, 0.1, seed=7) for sparsity in (5, k))
    np.testing.assert_array_equal(reference.differences, other.differences)
    np.testing.assert_array_equal(reference.start, other.start)


@pytest.mark.parametrize("k", [1, 5, 100])
def test_theta_is_k_sparse_on_the_unit_sphere(k: int) -> None:
    theta = linear_problem(10, 100, k, 0.1, seed=3).theta
    assert np.linalg.norm(theta) == pytest.approx(1, abs=1e-12)
    assert np.all(theta[:k] != 0)
    assert np.all(theta[k:] == 0)


def test_labels_follow_bradley_terry() -> None:
    problem = linear_problem(200_000, 2, 2, sigma=0.5, seed=1000)
    probability = 1 / (1 + np.exp(-problem.differences @ problem.theta / 0.5))
    for low, high in [(0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9)]:
        bin_ = (probability >= low) & (probability < high)
        standard_error = 0.5 / np.sqrt(bin_.sum())
        assert np.mean(problem.labels[bin_] == 1) == pytest.approx(probability[bin_].mean(), abs=4 * standard_error)


def test_tiny_noise_gives_the_true_order_without_overflow() -> None:
    problem = linear_problem(1_000, 5, 5, sigma=1e-6, seed=0)
    np.testing.assert_array_equal(problem.labels, np.sign(problem.differences @ problem.theta))


def test_errors_in_closed_form() -> None:
    problem = linear_problem(30, 4, 4, 0.1, seed=0)
    moved = problem.theta + np.array([0, 0.5, 0, 0])
    assert squared_l2_error(moved, problem) == pytest.approx(0.25)
    assert squared_sigma_error(moved, problem) == pytest.approx(0.25 * np.mean(problem.differences[:, 1] ** 2))
    assert squared_sigma_error(problem.theta, problem) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 6}, "k = 6, d = 5; the nearest valid value is k = 5"),
        ({"n": 0}, "n must be at least 1"),
        ({"sigma": 0.0}, "sigma must be a positive number"),
        ({"sigma": float("nan")}, "sigma must be a positive number"),
    ],
)
def test_impossible_problems_are_refused(change: dict[str, float], message: str) -> None:
    valid = {"n": 3, "d": 5, "k": 2, "sigma": 0.1, "seed": 0}
    with pytest.raises(UserError, match=message):
        linear_problem(**{**valid, **change})  # type: ignore[arg-type]
