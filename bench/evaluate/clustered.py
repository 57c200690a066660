"""The error of a mean whose values come in clusters: judgements of one prompt, sentences of one text."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bench.errors import UserError


def clustered_error(values: ArrayLike, clusters: ArrayLike) -> float:
    """Standard error of the mean of `values` (n,), in their unit; those of one of `clusters` (n,) may be dependent.

    `clusters` are labels of any kind that sorts (numbers, strings). Clusters are independent of each other; within
    one any dependence is allowed. Residuals are added up by cluster, the sums squared, added and divided by n^2: the
    cluster-robust variance of a regression on a constant (Cameron and Miller 2015, "A practitioner's guide to
    cluster-robust inference"; for evaluations of language models Miller 2024, "Adding error bars to evals",
    arXiv 2411.00640), with the small-sample factor G / (G - 1) for G clusters. With one value a cluster it is the
    standard error of a mean. NaN for a single cluster, which shows no spread. Intervals take quantiles of t with
    G - 1 degrees of freedom.

    Raises UserError for no values, other shapes, and values that are not finite.
    """
    sample, labels = np.asarray(values, dtype=float), np.asarray(clusters)
    if sample.ndim != 1 or sample.size == 0:
        raise UserError(f"values: expected at least one as an array (n,), found shape {sample.shape}")
    if labels.shape != sample.shape:
        raise UserError(f"clusters: expected one for each of the {sample.size} values, found shape {labels.shape}")
    bad = np.flatnonzero(~np.isfinite(sample))
    if bad.size:
        raise UserError(f"values[{bad[0]}]: {sample[bad[0]]} of cluster {labels[bad[0]]} is not finite")
    groups = np.unique(labels, return_inverse=True)[1]
    count = int(groups.max()) + 1
    if count < 2:
        return float("nan")
    sums = np.bincount(groups, weights=sample - sample.mean(), minlength=count)
    return float(np.sqrt(count / (count - 1) * np.sum(sums**2)) / sample.size)
