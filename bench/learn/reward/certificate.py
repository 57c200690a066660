"""How far from optimal a point can be, at most: a bound that needs one gradient and holds whatever solver ran.

The problem is  minimise  P(theta) = L(theta) + beta ||theta||_1  subject to  ||theta||_2 <= radius,  L convex, L >= 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward.prox import soft_threshold

Array = NDArray[np.float64]


def optimality_gap(theta: Array, gradient: Array, objective: float, beta: float, radius: float) -> float:
    """An upper bound on P(theta) - min P, from g = grad L(theta). Zero exactly at an optimum; NaN if g is not finite.

    By convexity L(u) >= L(theta) + <g, u - theta> for every u, so that

        P(theta) - min P  <=  beta ||theta||_1 + <g, theta> + max over feasible u of [<-g, u> - beta ||u||_1].

    With a ball, Cauchy-Schwarz on the entries where |g_j| > beta gives the maximum in closed form:
    radius * ||S(-g, beta)||_2, S being soft-thresholding (attained at u parallel to S(-g, beta)).

    Without a ball (radius = inf, beta > 0), a minimiser has beta ||u||_1 <= P(u) <= P(theta), as L >= 0. On
    ||u||_1 <= P(theta) / beta the maximum is  P(theta) / beta * max(||g||_inf - beta, 0).
    """
    linear = beta * float(np.abs(theta).sum()) + float(gradient @ theta)
    if math.isfinite(radius):
        steepest = radius * float(np.linalg.norm(soft_threshold(gradient, beta)))
    else:
        steepest = objective / beta * max(float(np.abs(gradient).max()) - beta, 0.0)
    return max(linear + steepest, 0.0) if math.isfinite(linear + steepest) else math.nan
