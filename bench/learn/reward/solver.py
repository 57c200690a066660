"""Proximal Newton with a working set, stopped by the optimality certificate.

    minimise  P(theta) = L(theta) + beta ||theta||_1   subject to  ||theta||_2 <= radius

Each Newton step minimises the quadratic model of L plus the exact l1 norm and ball, then backtracks on P. The working
set holds the coordinates that matter, so that Hessians stay small when d is large; the certificate is always that of
the whole problem.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward.certificate import optimality_gap
from bench.learn.reward.loss import Columns, PreferenceLoss
from bench.learn.reward.quadratic import minimise_quadratic

Array = NDArray[np.float64]

TOLERANCE = 1e-8  # the default gap
MAX_ITER = 200  # the default number of Newton steps

SUFFICIENT_DECREASE = 1e-4
SHORTEST_STEP = 1e-10
ROUNDING = 1e-15  # relative error of an objective, below which two values are not told apart
FIRST_WORKING_SET = 100
INNER_REDUCTION = 0.1  # a working set is solved to this share of the whole problem's gap
KEEP_HESSIAN = 0.03  # a Hessian is used again while it brings the gap down to this share
DAMPING = 0.1  # of the mean curvature, while the gap is large, where coordinates are as many as comparisons or more


class NotConverged(UserWarning):
    """A fit stopped before its optimality gap fell below `tol`; its `converged_` is False."""


@dataclass(frozen=True)
class Solution:
    """A point with its certificate: P(theta) - min P <= gap."""

    theta: Array  # (d,), exact zeros
    objective: float
    gap: float
    iterations: int  # Newton steps
    converged: bool  # gap <= tol


class Solver:
    """Minimises P for one beta after another on one data set, each from where the last one ended.

    The first starts from zero, or from `start`, a point of the ball.

    What carries over is what the next beta can use: the point, its gradient, the working set and the Hessian there.
    Everything is deterministic.
    """

    def __init__(
        self, loss: PreferenceLoss, radius: float, tol: float, max_iter: int, start: Array | None = None
    ) -> None:
        self._loss = loss
        self._radius = radius
        self._tol = tol
        self._max_iter = max_iter
        self._theta = np.zeros(loss.d) if start is None else start
        self._margins = np.zeros(loss.n) if start is None else loss.margins(start)
        self._gradient = loss.gradient(self._margins)
        self._inside = np.zeros(loss.d, dtype=bool)
        self._columns: Columns = np.flatnonzero(self._inside)
        self._warm = start is not None
        self._restricted = loss
        self._hessian: Array | None = None

    def minimise(self, beta: float) -> Solution:
        """The certified minimiser, or the best point after `max_iter` Newton steps."""
        steps = 0
        while True:
            objective = self._objective(self._theta, self._margins, beta)
            gap = optimality_gap(self._theta, self._gradient, objective, beta, self._radius)
            if gap <= self._tol or steps >= self._max_iter:
                self._warm = True
                return Solution(self._theta, objective, gap, steps, gap <= self._tol)
            self._choose_columns(beta)
            steps += self._newton(beta, self._target(gap), self._max_iter - steps)

    def _objective(self, theta: Array, margins: Array, beta: float) -> float:
        return self._loss.value(margins) + beta * float(np.abs(theta).sum())

    def _choose_columns(self, beta: float) -> None:
        """The support and the violators of |gradient_j| <= beta, of these the worst, at most doubling the support.

        The last working set is kept, with its Hessian, while it holds all of them.
        """
        support = self._theta != 0
        violating = ~support & (np.abs(self._gradient) > beta)
        if not (~self._inside & (support | violating)).any():
            return
        room = max(FIRST_WORKING_SET, int(np.count_nonzero(support)))
        if beta > 0 and np.count_nonzero(violating) > room:
            strength = np.where(violating, np.abs(self._gradient), 0.0)
            violating[np.argpartition(-strength, room)[room:]] = False
        self._inside = support | violating
        self._columns = np.flatnonzero(self._inside)
        self._restricted = self._loss if self._inside.all() else self._loss.restrict(self._columns)
        self._hessian = None

    def _target(self, gap: float) -> float:
        """How far to solve the working set: all the way where that is cheap, or where the set is hardly a guess.

        Cheap is a Hessian that costs less than a full gradient; after a first beta, a set rarely misses anything.
        """
        size = len(self._columns)
        finish = self._warm or size == self._loss.d or size**2 <= self._loss.d
        return self._tol / 2 if finish else max(self._tol / 2, INNER_REDUCTION * gap)

    def _newton(self, beta: float, target: float, max_steps: int) -> int:
        """Proximal Newton steps, at least one, until the gap on the working set is below `target`; how many."""
        loss, radius = self._restricted, self._radius
        theta, margins, gradient = self._theta[self._columns], self._margins, self._gradient[self._columns]
        objective = self._objective(theta, margins, beta)
        gap = optimality_gap(theta, gradient, objective, beta, radius)
        previous_gap, multiplier, steps = np.inf, 0.0, 0
        while steps < max_steps and (steps == 0 or gap > target):
            if self._hessian is None or gap > KEEP_HESSIAN * previous_gap:
                self._hessian = loss.hessian(margins)
            damping = DAMPING * min(1.0, gap) if loss.d >= loss.n else 0.0
            proposal, multiplier = minimise_quadratic(self._hessian, gradient, theta, beta, radius, damping, multiplier)
            slope = float(gradient @ (proposal - theta)) + beta * float(np.abs(proposal).sum() - np.abs(theta).sum())
            step = self._line_search(beta, theta, margins, objective, proposal, slope)
            if step is None:
                steps = max_steps  # rounding leaves nothing to gain: the gap says how good the point is
                break
            theta, margins, objective = step
            gradient, previous_gap = loss.gradient(margins), gap
            gap = optimality_gap(theta, gradient, objective, beta, radius)
            steps += 1
        self._theta = np.zeros(self._loss.d)
        self._theta[self._columns] = theta
        self._margins = margins
        self._gradient = gradient if loss is self._loss else self._loss.gradient(margins)
        return steps

    def _line_search(
        self, beta: float, theta: Array, margins: Array, objective: float, proposal: Array, slope: float
    ) -> tuple[Array, Array, float] | None:
        """The first point of theta + 2^-j (proposal - theta) that lowers P enough: theta, margins and objective."""
        direction = proposal - theta
        change = self._restricted.margins(direction)
        length = 1.0
        while length >= SHORTEST_STEP:
            trial = proposal if length == 1.0 else theta + length * direction
            value = self._objective(trial, margins + length * change, beta)
            if value <= objective + SUFFICIENT_DECREASE * length * slope + ROUNDING * objective:
                return trial, margins + length * change, value
            length /= 2
        return None


def minimise(loss: PreferenceLoss, beta: float, radius: float, tol: float, max_iter: int) -> Solution:
    """One fit, from zero.

    Without a penalty the minimiser of least norm lies in the span of the rows, whose dimension is n where d > n; there
    the problem is the same (theta = Q eta, Q orthonormal: same margins, norms and certificate), and smaller.
    """
    if beta > 0 or loss.d <= loss.n:
        return Solver(loss, radius, tol, max_iter).minimise(beta)
    basis, triangle = np.linalg.qr(loss.differences.T)
    inner = Solver(replace(loss, differences=triangle.T), radius, tol, max_iter).minimise(beta)
    return replace(inner, theta=basis @ inner.theta)
