"""How far a mean over one or two seeds may be off for the prompts that its seeds were judged on."""

from __future__ import annotations

import numpy as np

from bench.compare.paired import Paired
from bench.compare.results import Results

NORMAL = 1.96  # a 95 % interval's half, in standard errors


def within(results: Results, task: Paired) -> dict[tuple[str, int], float]:
    """1.96 standard errors of the mean over seeds, by entrant and budget, from the clustered error within each seed.

    The error of a mean of S measures is the root mean square of theirs over sqrt(S). It says nothing of other seeds,
    and so it is no interval over seeds; where there are too few for one, it is all that is known. Runs whose judge
    gives no error, or none that is finite, have none.
    """
    metric = f"{results.measures[task.task].metric}_error"
    rows = results.rows[(results.rows["task"] == task.task) & (results.rows["metric"] == metric)]
    found = {}
    for place, name in enumerate(task.entrants):
        for at, budget in enumerate(task.budgets):
            values = rows[(rows["entrant"] == name) & (rows["budget"] == budget)]["value"].to_numpy(dtype=float)
            seeds = int(np.isfinite(task.values[place, :, at]).sum())
            if len(values) == seeds > 0 and np.isfinite(values).all():
                found[name, budget] = float(NORMAL * np.sqrt(np.mean(values**2) / seeds))
    return found
