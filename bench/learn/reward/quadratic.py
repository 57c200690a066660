"""The model problem of a Newton step: a convex quadratic plus the l1 norm, over a ball, solved exactly.

    minimise  <g, u - theta> + 1/2 (u - theta)'(H + damping I)(u - theta) + beta ||u||_1   subject to  ||u||_2 <= radius

by pivoting on the signs of u (the primal-dual active set method of Hintermueller, Ito and Kunisch 2002): solve the
linear system for the current signs, drop the entries that came out with the wrong sign, let in the zeros whose gradient
exceeds beta, until nothing changes. That takes a handful of rounds where H is well conditioned. Where it cycles,
damping cures it, and a proximal Newton method stays a descent method under any damping.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

Array = NDArray[np.float64]

SECULAR_TOLERANCE = 1e-12  # relative error of ||u|| on the ball
VIOLATION_TOLERANCE = 1e-10  # relative excess of |gradient| over beta that counts as a violation
PIVOT_ROUNDS = 12
FIRST_DAMPING, MOST_DAMPING = 1e-4, 1e4  # relative to the mean of H's diagonal
MORE_DAMPING = 100.0  # factor from one attempt to the next


class _CyclingError(Exception):
    """Pivoting did not settle; carries nothing, as the remedy is the same."""


def minimise_quadratic(
    H: Array, gradient: Array, theta: Array, beta: float, radius: float, damping: float = 0.0, multiplier: float = 0.0
) -> tuple[Array, float]:
    """The minimiser u, shape (d,), with exact zeros, and the ball's multiplier (`multiplier` is a first guess of it).

    `damping` is relative to the mean of H's diagonal, and is raised where pivoting cycles. Where even the most does not
    help (entries of H overflowed), u = theta: no step.
    """
    scale = float(np.trace(H)) / len(H)
    b = H @ theta - gradient
    while damping <= MOST_DAMPING:
        damped, target = H, b
        if damping:
            damped, target = H + damping * scale * np.eye(len(H)), b + damping * scale * theta
        try:
            return _pivot(damped, target, beta, radius, np.sign(theta), multiplier)
        except _CyclingError:
            damping = max(MORE_DAMPING * damping, FIRST_DAMPING)
    return theta, multiplier


def _pivot(H: Array, b: Array, beta: float, radius: float, signs: Array, multiplier: float) -> tuple[Array, float]:
    """argmin 1/2 u'Hu - b'u + beta ||u||_1 over the ball, from a guess of the signs."""
    if beta == 0:
        return _solve_on_ball(H, b, radius, multiplier)
    for _ in range(PIVOT_ROUNDS):
        u = np.zeros_like(b)
        gradient = -b
        support = np.flatnonzero(signs)
        if len(support):
            right = b[support] - beta * signs[support]
            u[support], multiplier = _solve_on_ball(H[np.ix_(support, support)], right, radius, multiplier)
            gradient = H[:, support] @ u[support] - b
        violating = (signs == 0) & (np.abs(gradient) > beta * (1 + VIOLATION_TOLERANCE))
        revised = np.where(signs * u > 0, signs, np.where(violating, -np.sign(gradient), 0.0))
        if np.array_equal(revised, signs):
            return u, multiplier
        signs = revised
    raise _CyclingError


def _solve_on_ball(H: Array, b: Array, radius: float, multiplier: float) -> tuple[Array, float]:
    """argmin 1/2 u'Hu - b'u over ||u|| <= radius, with its multiplier: (H + multiplier I) u = b.

    Newton's method on 1/||u|| - 1/radius, nearly linear in the multiplier and approached from one side (More and
    Sorensen 1983). A singular H is lifted by the smallest multiple of its rounding error that makes it definite.
    """
    floor = 0.0
    scale = float(np.trace(H)) / len(H)
    for _ in range(100):
        shift = max(multiplier, floor)
        factor, u, failure = lapack.dposv(H + shift * np.eye(len(H)) if shift else H, b)
        if failure:
            floor = max(100 * floor, 1e-14 * scale, np.finfo(float).tiny)
            continue
        norm = float(np.linalg.norm(u))
        if (norm <= radius and shift == floor) or abs(norm - radius) <= SECULAR_TOLERANCE * radius:
            break
        half, _ = lapack.dtrtrs(factor, u, trans=1)
        multiplier = shift + (norm / radius - 1) * norm**2 / float(half @ half)
    return (u * (radius / norm) if norm > radius else u), shift
