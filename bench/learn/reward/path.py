"""The regularisation path: one certified l1 fit for each of many betas, each from the last one's solution."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.learn.reward.loss import PreferenceLoss
from bench.learn.reward.solver import MAX_ITER, TOLERANCE, NotConverged, Solver
from bench.learn.reward.validation import (
    InvalidInputError,
    check_beta,
    check_count,
    check_differences,
    check_labels,
    check_link,
    check_positive,
    check_radius,
)

Array = NDArray[np.float64]


RATIO = 1e-2  # of the smallest to the largest beta of a default grid


@dataclass(frozen=True)
class Path:
    """The fits along a path, from the largest beta to the smallest."""

    betas: Array  # (n_betas,), descending
    coefs: Array  # (n_betas, d)
    objectives: Array  # (n_betas,), penalty included
    optimality_gaps: Array  # (n_betas,)
    n_iters: NDArray[np.intp]  # (n_betas,), Newton steps
    converged: NDArray[np.bool_]  # (n_betas,)


def l1_path(
    differences: ArrayLike,
    labels: ArrayLike,
    betas: ArrayLike | None = None,
    n_betas: int = 20,
    ratio: float = RATIO,
    sigma: float = 1.0,
    radius: float | None = 1.0,
    link: str = "logistic",
    tol: float = TOLERANCE,
    max_iter: int = MAX_ITER,
) -> Path:
    """The l1 fits over `betas`, or over `n_betas` values spaced evenly in log from beta_max down to ratio * beta_max.

    beta_max = ||grad L(0)||_inf is the smallest beta whose solution is zero. Each fit is the one that `L1BradleyTerry`
    certifies for that beta; warm starts only make it cheaper. Raises InvalidInputError for bad input, and warns
    NotConverged where a fit missed `tol`.
    """
    X = check_differences(differences)
    loss = PreferenceLoss(X, check_labels(labels, len(X)) / check_positive("sigma", sigma), check_link(link))
    grid = beta_grid(loss, n_betas, ratio) if betas is None else check_betas(betas)
    ball = check_radius(radius, needs_ball=bool(grid[-1] == 0))
    path = solve_path(loss, grid, ball, check_positive("tol", tol), check_count("max_iter", max_iter))
    warn_missed(path, "l1_path", tol)
    return path


def solve_path(loss: PreferenceLoss, betas: Array, radius: float, tol: float, max_iter: int) -> Path:
    """The path over descending, checked betas."""
    solver = Solver(loss, radius, tol, max_iter)
    solutions = [solver.minimise(float(beta)) for beta in betas]
    return Path(
        betas,
        np.array([s.theta for s in solutions]),
        np.array([s.objective for s in solutions]),
        np.array([s.gap for s in solutions]),
        np.array([s.iterations for s in solutions]),
        np.array([s.converged for s in solutions]),
    )


def warn_missed(path: Path, where: str, tol: float) -> None:
    """Warn NotConverged, naming the betas whose fits missed `tol`."""
    if not path.converged.all():
        missed = ", ".join(f"{beta:.3g}" for beta in path.betas[~path.converged])
        warnings.warn(f"{where}: no certificate below tol={tol:g} at beta = {missed}", NotConverged, stacklevel=3)


def beta_grid(loss: PreferenceLoss, n_betas: int, ratio: float) -> Array:
    """`n_betas` values from beta_max, where the solution is zero, down to ratio * beta_max, evenly spaced in log."""
    if not 0 < check_positive("ratio", ratio) < 1:
        raise InvalidInputError(f"ratio must lie between 0 and 1, got {ratio}; the default is 0.01")
    beta_max = float(np.abs(loss.gradient(np.zeros(loss.n))).max())
    if beta_max == 0:
        raise InvalidInputError(
            "the differences and labels are uncorrelated: every beta gives zero; give betas yourself"
        )
    grid: Array = beta_max * np.geomspace(1.0, ratio, check_count("n_betas", n_betas))
    return grid


def check_betas(betas: ArrayLike) -> Array:
    """As a descending array of at least one number >= 0."""
    values = [check_beta(beta) for beta in np.atleast_1d(np.asarray(betas)).tolist()]
    if not values:
        raise InvalidInputError("betas must hold at least one number")
    return np.sort(np.array(values))[::-1]
