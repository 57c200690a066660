"""The proximal map of t ||.||_1 plus the indicator of the ball ||.||_2 <= radius: soft-threshold, then project."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def soft_threshold(v: Array, threshold: float) -> Array:
    """The prox of threshold * ||.||_1: each entry moved towards zero by `threshold`, and to exact zero within it."""
    shrunk: Array = np.sign(v) * np.maximum(np.abs(v) - threshold, 0.0)
    return shrunk


def project_ball(v: Array, radius: float) -> Array:
    """The nearest point of {||u||_2 <= radius}; `radius` may be infinite."""
    norm = float(np.linalg.norm(v))
    return v if norm <= radius else v * (radius / norm)


def prox_l1_ball(v: Array, threshold: float, radius: float) -> Array:
    """argmin_u  1/2 ||u - v||^2 + threshold ||u||_1  subject to  ||u||_2 <= radius.

    Exact, though proxes do not compose in general (Yu, NeurIPS 2013, gives the conditions). Proof: let
    s = soft_threshold(v) and u = s / (1 + mu), with mu >= 0 the multiplier that brings u into the ball. Then
    v - u = (v - s) + (s - u). The first term is a subgradient of threshold ||.||_1 at s, hence also at u, which has the
    signs and zeros of s; the second is mu u, normal to the ball at u. So u satisfies the optimality condition.
    """
    return project_ball(soft_threshold(v, threshold), radius)
