"""Synthetic linear preference problems, draw for draw those of Yao, He and Gastpar (ICML 2025).

Random utility model: P(first item preferred) = sigmoid(<theta*, x - x'> / sigma), with theta* k-sparse on the
unit sphere and items x, x' uniform on [0, 1]^d.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """One problem: what an estimator sees (`differences`, `labels`) and what it should find (`theta`)."""

    differences: Array  # (n, d): x - x', features of the first item minus those of the second
    labels: Array  # (n,): +1 where the first item was preferred, -1 where the second was
    theta: Array  # (d,): the true reward, ||theta||_2 = 1, zero after its first k entries
    start: Array  # (d,): the authors' starting point, N(0, I_d)
    sigma: float


def linear_problem(n: int, d: int, k: int, sigma: float, seed: int) -> Problem:
    """The problem that the authors' `numerical.py` draws from `seed`: the same generator calls in the same order.

    theta ~ N(0, I_d) with all but its first k entries zeroed, normalised; then the starting point, X, X' and the
    uniforms behind the labels. For one seed the design therefore does not depend on k.

    Raises UserError for n, d, k < 1, k > d or sigma <= 0.
    """
    for name, value in (("n", n), ("d", d), ("k", k)):
        if value < 1:
            raise UserError(f"{name} must be at least 1, got {value}; the nearest valid value is 1")
    if k > d:
        raise UserError(f"k must be at most d: k = {k}, d = {d}; the nearest valid value is k = {d}")
    if not (np.isfinite(sigma) and sigma > 0):
        raise UserError(f"sigma must be a positive number, got {sigma}; the paper uses 0.1")
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal(d)
    theta[k:] = 0
    theta /= np.linalg.norm(theta)
    start = rng.standard_normal(d)
    first = rng.random((n, d))
    second = rng.random((n, d))
    differences = first - second
    with np.errstate(over="ignore"):
        second_preferred = rng.random(n) < 1 / (1 + np.exp(differences @ theta / sigma))
    return Problem(differences, np.where(second_preferred, -1.0, 1.0), theta, start, sigma)


def squared_sigma_error(theta_hat: Array, problem: Problem) -> float:
    """||theta_hat - theta*||^2 in the data semi-norm, Sigma = (1/n) sum of outer products of the differences."""
    residual = problem.differences @ (theta_hat - problem.theta)
    return float(residual @ residual / len(residual))


def squared_l2_error(theta_hat: Array, problem: Problem) -> float:
    """||theta_hat - theta*||_2^2."""
    return float(np.sum((theta_hat - problem.theta) ** 2))
