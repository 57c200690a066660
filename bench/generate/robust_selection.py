"""Robust Preference Selection: ask a policy for neighbours of what a user wants, and keep what suits the user best.

Mao et al. (2025), "Robust preference alignment via directional neighborhood consensus" (arXiv 2510.20498). A user's
preference is a direction v, a unit vector of weights of attributes. A policy that takes a direction as its condition
serves those that its training covered, and others worse. Without any training: draw k directions v_1, ..., v_k within
an angle of v, sample a response y_j under each, and take the one of the largest <v, r(x, y_j)>, r being the attributes.
The baseline has k responses under v itself: that is `angle` 0 here.

The paper gives conditions: neighbours must be better covered, and attributes must change smoothly with the direction.
Where the policy serves all directions alike, neighbours lose. How the paper spreads directions within the angle we
could not verify; here they are uniform on that part of the sphere, and v itself is not among them. The user's direction
is taken as known, as in the paper; estimating it from labels would be another method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv

from bench.errors import UserError
from bench.seeds import seed_for

Array = NDArray[np.float64]
Response = TypeVar("Response")
Respond = Callable[[Array, int], Sequence[Response]]  # direction (d,) and a number of the draw -> one a prompt
Worth = Callable[[Sequence[Response]], ArrayLike]  # (n, d): attributes of a response to each prompt


def robust_selection(
    respond: Respond[Response], worth: Worth[Response], direction: ArrayLike, *, count: int, angle: float, seed: int
) -> list[Response]:
    """For every prompt the best for `direction` of `count` responses, each under a direction within `angle` radians.

    `respond(v, j)` gives draw j of a response to every prompt under the direction v; `worth` gives their attributes. Of
    equally good responses the first is taken. Raises UserError as `neighbours` does, and for attributes of other shape.
    """
    target = _unit(direction)
    drawn = [list(respond(one, draw)) for draw, one in enumerate(neighbours(target, count, angle=angle, seed=seed))]
    attributes = [np.asarray(worth(responses), dtype=float) for responses in drawn]
    for responses, found in zip(drawn, attributes, strict=True):
        if found.shape != (len(responses), len(target)):
            raise UserError(
                f"attributes of shape {found.shape} for {len(responses)} responses and {len(target)} weights"
            )
    best = np.argmax([found @ target for found in attributes], axis=0)
    return [drawn[draw][prompt] for prompt, draw in enumerate(best)]


def neighbours(direction: ArrayLike, count: int, *, angle: float, seed: int) -> Array:
    """(count, d): unit vectors, uniform on the sphere within `angle` radians of `direction` (d,), d >= 2.

    The share of the sphere within an angle phi <= pi / 2 is I((d - 1) / 2, 1 / 2; sin(phi)^2) / 2, I being the
    regularised incomplete beta function, which is inverted. With `angle` 0 all are `direction`. Draw j does not depend
    on `count`. Raises UserError for a direction without length, a count below 1 and an angle outside [0, pi / 2].
    """
    target = _unit(direction)
    if count < 1:
        raise UserError(f"count: must be at least 1, got {count}")
    if not 0 <= angle <= math.pi / 2:
        raise UserError(f"angle: must lie in [0, pi / 2] radians, got {angle}; 30 degrees are {math.pi / 6:.3f}")
    return np.array([_neighbour(target, angle, seed_for("neighbour", seed, draw)) for draw in range(count)])


def _neighbour(target: Array, angle: float, seed: int) -> Array:
    random = np.random.default_rng(seed)
    half = (len(target) - 1) / 2
    share = random.random() * betainc(half, 0.5, math.sin(angle) ** 2)
    tilt = math.asin(math.sqrt(betaincinv(half, 0.5, share)))
    aside = random.standard_normal(len(target))
    aside -= (aside @ target) * target
    return np.asarray(math.cos(tilt) * target + math.sin(tilt) * aside / np.linalg.norm(aside))


def _unit(direction: ArrayLike) -> Array:
    found = np.asarray(direction, dtype=float)
    length = np.linalg.norm(found)
    if found.ndim != 1 or len(found) < 2 or not (np.isfinite(length) and length > 0):
        raise UserError(f"direction: expected (d,) with d >= 2, finite and not all 0, got {found.tolist()}")
    return np.asarray(found / length)
