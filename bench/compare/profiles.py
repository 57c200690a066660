"""Performance profiles: in what share of runs is an entrant better than so and so much of the best?

Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical precipice", after Dolan and Moré
(2002). A run is one seed of one task; its score is the area, 0 at the task's chance and 1 at the best mean of any
entrant there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bench.compare.blocks import Blocks
from bench.compare.intervals import proportion
from bench.compare.results import Profiles

THRESHOLDS = tuple(round(0.01 * step, 2) for step in range(121))  # 0 to 1.2


def profiles(
    tasks: Sequence[Blocks], chances: Mapping[str, float], names: Sequence[str]
) -> tuple[Profiles | None, tuple[str, ...]]:
    """Profiles of entrants `names` (E,) over blocks (E, S) a task, tasks having equal weights; and what was left out.

    None where no task has an entrant that is better than chance on average: there is nothing to be a share of.

    Bands are pointwise and exact (`proportion`), for new seeds on these tasks, with the scores' unit (chance, best
    mean) taken as given; they cover 97 % or more. The paper resamples seeds within each of dozens of tasks. With three
    tasks of five seeds such a band covers 88 to 92 % where runs lie on both sides of the threshold, and has no width
    where all lie on one. Exact bands need independent runs: where the seeds of a task overlap there are none.
    """
    scores, overlaps, notes = [], [], []
    for task in tasks:
        chance, best = chances[task.task], float(task.areas.mean(axis=1).max())
        if best > chance:
            scores.append((task.areas - chance) / (best - chance))
            overlaps.append(task.overlap)
        else:
            notes.append(f"{task.task}: nobody is better than chance on average, so profiles leave it out")
    if not scores:
        return None, tuple(notes)
    above = [np.mean(score[:, :, None] > np.array(THRESHOLDS), axis=1) for score in scores]
    runs = len(scores) ** 2 / sum(1 / score.shape[1] for score in scores)  # with equal seeds, tasks times seeds
    found = proportion(np.mean(above, axis=0), runs)
    share, low, high = (
        {name: tuple(map(float, one[place])) for place, name in enumerate(names)}
        for one in (found.value, found.low, found.high)
    )
    return Profiles(THRESHOLDS, share, *(({}, {}) if any(overlaps) else (low, high))), tuple(notes)
