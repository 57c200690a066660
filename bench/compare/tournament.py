"""All statistics of a comparison, from its records: means, differences, costs, ranks, profiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bench.compare.beside import beside, landmarks
from bench.compare.blocks import blocks
from bench.compare.intervals import improvement, means, paired_differences, paired_tests, widened
from bench.compare.paired import Paired, paired
from bench.compare.profiles import profiles
from bench.compare.ranks import ranks
from bench.compare.results import Cell, Difference, LabelsNeeded, Results, Tournament
from bench.compare.spent import costs
from bench.compare.within import within
from bench.evaluate.label_efficiency import label_ratio
from bench.verdict.statistics import MINIMUM_REPLICATES, holm

Array = NDArray[np.float64]


def tournament(results: Results) -> Tournament:
    """Compare everybody with everybody, seed by seed.

    Family-wise error: among all differences of the comparison (every pair on every task) one is called a difference
    (adjusted p below 5 %) where there is none with a probability of at most 5 %, and the same holds for the groups of
    the ranks, as a family of their own. On tasks whose seeds have data of their own this is as exact as a t-test; on
    those whose seeds split the same data anew it rests on Nadeau and Bengio's correction, an approximation that the
    simulations of `benchmarks/comparison_statistics.py` find to hold. Raises UserError as `paired`.
    """
    tasks, notes = paired(results)
    names = [entrant.name for entrant in results.entrants if any(entrant.name in task.entrants for task in tasks)]
    chances = {task: measure.chance for task, measure in results.measures.items()}
    differences, apart = _differences(tasks)
    ranked, shared, left_out = blocks(tasks, names)
    drawn, unnormalised = profiles(shared, chances, ranked)
    return Tournament(
        cells=tuple(cell for task in tasks for cell in _cells(task, within(results, task))),
        differences=differences,
        costs=tuple(cost for task in tasks for cost in costs(results, task)),
        ranks=ranks(ranked, shared),
        profiles=drawn,
        beside=tuple(one for task in tasks for one in beside(results, task)),
        landmarks=tuple(one for task in tasks for one in landmarks(results, task)),
        notes=(*notes, *apart, *left_out, *unnormalised),
    )


def _by_seeds(present: NDArray[np.bool_]) -> Iterator[tuple[list[int], NDArray[np.bool_]]]:
    """Rows of `present` (R, S) that have the same seeds, with these; rows without a seed are left out."""
    groups: dict[bytes, list[int]] = {}
    for row, seeds in enumerate(present):
        if seeds.any():
            groups.setdefault(seeds.tobytes(), []).append(row)
    for rows in groups.values():
        yield rows, present[rows[0]]


def _cells(task: Paired, errors: dict[tuple[str, int], float]) -> list[Cell]:
    """Means at every budget, and of the areas, each over the seeds that its entrant has there."""
    columns = [(budget, task.values[:, :, place]) for place, budget in enumerate(task.budgets)]
    cells = []
    for budget, values in [*columns, (None, task.areas)]:
        present = np.isfinite(values)
        most = int(present.any(axis=0).sum())
        found = {}
        for rows, seeds in _by_seeds(present):
            estimates = means(values[rows][:, seeds], task.overlap)
            found.update({row: (estimates.at(place), int(seeds.sum())) for place, row in enumerate(rows)})
        best = max((mean.value for mean, count in found.values() if count == most), default=np.inf)
        at = task.budgets[0] if budget is None and len(task.budgets) == 1 else budget
        for row, (mean, count) in sorted(found.items()):
            name, leads = task.entrants[row], count == most and mean.value == best
            known = errors.get((name, at)) if at is not None and count < MINIMUM_REPLICATES else None
            cells.append(Cell(task.task, name, budget, mean, count, leads, most - count, known))
    return cells


def _differences(tasks: Sequence[Paired]) -> tuple[tuple[Difference, ...], list[str]]:
    """Every pair on every task, with Holm's correction over all of them; and the pairs that share no seed."""
    family, notes = 0, []
    for task in tasks:
        there = np.isfinite(task.areas)
        for left, right in combinations(range(len(task.entrants)), 2):
            if (there[left] & there[right]).any():
                family += 1
            elif there[left].any() and there[right].any():
                pair = f"{task.entrants[left]} and {task.entrants[right]}"
                notes.append(f"{task.task}: {pair} have no seed in common, and are not compared")
    unadjusted = [difference for task in tasks for difference in _pairs(task, family)]
    adjusted = holm([difference.p for difference in unadjusted])
    return tuple(replace(one, adjusted=p) for one, p in zip(unadjusted, adjusted, strict=True)), notes


def _pairs(task: Paired, family: int) -> list[Difference]:
    """Every pair of one task that shares a seed; p-values adjusted for nothing yet."""
    pairs = np.array(list(combinations(range(len(task.entrants)), 2)), dtype=int).reshape(-1, 2)
    areas = task.areas
    there = np.isfinite(areas)
    found = {}
    for rows, seeds in _by_seeds(there[pairs[:, 0]] & there[pairs[:, 1]]):
        lefts, rights = pairs[rows].T
        differences = paired_differences(areas[lefts][:, seeds], areas[rights][:, seeds])
        tests = paired_tests(differences, task.overlap, family)
        better = improvement(differences, task.overlap)
        for place, row in enumerate(rows):
            left, right = map(int, pairs[row])
            found[row] = Difference(
                task=task.task,
                left=task.entrants[left],
                right=task.entrants[right],
                difference=tests.difference.at(place),
                p=float(tests.p[place]),
                adjusted=float(tests.p[place]),
                improvement=better.at(place),
                labels=_labels(task, left, right, seeds),
                detectable=float(tests.detectable[place]),
                seeds=int(seeds.sum()),
                missing=len(task.seeds) - int(seeds.sum()),
                equal=bool(tests.equal[place]),
            )
    return [found[row] for row in sorted(found)]


def _labels(task: Paired, left: int, right: int, seeds: NDArray[np.bool_]) -> LabelsNeeded | None:
    """The ratio over `seeds`, which both have; curves are widened for a bootstrap of seeds that overlap."""
    if len(task.budgets) < 2 or seeds.sum() < MINIMUM_REPLICATES:
        return None
    curves = {place: widened(task.values[place][seeds], task.overlap, axis=0) for place in (left, right)}
    last = {place: curve[:, -1].mean() for place, curve in curves.items()}
    higher, lower = (left, right) if last[left] >= last[right] else (right, left)
    names = (task.entrants[higher], task.entrants[lower])
    ratio = label_ratio(task.budgets, curves[higher], curves[lower], names=names)
    found = LabelsNeeded(ratio.low_value, ratio.high_value, ratio.low, ratio.high, ratio.note, task.entrants[lower])
    return found if lower == right else found.inverse()
