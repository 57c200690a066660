"""How alike two rankings of the same prompts are, and how sure of it the number of prompts allows one to be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from bench.errors import UserError

Array = NDArray[np.float64]
PARTS = 20  # of the prompts, each left out once


def rank_correlation(first: Array, second: Array) -> float:
    """Spearman's, over the rows of two arrays (m, draws); the mean over draws. NaN where a column has no order."""
    ranks = [rankdata(values, axis=0) for values in (first, second)]
    first, second = (values - values.mean(axis=0) for values in ranks)
    spread = np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
    if not spread.all():
        return float("nan")
    return float(((first * second).sum(axis=0) / spread).mean())


def top(values: Array, share: float) -> Array:
    """(m, draws): with which chance a row is of the highest `share` of its column (one row at least).

    0 or 1, but where equal values stand on the border: of those, as many as fit in are taken at random.
    """
    if not 0 < share <= 1:
        raise UserError(f"share must be in (0, 1], got {share}")
    count = max(1, round(share * len(values)))
    above = rankdata(-values, method="min", axis=0) - 1
    equal = rankdata(-values, method="max", axis=0) - above
    return np.asarray(np.clip((count - above) / equal, 0, 1))


def with_error(statistic: Callable[..., float], *rows: Array) -> tuple[float, float]:
    """`statistic(*rows)` of arrays (m, ...), a row a prompt, and its standard error over prompts.

    The jackknife over 20 parts of the prompts (each prompt, if there are fewer): the statistic again without each part.
    """
    parts = min(PARTS, len(rows[0]))
    part = np.arange(len(rows[0])) % parts
    without = np.array([statistic(*(values[part != left_out] for values in rows)) for left_out in range(parts)])
    return statistic(*rows), float(np.sqrt((parts - 1) * without.var()))
