"""A mean over clusters as records have it: with its error where one can be said."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from bench.evaluate.clustered import clustered_error


def mean_of(metric: str, values: ArrayLike, clusters: ArrayLike) -> dict[str, float]:
    """`metric` of values (n,), and `<metric>_error` over clusters (n,), which a single cluster does not have."""
    error = clustered_error(values, clusters)
    found = {metric: float(np.mean(np.asarray(values, dtype=float)))}
    return {**found, f"{metric}_error": error} if math.isfinite(error) else found
