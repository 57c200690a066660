"""A comparison in words: who is better than whom, what would have been seen, what everybody was given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.compare.results import Cell, Difference, Entrant, LabelsNeeded, Results, Tournament, Value
from bench.report.format import decimals, number, plural

LEVEL = 0.05  # of the adjusted p-values
TOO_FEW = "too few blocks to tell anybody apart"
LISTED = 5  # more names than these are counted

BETTER, WORSE, UNSEEN, UNTOLD = "better", "worse", "no difference seen", "too few seeds to tell"
EQUAL = "equal on every seed"
PARTIAL = "†"  # of a mean over fewer seeds than others have


@dataclass(frozen=True)
class Facing:
    """A difference as one of the two sees it: `entrant` less `versus`."""

    task: str
    entrant: str
    versus: str
    difference: Value
    p: float
    adjusted: float
    improvement: Value  # probability that `entrant` is the better one on a seed
    labels: LabelsNeeded | None  # labels of `versus` over those of `entrant`: above 1, `entrant` saves
    target: str  # whose last quality `labels` is about
    detectable: float
    seeds: int
    missing: int  # seeds that one of the two lacks
    equal: bool

    @property
    def verdict(self) -> str:
        """BETTER, WORSE, UNSEEN, UNTOLD or EQUAL, at the 5 % level after Holm's correction."""
        if self.equal:
            return EQUAL
        if not math.isfinite(self.adjusted) or not math.isfinite(self.difference.low):
            return UNTOLD
        if self.adjusted >= LEVEL:
            return UNSEEN
        return BETTER if self.difference.value > 0 else WORSE

    @property
    def ruling(self) -> str:
        """The verdict, and where nothing was seen how large a difference usually is."""
        if self.verdict == UNSEEN and math.isfinite(self.detectable):
            return f"{UNSEEN}; {_found(self.detectable)}"
        return self.verdict


def facing(one: Difference, entrant: str) -> Facing:
    """`one` as `entrant`, either of its two, sees it."""
    same = entrant == one.left
    labels = one.labels if same or one.labels is None else one.labels.inverse()
    return Facing(
        task=one.task,
        entrant=entrant,
        versus=one.right if same else one.left,
        difference=one.difference if same else _reflected(one.difference, 0.0),
        p=one.p,
        adjusted=one.adjusted,
        improvement=one.improvement if same else _reflected(one.improvement, 1.0),
        labels=labels,
        target=one.labels.target if one.labels else one.right,
        detectable=one.detectable,
        seeds=one.seeds,
        missing=one.missing,
        equal=one.equal,
    )


def _found(detectable: float) -> str:
    return f"one of {number(detectable, 2)} is found in 80 % of such comparisons"


def _reflected(value: Value, total: float) -> Value:
    return Value(total - value.value, total - value.high, total - value.low)


def reference(entrants: Sequence[Entrant]) -> Entrant:
    """Whom tables compare with: the first that is no user's own, or the first of all."""
    return next((one for one in entrants if not one.own), entrants[0])


def reported(results: Results, tournament: Tournament) -> list[Facing]:
    """The differences that a paper would print: every own entrant less every other, or all less the reference."""
    own = {entrant.name for entrant in results.entrants if entrant.own}
    other = reference(results.entrants).name
    found = []
    for one in tournament.differences:
        if own:
            mine = [name for name in (one.left, one.right) if name in own]
            if len(mine) == 1:
                found.append(facing(one, mine[0]))
        elif other in (one.left, one.right):
            found.append(facing(one, one.left if one.right == other else one.right))
    return found


def half(value: Value) -> float:
    """Half the width of the interval; infinite where there is none."""
    return (value.high - value.low) / 2


def places(values: Iterable[Value]) -> int:
    """The decimals that numbers beside each other share: two digits of their usual uncertainty, one above 3."""
    widths = sorted(width for value in values if 0 < (width := half(value)) < math.inf)
    return decimals(widths[len(widths) // 2] / 3, 1) if widths else 3


def p_value(p: float) -> str:
    """0.031, 0.25, < 0.001."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def ratio(labels: LabelsNeeded | None) -> str:
    """1.8, or where a curve did not cross: at least 1.8, at most 0.5, 0.5 to 1.8."""
    if labels is None or (labels.low_value == 0 and math.isinf(labels.high_value)):
        return "–"
    if labels.low_value == labels.high_value:
        return number(labels.low_value, 2)
    if math.isinf(labels.high_value):
        return f"at least {number(labels.low_value, 2)}"
    if labels.low_value == 0:
        return f"at most {number(labels.high_value, 2)}"
    return f"{number(labels.low_value, 2)} to {number(labels.high_value, 2)}"


def ratio_interval(labels: LabelsNeeded | None) -> str:
    """Its 95 % interval; ends of 0 and ∞ say that no bound was seen there."""
    return "" if labels is None else f"{number(labels.low, 2)} to {number(labels.high, 2)}"


def area_of(tournament: Tournament, task: str) -> dict[str, Cell]:
    """The areas of a task, by entrant."""
    return {cell.entrant: cell for cell in tournament.cells if cell.task == task and cell.budget is None}


def budgets_of(tournament: Tournament, task: str) -> list[int]:
    """The label budgets of a task, ascending."""
    return sorted({cell.budget for cell in tournament.cells if cell.task == task and cell.budget is not None})


def seeds_of(results: Results) -> int:
    """How many seeds anybody ran on."""
    return int(results.rows["seed"].nunique())


def compared(results: Results) -> str:
    """What was compared, in one sentence."""
    measures = "; ".join(f"{task}: {measure.words}" for task, measure in results.measures.items())
    return (
        f"{plural(len(results.entrants), 'entrant')} on {plural(len(results.measures), 'task')} ({measures}), the same "
        f"{plural(seeds_of(results), 'seed')} for everybody, profile {results.profile}."
    )


def resampled(results: Results) -> str:
    """Which tasks' seeds are not independent, and what was done about it; empty where all are."""
    tasks = [task for task in results.measures if results.overlaps.get(task, 0.0) > 0]
    if not tasks:
        return ""
    return (
        f"On {listed(tasks, 12)} every seed splits the same data anew, so seeds are not independent: intervals, p and "
        "what is detectable are by the corrected resampled t-test (Nadeau and Bengio 2003), label ratios are widened "
        "alike, and probabilities of improvement have no interval."
    )


def timed(tournament: Tournament) -> str:
    """What time and memory are of."""
    own = {cost.own for cost in tournament.costs}
    grown = any(cost.memory is not None for cost in tournament.costs)
    clocks = {True: "of choosing, labelling and learning", False: "of the whole task, with opening and judging it"}
    both = f"{clocks[True]} where that was measured for everybody, else {clocks[False]}"
    time = both if len(own) > 1 else clocks[own == {True}]
    return f"Time: {time}{'; memory: what the process grew by meanwhile' if grown else ''}; means over seeds of one run"


def landmarks(tournament: Tournament, task: str) -> str:
    """What the task's measure can be held against, in one sentence; empty where there is nothing."""
    marks = [f"{one.words} {one.value:.3f}" for one in tournament.landmarks if one.task == task]
    return f"For comparison: {'; '.join(marks)}." if marks else ""


def given(results: Results) -> list[str]:
    """The tuning budget of everyone, and who had fewer settings to try."""
    tuning = results.tuning
    if tuning.count <= 1 or not tuning.seeds:
        return ["Nothing was tuned: every entrant ran with its defaults."]
    labels = sorted(set(tuning.budgets.values()))
    if len(labels) == 1:
        where = f"{plural(labels[0], 'label')} on {'each task' if len(tuning.budgets) > 1 else 'the task'}"
    else:
        where = listed([f"{plural(count, 'label')} on {task}" for task, count in tuning.budgets.items()])
    seeds = plural(len(tuning.seeds), "validation seed")
    sentences = [f"Every entrant had {plural(tuning.count, 'trial')} x {seeds} at {where}."]
    tried = {
        entrant.name: max(
            sum(t.entrant == entrant.name and t.task == task for t in tuning.trials) for task in tuning.budgets
        )
        for entrant in results.entrants
    }
    if fewer := [f"{name} ({count})" for name, count in tried.items() if count < tuning.count]:
        sentences.append(f"Fewer settings to try had {listed(fewer, 12)}.")
    return sentences


def summary(results: Results, tournament: Tournament) -> list[str]:
    """What was found: a sentence or two a task, about who leads and about the user's own; then ranks and failures."""
    sentences = []
    for task, measure in results.measures.items():
        areas = area_of(tournament, task)
        if not areas:
            continue
        leader = max(areas.values(), key=lambda cell: (cell.best, cell.mean.value))
        what = "area" if len(budgets_of(tournament, task)) > 1 else "mean"
        digits = places(cell.mean for cell in areas.values())
        sentences.append(
            f"{task} ({measure.words}): {leader.entrant} has the highest {what}{_among(areas.values())}, "
            f"{_value(leader.mean, digits)}; "
            f"{_standing(task, leader.entrant, results, tournament)}."
        )
        for entrant in results.entrants:
            if entrant.own and entrant.name != leader.entrant and entrant.name in areas:
                partial = _partial(areas[entrant.name])
                sentences.append(
                    f"{task}, {entrant.name}{partial}: {_standing(task, entrant.name, results, tournament)}."
                )
    if ranks := tournament.ranks:
        first = min(ranks.average, key=lambda name: ranks.average[name])
        told = f"ranks {'differ' if ranks.p < LEVEL else 'are not told apart'} (p {_equal(p_value(ranks.p))})"
        sentences.append(
            f"Over {plural(ranks.blocks, 'block')} of task and seed {first} has the best average rank, "
            f"{ranks.average[first]:.2f}; {told if ranks.telling else f'these are {TOO_FEW}'}."
        )
    if results.failures:
        sentences.append(f"{plural(len(results.failures), 'run')} failed; what is shown is of the others.")
    return sentences


def _among(areas: Iterable[Cell]) -> str:
    """Said where somebody lacks seeds: of the others the leader is the highest."""
    return " of those with all seeds" if any(cell.missing for cell in areas) else ""


def _partial(cell: Cell) -> str:
    return f" ({cell.seeds} of {plural(cell.seeds + cell.missing, 'seed')})" if cell.missing else ""


def _value(value: Value, digits: int) -> str:
    within = f"{value.low:.{digits}f} to {value.high:.{digits}f}" if math.isfinite(half(value)) else "no interval"
    return f"{value.value:.{digits}f} ({within})"


def _standing(task: str, entrant: str, results: Results, tournament: Tournament) -> str:
    """Better than whom, worse than whom, not told from whom; and the labels that it saves the reference."""
    mine = [
        facing(one, entrant) for one in tournament.differences if one.task == task and entrant in (one.left, one.right)
    ]
    if not mine:
        return "nobody to compare it with"
    by = {word: [one for one in mine if one.verdict == word] for word in (BETTER, WORSE, UNSEEN, UNTOLD, EQUAL)}
    parts = [f"{word} than {listed([one.versus for one in by[word]])}" for word in (BETTER, WORSE) if by[word]]
    if unseen := by[UNSEEN]:
        largest = max(one.detectable for one in unseen)
        would = f" ({_found(largest)})" if math.isfinite(largest) else ""
        parts.append(f"no difference seen from {listed([one.versus for one in unseen])}{would}")
    if by[EQUAL]:
        parts.append(f"{EQUAL} to {listed([one.versus for one in by[EQUAL]])}")
    if by[UNTOLD]:
        parts.append(f"too few seeds to tell it from {listed([one.versus for one in by[UNTOLD]])}")
    parts += [saving for one in mine if one.versus == reference(results.entrants).name and (saving := _saving(one))]
    return "; ".join(parts)


def _saving(one: Facing) -> str:
    """In labels, where the difference was seen and the interval leaves no doubt."""
    if one.verdict not in (BETTER, WORSE) or one.labels is None or one.labels.low <= 1 <= one.labels.high:
        return ""
    return (
        f"to reach what {one.target} reaches with all its labels, {one.versus} needs {ratio(one.labels)} times the "
        f"labels of {one.entrant} ({ratio_interval(one.labels)}, uncorrected)"
    )


def listed(names: Sequence[str], most: int = LISTED) -> str:
    """a; a and b; a, b and c; 7 others."""
    if len(names) > most:
        return f"{len(names)} others"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _equal(p: str) -> str:
    return p if p.startswith("<") else f"= {p}"
