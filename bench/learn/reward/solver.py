"""Proximal Newton with a working set, stopped by the optimality certificate.

    minimise  P(theta) = L(theta) + beta ||theta||_1   subject to  ||theta||_2 <= radius

Each Newton step minimises the quadratic model of L plus the exact l1 norm and ball, then backtracks on P. The working
set holds the coordinates that matter, so that Hessians stay small when d is large; the certificate is always that of
the whole problem.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward.certificate import optimality_gap
from bench.learn.reward.loss import PreferenceLoss
from bench.learn.reward.quadratic import minimise_quadratic

Array = NDArray[np.float64]

SUFFICIENT_DECREASE = 1e-4
ROUNDING = 1e-15  # relative error of an objective, below which two values are not told apart
INNER_REDUCTION = 0.01  # a working set is solved to this share of the whole problem's gap
FIRST_WORKING_SET = 100


@dataclass(frozen=True)
class Solution:
    """A point with its certificate: P(theta) - min P <= gap."""

    theta: Array  # (d,), exact zeros
    objective: float
    gap: float
    iterations: int  # Newton steps
    converged: bool  # gap <= tol


def minimise(
    loss: PreferenceLoss, beta: float, radius: float, tol: float, max_iter: int, start: Array | None = None
) -> Solution:
    """The certified minimiser; deterministic. `start` (feasible) defaults to zero."""
    theta = np.zeros(loss.d) if start is None else start
    margins = loss.margins(theta) if theta.any() else np.zeros(loss.n)
    iterations = 0
    while True:
        gradient = loss.gradient(margins)
        objective = loss.value(margins) + beta * float(np.abs(theta).sum())
        gap = optimality_gap(theta, gradient, objective, beta, radius)
        if gap <= tol or iterations >= max_iter:
            return Solution(theta, objective, gap, iterations, gap <= tol)
        columns = _working_set(theta, gradient, beta)
        restricted = loss if len(columns) == loss.d else loss.restrict(columns)
        target = max(tol / 2, INNER_REDUCTION * gap)
        inner, margins, steps = _newton(
            restricted, theta[columns], margins, beta, radius, target, max_iter - iterations
        )
        theta = np.zeros(loss.d)
        theta[columns] = inner
        iterations += steps


def _working_set(theta: Array, gradient: Array, beta: float) -> NDArray[np.intp]:
    """The support and the worst violators of |gradient_j| <= beta, at most doubling the support."""
    if beta == 0:
        return np.arange(len(theta))
    support = np.flatnonzero(theta)
    violation = np.where(theta == 0, np.abs(gradient) - beta, 0.0)
    size = min(len(theta), max(FIRST_WORKING_SET, len(support)))
    worst = np.argpartition(-violation, size - 1)[:size]
    return np.union1d(support, worst[violation[worst] > 0])


def _newton(
    loss: PreferenceLoss, theta: Array, margins: Array, beta: float, radius: float, target: float, max_steps: int
) -> tuple[Array, Array, int]:
    """Proximal Newton until the gap on these coordinates is below `target`: theta, its margins, steps taken."""
    objective = loss.value(margins) + beta * float(np.abs(theta).sum())
    multiplier = 0.0
    for step in range(max_steps):
        gradient = loss.gradient(margins)
        if step and optimality_gap(theta, gradient, objective, beta, radius) <= target:
            return theta, margins, step
        hessian = loss.hessian(margins)
        proposal, multiplier = minimise_quadratic(hessian, hessian @ theta - gradient, beta, radius, theta, multiplier)
        direction = proposal - theta
        slope = float(gradient @ direction) + beta * float(np.abs(proposal).sum() - np.abs(theta).sum())
        change = loss.margins(direction)
        length = 1.0
        while True:
            trial = proposal if length == 1.0 else theta + length * direction
            value = loss.value(margins + length * change) + beta * float(np.abs(trial).sum())
            if value <= objective + SUFFICIENT_DECREASE * length * slope + ROUNDING * objective:
                break
            length /= 2
            if length < 1e-10:
                return theta, margins, max_steps
        theta, margins, objective = trial, margins + length * change, value
    return theta, margins, max_steps
