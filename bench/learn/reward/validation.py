"""Checks of what a user hands to an estimator. Each message says what is wrong, where, and what would be right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError, unknown
from bench.learn.reward.links import LINKS, Link

Array = NDArray[np.float64]


class InvalidInputError(UserError, ValueError):
    """Bad data or parameters: a UserError for the command line, a ValueError for code in scikit-learn's manner."""


def check_differences(differences: ArrayLike, n_features: int | None = None) -> Array:
    """As a float64 array (n, d), n, d >= 1, all finite; d = `n_features` where given."""
    try:
        X = np.asarray(differences, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"differences must be numbers of shape (n, d): {error}") from error
    if X.ndim != 2:
        hint = "; for a single feature use differences.reshape(-1, 1)" if X.ndim == 1 else ""
        raise InvalidInputError(f"differences must have shape (n, d), got {X.shape}{hint}")
    if 0 in X.shape:
        raise InvalidInputError(f"differences must have at least one row and one column, got shape {X.shape}")
    if n_features is not None and X.shape[1] != n_features:
        raise InvalidInputError(f"differences has {X.shape[1]} columns, but the model was fitted on {n_features}")
    # One pass without a temporary: a sum over finite numbers is finite unless they are astronomically large.
    if not math.isfinite(X.sum()) and not np.isfinite(X).all():
        row, column = map(int, np.argwhere(~np.isfinite(X))[0])
        raise InvalidInputError(
            f"differences[{row}, {column}] is {X[row, column]} (row {row}, column {column}); features must be finite"
        )
    return X


def check_labels(labels: ArrayLike, n: int) -> Array:
    """As a float64 array (n,) of -1 and +1."""
    raw = np.asarray(labels)
    if raw.shape != (n,):
        raise InvalidInputError(f"labels must have shape ({n},), one per row of differences, got {raw.shape}")
    if raw.dtype == bool or (raw.dtype.kind in "iuf" and np.isin(raw, (0, 1)).all() and (raw == 0).any()):
        raise InvalidInputError(
            "labels must be -1 or +1, got 0 and 1 (or booleans); convert with labels = 2 * labels - 1"
        )
    try:
        y = raw.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"labels must be -1 or +1: {error}") from error
    wrong = np.flatnonzero(np.abs(y) != 1)
    if len(wrong):
        row = int(wrong[0])
        raise InvalidInputError(f"labels[{row}] is {y[row]:g}; every label must be -1 or +1 (+1: first item preferred)")
    return y


def check_link(name: Any) -> Link:
    """The link of that name."""
    if name in LINKS:
        return LINKS[name]
    raise InvalidInputError(str(unknown("link", str(name), LINKS)))


def check_positive(name: str, value: Any) -> float:
    """A positive, finite number."""
    if not (_is_number(value) and math.isfinite(value) and value > 0):
        raise InvalidInputError(f"{name} must be a positive number, got {value!r}; the default is 1.0")
    return float(value)


def check_radius(value: Any, needs_ball: bool) -> float:
    """A positive number; None and inf mean no ball, which only a penalised model allows."""
    radius = math.inf if value is None else value
    if not (_is_number(radius) and radius > 0):
        raise InvalidInputError(f"radius must be positive, or None for no ball, got {value!r}; the default is 1.0")
    if needs_ball and math.isinf(radius):
        raise InvalidInputError(
            "radius must be finite where there is no l1 penalty: the maximum-likelihood estimate of separable data "
            "lies at infinity and has no certificate; give a radius large enough for your data, such as 1e3"
        )
    return float(radius)


def check_beta(value: Any) -> float:
    """A finite number, not negative."""
    if not (_is_number(value) and math.isfinite(value) and value >= 0):
        raise InvalidInputError(
            f"beta must be a number >= 0, got {value!r}; beta = 0 is the maximum-likelihood estimate"
        )
    return float(value)


def check_count(name: str, value: Any, most: int | None = None) -> int:
    """An integer of at least 1 and at most `most`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InvalidInputError(f"{name} must be an integer >= 1, got {value!r}; the nearest valid value is 1")
    if most is not None and value > most:
        raise InvalidInputError(f"{name} must be at most {most}, got {value}; the nearest valid value is {most}")
    return int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool) and value == value
