"""One fit and what is measured of it, the same for every solver: the experiments differ only in their data."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np

from bench.data.synthetic import Array
from bench.learn.reward import BradleyTerry, L0BradleyTerry, L1BradleyTerry, NotConverged
from bench.learn.reward.certificate import optimality_gap
from bench.learn.reward.links import LINKS
from bench.learn.reward.loss import PreferenceLoss

NONZERO = 1e-8  # a coordinate counts as non-zero above this (the released solvers leave none at exactly zero)


def certified(
    method: str,
    differences: Array,
    labels: Array,
    *,
    beta: float,
    k: int,
    sigma: float,
    radius: float,
    tolerance: float,
) -> tuple[Array, dict[str, float]]:
    """The certified estimate (d,) of `method` (mle, l1 or l0) and its metrics.

    Raises RuntimeError when the certificate stays above `tolerance`: such a fit is a failure, never a result.
    """
    estimator = {
        "mle": BradleyTerry(sigma=sigma, radius=radius, tol=tolerance),
        "l1": L1BradleyTerry(beta, sigma=sigma, radius=radius, tol=tolerance),
        "l0": L0BradleyTerry(k, sigma=sigma, radius=radius, tol=tolerance),
    }[method]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)  # raised below, with the gap
        began = time.perf_counter()
        estimator.fit(differences, labels)
        fit_seconds = time.perf_counter() - began
    if not estimator.converged_:
        raise RuntimeError(f"not converged: optimality gap {estimator.optimality_gap_:.2e} above {tolerance:g}")
    metrics = {
        "objective": estimator.objective_,
        "optimality_gap": estimator.optimality_gap_,
        "nonzeros": float(np.count_nonzero(estimator.coef_)),
        "fit_seconds": fit_seconds,
        "iterations": float(estimator.n_iter_),
    }
    return estimator.coef_, metrics


def measured(
    solve: Callable[[], tuple[Array, int]],
    differences: Array,
    labels: Array,
    *,
    beta: float,
    sigma: float,
    radius: float,
) -> tuple[Array, dict[str, float]]:
    """The estimate of any other solver, `solve() -> (theta, iterations)`, held against the same certificate.

    Its optimality gap says how far the solver stopped from the optimum, at most. Both objective and gap are of the
    point as returned, also where it lies a rounding error outside the ball.
    """
    began = time.perf_counter()
    theta, iterations = solve()
    fit_seconds = time.perf_counter() - began
    loss = PreferenceLoss(differences, labels / sigma, LINKS["logistic"])
    margins = loss.margins(theta)
    objective = loss.value(margins) + beta * float(np.abs(theta).sum())
    metrics = {
        "objective": objective,
        "optimality_gap": optimality_gap(theta, loss.gradient(margins), objective, beta, radius),
        "nonzeros": float(np.sum(np.abs(theta) > NONZERO)),
        "fit_seconds": fit_seconds,
        "iterations": float(iterations),
    }
    return theta, metrics
