"""What was measured beside the measure: by entrant with the most labels, and of a task itself, which nobody decides."""

from __future__ import annotations

import numpy as np

from bench.compare.intervals import means
from bench.compare.paired import Paired
from bench.compare.results import Beside, Landmark, Results


def beside(results: Results, task: Paired) -> list[Beside]:
    """Means over the seeds that an entrant has at the largest budget; what is not finite there is left out."""
    words, budget = results.measures[task.task].beside, task.budgets[-1]
    rows = results.rows[(results.rows["task"] == task.task) & (results.rows["budget"] == budget)]
    found = []
    for metric in words:
        values = rows[rows["metric"] == metric]
        for name in task.entrants:
            mine = values[values["entrant"] == name]["value"].to_numpy(dtype=float)
            if len(finite := mine[np.isfinite(mine)]):
                mean = means(finite, task.overlap).at()
                found.append(Beside(task.task, name, metric, budget, mean, len(finite), len(task.seeds) - len(finite)))
    return found


def landmarks(results: Results, task: Paired) -> list[Landmark]:
    """Means over seeds of what is the same for every entrant on a seed."""
    rows = results.rows[results.rows["task"] == task.task]
    found = []
    for metric, words in results.measures[task.task].landmarks.items():
        values = rows[(rows["metric"] == metric) & np.isfinite(rows["value"].to_numpy(dtype=float))]
        if len(values):
            found.append(Landmark(task.task, words, float(values.groupby("seed")["value"].first().mean())))
    return found
