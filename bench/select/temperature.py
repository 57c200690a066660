"""What the temperature of the rewards does to PVar: from the variance of rewards to the absence of ties.

Of a label that is drawn with probability p_ij, p_ij (1 - p_ij) = 1/4 - (p_ij - 1/2)^2: its noise and PVar add up to
1/4, the variance of a coin. With d the difference of two rewards:
- at a large scale, tanh(d / 2 scale)^2 / 4 = d^2 / 16 scale^2 - O(scale^-4), so 8 scale^2 PVar tends to the
  variance of the rewards (d has twice that), and PVar ranks as the variance does;
- at a small one, PVar tends to (1 - share of ties) / 4, and what is left of the ranking is the noise of the closest
  pairs, of size exp(-|d| / scale): it ranks by the smallest difference. Over many responses whose differences have the
  density f, PVar = 1/4 - scale f(0) + ..., as the noise of a pair integrates to `scale` over d.
For responses of normal rewards PVar is a function of their standard deviation over `scale` alone, and so ranks as
the variance does at every scale: where rankings differ, it is in the shape of the rewards, or in the error of few.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_expit, logsumexp

from bench.errors import UserError
from bench.select.pvar import check_scale, preference_variance
from bench.select.ranking import rank_correlation, with_error

Array = NDArray[np.float64]


def log_label_noise(rewards: Array, scale: float) -> Array:
    """(m,): log(1/4 - PVar) of rewards (m, k), the mean of p (1 - p) over pairs; also where PVar rounds to 1/4."""
    check_scale(scale)
    first, second = np.triu_indices(rewards.shape[-1], 1)
    differences = (rewards[:, first] - rewards[:, second]) / scale
    noise = logsumexp(log_expit(differences) + log_expit(-differences), axis=1)
    return np.asarray(noise - np.log(len(first)))


def temperature_path(rewards: ArrayLike, scales: Sequence[float]) -> pd.DataFrame:
    """What PVar goes by at every scale, of m prompts with k responses each, from their rewards (m, k).

    A row a number: scale, statistic, value, standard_error (over prompts).
    - pvar: the mean over prompts
    - rank_with_variance: Spearman's correlation over prompts of PVar with the variance of the rewards
    - rank_with_smallest_gap: with the smallest difference between two responses' rewards
    A correlation is NaN where all prompts have the same variance, or smallest gap.
    Raises UserError as `preference_variance` does, and for fewer than 2 prompts.
    """
    values = np.asarray(rewards, dtype=np.float64)
    if values.ndim != 2 or len(values) < 2:
        raise UserError(f"expected rewards (m, k) of m >= 2 prompts, got shape {values.shape}")
    limits = {
        "rank_with_variance": values.var(axis=1, ddof=1)[:, None],
        "rank_with_smallest_gap": np.diff(np.sort(values, axis=1), axis=1).min(axis=1)[:, None],
    }
    rows = []
    for scale in scales:
        pvar = preference_variance(values, scale=scale)
        ranked = -log_label_noise(values, scale)[:, None]
        rows.append((scale, "pvar", *with_error(lambda part: float(part.mean()), pvar)))
        rows += [(scale, name, *with_error(rank_correlation, ranked, limit)) for name, limit in limits.items()]
    return pd.DataFrame(rows, columns=["scale", "statistic", "value", "standard_error"])
