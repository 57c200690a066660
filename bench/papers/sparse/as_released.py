"""The released solvers of `numerical.py`: general-purpose SciPy optimisers on finite-difference gradients.

The authors minimise over the unit ball with SLSQP (MLE) and trust-constr (l1), each with maxiter 1000, SciPy's
default tolerances, no gradient, and the non-smooth term inside the objective. trust-constr then stops when its
trust region has shrunk, which on a non-smooth objective happens before the optimum: the suite runs it as it is and
reports by how much (fact sheet 4.3). The starting point is the infeasible normal draw of the problem.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from bench.data.synthetic import Array, Problem


def objective(theta: Array, problem: Problem, beta: float) -> float:
    """Mean logistic loss plus beta ||theta||_1, at one theta (d,).

    Same arithmetic as released, rounding included (log(1 + x) where log1p would be better): finite differences
    divide by 1.5e-8, so another rounding takes the optimiser along another path.
    """
    margins = problem.labels * (problem.differences @ theta) / problem.sigma
    log_sigmoid = np.minimum(margins, 0) - np.log(1 + np.exp(-np.abs(margins)))
    return float(-log_sigmoid.mean() + beta * np.linalg.norm(theta, ord=1))


def fit_mle(problem: Problem) -> OptimizeResult:
    """SLSQP on the unit ball, as released; the estimate is `.x` (d,), `.nit` its iterations."""
    return _minimize(problem, 0.0, "SLSQP")


def fit_l1(problem: Problem, beta: float) -> OptimizeResult:
    """trust-constr on the unit ball, as released; the estimate is `.x` (d,), `.nit` its iterations."""
    return _minimize(problem, beta, "trust-constr")


def _minimize(problem: Problem, beta: float, method: str) -> OptimizeResult:
    return minimize(
        objective,
        problem.start,
        args=(problem, beta),
        method=method,
        constraints={"type": "ineq", "fun": lambda theta: 1 - np.linalg.norm(theta)},
        options={"maxiter": 1000},
    )
