"""Checks of what a user hands to PAL."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError

Array = NDArray[np.float64]


def check_vectors(name: str, values: ArrayLike, features: int | None = None) -> Array:
    """(n, d). Raises UserError for another shape, another d than `features`, and values that are not finite."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise UserError(f"{name}: expected vectors, (n, d), got shape {array.shape}")
    if features is not None and array.shape[1] != features:
        raise UserError(f"{name}: the model was fitted on {features} features, got {array.shape[1]}")
    if len(bad := np.flatnonzero(~np.isfinite(array).all(axis=1))):
        raise UserError(f"{name}: row {bad[0]} has features that are not finite")
    return array


def check_prompts(prompts: ArrayLike | None, count: int, features: int | None = None) -> Array:
    """(count, p). Raises UserError where they are missing or of another number, and as `check_vectors` does."""
    if prompts is None:
        raise UserError("prompts: PAL-B's ideal points follow the prompt: give its features, (n, p), or use PALA")
    array = check_vectors("prompts", prompts, features)
    if len(array) != count:
        raise UserError(f"prompts: {len(array)} for {count} comparisons or items: give one for each")
    return array


def check_simplex(weights: ArrayLike, K: int) -> Array:
    """(K,): weights of prototypes or mappings. Raises UserError unless they are at least 0 and add up to 1."""
    array = np.asarray(weights, dtype=np.float64)
    if array.shape != (K,) or not (array >= 0).all() or not np.isclose(array.sum(), 1):
        raise UserError(f"weights: expected {K} numbers of at least 0 that add up to 1, got {array.tolist()}")
    return array
