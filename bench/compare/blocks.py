"""Blocks that ranks and profiles are over: a seed of a task on which all entrants have all budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.compare.paired import Paired
from bench.report.format import plural

Array = NDArray[np.float64]

DEAREST = 1 / 3  # of all blocks: who would cost more is left out


@dataclass(frozen=True)
class Blocks:
    """The areas of one task; E entrants, S seeds that all of them have."""

    task: str
    areas: Array  # (E, S), no gaps
    overlap: float = 0.0  # as in Paired: above 0 the blocks of this task are not independent


def blocks(tasks: Sequence[Paired], names: Sequence[str]) -> tuple[tuple[str, ...], list[Blocks], tuple[str, ...]]:
    """Who of `names` is ranked, the blocks that all of them have, and what was left out.

    One who fails often would take most blocks from everybody. So, while more than a third of the blocks that anybody
    has are lost, whoever lacks the most is left out (of equals the last).
    """
    areas = [_of(task, names) for task in tasks]
    there = [np.isfinite(one) for one in areas]
    has = np.concatenate([one[:, one.any(axis=0)] for one in there], axis=1) if there else np.empty((len(names), 0))
    total = has.shape[1]
    kept, notes = list(range(len(names))), []
    while len(kept) > 1 and (lost := total - int(has[kept].all(axis=0).sum())) > DEAREST * total:
        dearest = max(kept, key=lambda place: (total - has[place].sum(), place))
        kept.remove(dearest)
        lacks = total - int(has[dearest].sum())
        notes.append(f"{names[dearest]} lacks {lacks} of {plural(total, 'block')} of task and seed, so ranks and "
                     "profiles leave it out")  # fmt: skip
    lost = total - int(has[kept].all(axis=0).sum())
    if lost:
        notes.append(
            f"Ranks and profiles are over {total - lost} of {plural(total, 'block')}, those that all of them have"
        )
    found = []
    for task, one in zip(tasks, areas, strict=True):
        whole = one[kept][:, np.isfinite(one[kept]).all(axis=0)]
        if whole.shape[1]:
            found.append(Blocks(task.task, whole, task.overlap))
    return tuple(names[place] for place in kept), found, tuple(notes)


def _of(task: Paired, names: Sequence[str]) -> Array:
    """The areas of `names`, (E, S); NaN for whom the task lacks."""
    areas = np.full((len(names), len(task.seeds)), np.nan)
    areas[[names.index(name) for name in task.entrants]] = task.areas
    return areas
