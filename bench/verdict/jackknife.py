"""Replicates of a number that is a function of means over seeds: the jackknife's pseudo-values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from bench.verdict.statistics import Array


def pseudo_values(replicates: Array, number: Callable[[Array], float]) -> list[float]:
    """S number(mean) - (S - 1) number(mean without replicate i) for each of the S rows of `replicates`.

    Their mean is the bias-corrected number, their standard error an estimate of its own, for a number that is smooth in
    the mean. Empty where the number does not exist (is not finite) for all rows, or without one of them.
    """
    count = len(replicates)
    total = replicates.sum(axis=0)
    whole = number(total / count)
    without = [number((total - one) / (count - 1)) for one in replicates]
    if not np.isfinite([whole, *without]).all():
        return []
    return [count * whole - (count - 1) * each for each in without]


def derived_rows(
    base: Mapping[str, object],
    seeds: Iterable[object],
    replicates: Array,
    metric: str,
    number: Callable[[Array], float],
) -> Iterator[dict[str, object]]:
    """The pseudo-values as rows of the series, one a seed: `base` with metric and value. None where there are none."""
    values = pseudo_values(replicates, number)
    for seed, value in zip(seeds, values, strict=False):  # no values at all where the number does not exist
        yield {**base, "seed": seed, "metric": metric, "value": value}
