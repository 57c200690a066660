"""The model problem of a Newton step: a convex quadratic plus the l1 norm, over a ball, solved exactly.

    minimise  1/2 u'Hu - b'u + beta ||u||_1   subject to  ||u||_2 <= radius

by an active-set method: fix the support and the signs, solve the linear system, repair the signs, repeat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

Array = NDArray[np.float64]

SECULAR_TOLERANCE = 1e-12  # relative error of ||u|| on the ball
VIOLATION_TOLERANCE = 1e-10  # relative excess of |gradient| over beta that counts as a violation


def solve_on_ball(H: Array, b: Array, radius: float, multiplier: float = 0.0) -> tuple[Array, float]:
    """argmin 1/2 u'Hu - b'u over ||u|| <= radius, with the ball's multiplier: (H + multiplier I) u = b.

    `multiplier` is where the search for the multiplier starts. Newton's method on 1/||u|| - 1/radius, which is nearly
    linear in the multiplier and approached from one side (More and Sorensen 1983). A singular H is lifted by the
    smallest power-of-100 multiple of its diagonal's rounding error that makes it positive definite.
    """
    floor = 0.0
    identity = np.eye(len(b))
    scale = float(np.trace(H)) / len(b) or 1.0
    for _ in range(100):
        shift = max(multiplier, floor)
        factor, u, failure = lapack.dposv(H + shift * identity if shift else H, b)
        if failure:
            floor = max(100 * floor, 1e-14 * scale)
            continue
        norm = float(np.linalg.norm(u))
        if (norm <= radius and shift == floor) or abs(norm - radius) <= SECULAR_TOLERANCE * radius:
            break
        half, _ = lapack.dtrtrs(factor, u, trans=1)
        multiplier = shift + (norm / radius - 1) * norm**2 / float(half @ half)
    return (u * (radius / norm) if norm > radius else u), shift


def minimise_quadratic(
    H: Array, b: Array, beta: float, radius: float, start: Array, multiplier: float = 0.0, max_rounds: int = 1000
) -> tuple[Array, float]:
    """The minimiser from a feasible `start`, shape (d,), with exact zeros, and the ball's multiplier.

    Each round solves for the current support and signs. Where the solution keeps the signs, the zeros that violate
    |gradient_j| <= beta join the support (all at once; one at a time when a round of all gained nothing). Where it does
    not, the best point of the segment towards it is taken, which strictly lowers the objective: the method is finite.
    """
    if beta == 0:
        return solve_on_ball(H, b, radius, multiplier)
    u = start
    signs = np.sign(u)
    one_at_a_time = False
    for _ in range(max_rounds):
        support = np.flatnonzero(signs)
        if len(support):
            H_support = H[np.ix_(support, support)]
            target, multiplier = solve_on_ball(H_support, b[support] - beta * signs[support], radius, multiplier)
            wrong = target * signs[support] < 0
            unborn = support[wrong & (u[support] == 0)]
            if len(unborn):
                signs[unborn] = 0
                one_at_a_time = one_at_a_time or bool((signs == np.sign(u)).all())
                continue
            previous, u = u[support], np.zeros_like(u)
            u[support] = _best_on_segment(H_support, b[support], beta, previous, target) if wrong.any() else target
            signs = np.sign(u)
            if wrong.any():
                continue
        gradient = H[:, support] @ u[support] - b
        excess = np.where(signs == 0, np.abs(gradient) - beta * (1 + VIOLATION_TOLERANCE), 0.0)
        joining = np.array([np.argmax(excess)]) if one_at_a_time else np.flatnonzero(excess > 0)
        if not (excess[joining] > 0).any():
            break
        signs[joining] = -np.sign(gradient[joining])
    return u, multiplier


def _best_on_segment(H: Array, b: Array, beta: float, start: Array, end: Array) -> Array:
    """The best among `end` and the points of the segment where a coordinate changes sign."""
    direction = end - start
    crossing = start * end < 0
    steps = np.append(start[crossing] / (start[crossing] - end[crossing]), 1.0)
    linear = float(direction @ (H @ start - b))
    quadratic = float(direction @ (H @ direction))
    points = start + steps[:, None] * direction
    rows = np.arange(len(steps) - 1)
    points[rows, np.flatnonzero(crossing)] = 0.0
    values = steps * linear + steps**2 * (quadratic / 2) + beta * np.abs(points).sum(axis=1)
    best: Array = points[int(np.argmin(values))]
    return best
