"""What goes with preference variance over the prompts of a pool: length, ease, stakes, the gap, and the true variance.

All are Spearman's correlations over prompts. A partial one is that of ranks less what a linear fit to other ranks says
of them (Kendall 1942 for one other rank; Conover 1999, section 5.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata

from bench.data.world.gold import STAKES
from bench.papers.pvar.world import WorldLab, lab
from bench.select.pvar import preference_variance
from bench.spec import Context, Outcome, Task

Values = NDArray[np.float64]  # (n,), of every prompt


def pool_facts(task: Task, context: Context) -> Outcome:
    """Correlations of the model's PVar in one pool."""
    torch.set_num_threads(context.threads)
    here = lab(task.settings["lab"], task.seed, context)
    spread, model = str(task.condition["spread"]), str(task.condition["model"])
    rewards, truth = here.rewards(spread, model), here.rewards(spread, "gold")
    variance, true_variance = preference_variance(rewards), preference_variance(truth)
    others = {**_of_responses(here, spread), "mean_reward": rewards.mean(axis=1), "gap": np.ptp(rewards, axis=1)}
    metrics = {f"rank_with_{name}": rank_correlation(variance, values) for name, values in others.items()}
    metrics["rank_with_true_variance"] = rank_correlation(variance, true_variance)
    for name, given in (("all_but_gap", [name for name in others if name != "gap"]), ("gap", ["gap"])):
        known = [others[one] for one in given]
        metrics[f"rank_with_true_variance_given_{name}"] = partial_rank_correlation(variance, true_variance, known)
    return Outcome(metrics)


def rank_correlation(one: Values, other: Values) -> float:
    """Spearman's; 0 where one of them is the same for all prompts."""
    return partial_rank_correlation(one, other, [])


def partial_rank_correlation(one: Values, other: Values, given: Sequence[Values]) -> float:
    """Spearman's of what `given` leaves of the two, both (n,); 0 where it leaves nothing."""
    design = np.column_stack([np.ones(len(one)), *(_ranks(values) for values in given)])
    left = [ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0] for ranks in (_ranks(one), _ranks(other))]
    sizes = [float(np.linalg.norm(residual)) for residual in left]
    if min(sizes) < 1e-9 * len(one):
        return 0.0
    return float(left[0] @ left[1] / (sizes[0] * sizes[1]))


def _of_responses(here: WorldLab, spread: str) -> Mapping[str, Values]:
    prompts, groups = here.pool(spread)
    lengths = np.array([[len(y) for y in group.responses] for group in groups], dtype=float)
    return {
        "length": lengths.mean(axis=1),
        "length_spread": lengths.std(axis=1),
        "stakes": np.array([STAKES[prompt.stakes] for prompt in prompts]),
    }


def _ranks(values: Values) -> Values:
    return np.asarray(rankdata(values), dtype=float)
