"""All statistics of a comparison, from its records: means, differences, costs, ranks, profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, product

import numpy as np

from bench.compare.intervals import improvement, means, paired_differences, paired_tests
from bench.compare.paired import Paired, metric_rows, paired
from bench.compare.profiles import profiles
from bench.compare.ranks import ranks
from bench.compare.results import Cell, Cost, Difference, LabelsNeeded, Results, Tournament
from bench.errors import UserError
from bench.evaluate.label_efficiency import label_ratio
from bench.verdict.statistics import MINIMUM_REPLICATES, holm


def tournament(results: Results) -> Tournament:
    """Compare everybody with everybody, seed by seed.

    Family-wise error: among all differences of the comparison (every pair on every task) one is called a difference
    (adjusted p below 5 %) where there is none with a probability of at most 5 %, and the same holds for the groups of
    the ranks, as a family of their own. Raises UserError as `paired`.
    """
    tasks, notes = paired(results)
    names = [entrant.name for entrant in results.entrants if any(entrant.name in task.entrants for task in tasks)]
    shared = [task for task in tasks if len(task.entrants) == len(names)]
    chances = {task: measure.chance for task, measure in results.measures.items()}
    drawn, unnormalised = profiles(shared, chances, names)
    left_out = [
        f"{task.task}: not everybody is there, so ranks and profiles leave it out"
        for task in tasks
        if task not in shared
    ]
    return Tournament(
        cells=tuple(cell for task in tasks for cell in _cells(task)),
        differences=_differences(tasks),
        costs=tuple(cost for task in tasks for cost in _costs(results, task)),
        ranks=ranks(names, [task.areas for task in shared]),
        profiles=drawn,
        notes=(*notes, *left_out, *unnormalised),
    )


def _cells(task: Paired) -> list[Cell]:
    """Means at every budget, and of the areas."""
    columns = [(budget, task.values[:, :, place]) for place, budget in enumerate(task.budgets)]
    cells = []
    for budget, values in [*columns, (None, task.areas)]:
        found = means(values)
        best = found.value.max()
        cells += [
            Cell(task.task, name, budget, found.at(place), len(task.seeds), bool(found.value[place] == best))
            for place, name in enumerate(task.entrants)
        ]
    return cells


def _differences(tasks: Sequence[Paired]) -> tuple[Difference, ...]:
    """Every pair on every task, with Holm's correction over all of them."""
    unadjusted = [difference for task in tasks for difference in _pairs(task)]
    adjusted = holm([difference.p for difference in unadjusted])
    return tuple(replace(one, adjusted=p) for one, p in zip(unadjusted, adjusted, strict=True))


def _pairs(task: Paired) -> list[Difference]:
    """Every pair of one task; adjusted for nothing yet."""
    pairs = list(combinations(range(len(task.entrants)), 2))
    if not pairs:
        return []
    lefts, rights = np.array(pairs).T
    differences = paired_differences(task.areas[lefts], task.areas[rights])
    tests, better = paired_tests(differences), improvement(differences)
    return [
        Difference(
            task=task.task,
            left=task.entrants[left],
            right=task.entrants[right],
            difference=tests.difference.at(place),
            p=float(tests.p[place]),
            adjusted=float(tests.p[place]),
            improvement=better.at(place),
            labels=_labels(task, left, right),
            detectable=float(tests.detectable[place]),
            seeds=len(task.seeds),
        )
        for place, (left, right) in enumerate(pairs)
    ]


def _labels(task: Paired, left: int, right: int) -> LabelsNeeded | None:
    if len(task.budgets) < 2 or len(task.seeds) < MINIMUM_REPLICATES:
        return None
    last = task.values[:, :, -1].mean(axis=1)
    higher, lower = (left, right) if last[left] >= last[right] else (right, left)
    ratio = label_ratio(
        task.budgets,
        task.values[higher],
        task.values[lower],
        names=(task.entrants[higher], task.entrants[lower]),
    )
    found = LabelsNeeded(ratio.low_value, ratio.high_value, ratio.low, ratio.high, ratio.note, task.entrants[lower])
    return found if lower == right else found.inverse()


def _costs(results: Results, task: Paired) -> list[Cost]:
    """Means over the seeds that are compared."""
    rows = results.rows
    mine = rows[(rows["task"] == task.task) & rows["seed"].isin(task.seeds)]
    seconds, memory, labels, tokens = (
        metric_rows(mine, metric).groupby(["entrant", "budget"])["value"].mean().to_dict()
        for metric in ("wall_seconds", "peak_memory_bytes", "labels_spent", "tokens")
    )
    costs = []
    for name, budget in product(task.entrants, task.budgets):
        run = (name, budget)
        for metric, found in (("wall_seconds", seconds), ("peak_memory_bytes", memory), ("labels_spent", labels)):
            if run not in found:
                raise UserError(f"no record of {name} on {task.task} with {budget} labels has {metric}")
        costs.append(Cost(task.task, name, budget, seconds[run], memory[run], tokens.get(run), labels[run]))
    return costs
