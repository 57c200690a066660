"""What preference variance says of a prompt's gradient, measured: the bound, the norm under it, and signal to noise.

Labels are of two kinds. Those of the selecting model ("own") are what the theorem speaks of: the variance and the
gradient are of the same labels. Those of the gold reward ("gold") are what training sees after the selecting model
chose. Pairs are all pairs of a prompt's responses, alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.papers.pvar.pool_facts import partial_rank_correlation, rank_correlation
from bench.select.bound import (
    all_pairs,
    bound,
    check_beta,
    cube_root_bound,
    gradient_coefficients,
    gradient_norm,
    largest_gradient,
    preferences,
    variance,
)
from bench.select.update import update

Values = NDArray[np.float64]

LABELS = ("own", "gold")
HOLDS = {"bound": "holds", "cube_root_bound": "cube_root_holds", "alone": "alone_holds"}
EFFECTS = ("norm", "ratio_of_signal", "length_of_update")  # what PVar is said to govern
COVARIATES = ("gap", "length", "length_difference", "largest")  # what PVar may only stand for
ROUNDING = 1 + 1e-9  # of float64, in which norm and bound are computed from the same inner products


@dataclass(frozen=True, eq=False)
class Pool:
    """n prompts with k responses each. Raises UserError for arrays of different sizes."""

    grams: Sequence[Values]  # each (k, k): inner products of the gradients of log pi(y_i|x)
    rewards: Values  # (n, k), of the model that selects, in units of log-odds
    gold: Values  # (n, k), in the same units
    log_ratios: Values  # (n, k): log pi/pi_ref, nats; zeros before the first step
    lengths: Values  # (n, k), tokens

    def __post_init__(self) -> None:
        shape = np.shape(self.rewards)
        sizes = {name: np.shape(getattr(self, name)) for name in ("gold", "log_ratios", "lengths")}
        for name, size in sizes.items():
            if len(shape) != 2 or size != shape:
                raise UserError(f"{name} has shape {size} and rewards {shape}; both must be (prompts, responses)")
        found = [np.shape(gram) for gram in self.grams]
        if found != [(shape[1], shape[1])] * shape[0]:
            raise UserError(f"grams must be {shape[0]} matrices of shape ({shape[1]}, {shape[1]})")


def measured(pool: Pool, beta: float) -> dict[str, Values]:
    """A row a prompt, in columns (n,).

    pvar_theta, pvar_own, pvar_gold: E[(p - 1/2)^2] of policy and labels. For own and gold labels: norm of the soft
    DPO loss's gradient, bound and cube_root_bound (`select.bound`), used = norm / bound (0 where both are 0),
    ratio_of_signal = |E g| / sqrt(E |g - E g|^2) and length_of_update = E |g| of a random pair's bought label
    (`select.update`). alone: 2 beta G sqrt(pvar_theta), which is no bound. Covariates: gap between best and worst
    reward, mean length, length_difference between longest and shortest, largest = G.
    """
    check_beta(beta)
    k = np.shape(pool.rewards)[1]
    weights = all_pairs(k)
    labels = {"own": pool.rewards, "gold": pool.gold}
    rows = []
    for index, gram in enumerate(pool.grams):
        p, largest = preferences(beta * pool.log_ratios[index]), largest_gradient(gram)
        row = {"pvar_theta": variance(p, weights), "largest": largest}
        row["alone"] = 2 * beta * largest * np.sqrt(row["pvar_theta"])
        for name, values in labels.items():
            q = preferences(values[index])
            step, limit = update(gram, p, q, weights, beta), bound(p, q, weights, beta, largest)
            row[f"pvar_{name}"] = variance(q, weights)
            row[f"norm_{name}"] = gradient_norm(gram, gradient_coefficients(p, q, weights, beta))
            row[f"bound_{name}"] = limit
            row[f"cube_root_bound_{name}"] = cube_root_bound(p, q, weights, beta, largest)
            row[f"used_{name}"] = row[f"norm_{name}"] / limit if limit else 0.0
            row[f"ratio_of_signal_{name}"] = step.ratio
            row[f"length_of_update_{name}"] = step.length
        rows.append(row)
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return {
        **columns,
        "gap": np.ptp(pool.rewards, axis=1),
        "length": np.mean(pool.lengths, axis=1),
        "length_difference": np.ptp(pool.lengths, axis=1),
    }


def summary(columns: Mapping[str, Values]) -> dict[str, float]:
    """Metrics of a pool from `measured`: of the bound, and rank correlations with the selecting model's PVar.

    For own and gold labels: `holds_*` and `cube_root_holds_*`, the shares of prompts where the gradient's norm is at
    most the bound; `used_most_*` and `used_median_*` of it. `alone_holds_*`: the share where 2 beta G sqrt(PVar_theta)
    alone would hold. `rank_<effect>_*`: Spearman's of pvar_own with norm, ratio of signal to noise and length of
    update; `rank_<effect>_*_given_<covariate>` the same of what ranks of the covariate leave of both, and
    `..._given_all` of what all covariates leave (`pool_facts.partial_rank_correlation`).
    """
    found = {}
    for name in LABELS:
        norm = columns[f"norm_{name}"]
        for limit, holds in HOLDS.items():
            most = columns[limit if limit == "alone" else f"{limit}_{name}"]
            found[f"{holds}_{name}"] = float((norm <= most * ROUNDING).mean())
        found[f"used_most_{name}"] = float(columns[f"used_{name}"].max())
        found[f"used_median_{name}"] = float(np.median(columns[f"used_{name}"]))
        for effect in EFFECTS:
            found |= _ranks(columns, f"{effect}_{name}")
    return found


def _ranks(columns: Mapping[str, Values], effect: str) -> dict[str, float]:
    both = columns["pvar_own"], columns[effect]
    found = {f"rank_{effect}": rank_correlation(*both)}
    for given in COVARIATES:
        found[f"rank_{effect}_given_{given}"] = partial_rank_correlation(*both, [columns[given]])
    found[f"rank_{effect}_given_all"] = partial_rank_correlation(*both, [columns[given] for given in COVARIATES])
    return found
