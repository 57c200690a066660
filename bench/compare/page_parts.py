"""The tables of the leaderboard as its template wants them: text beside the number that a column is sorted by."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench.compare.planning import PLACES
from bench.compare.results import Beside, Cell, Cost, Entrant, LabelsNeeded, Results, Tournament, Trial, Value
from bench.compare.words import (
    BETTER,
    PARTIAL,
    UNSEEN,
    WORSE,
    Facing,
    area_of,
    budgets_of,
    facing,
    half,
    p_value,
    places,
    ratio,
    ratio_interval,
    reference,
)
from bench.report.format import duration, memory, number
from bench.report.html import minus

SIGNS = {BETTER: ("better", "▲"), WORSE: ("worse", "▼")}


class Column(NamedTuple):
    """Of the leaderboard: a budget of a task, or None for its area, or for the mean where it has one budget."""

    task: str
    at: int  # the task's place among tasks
    budget: int | None
    words: str


def leaderboard(results: Results, tournament: Tournament) -> dict[str, Any]:
    """Entrants by tasks, the best average rank first; `filters` are the places of the pipeline that vary."""
    columns = [
        Column(task, at, budget, measure.words)
        for at, (task, measure) in enumerate(results.measures.items())
        for budget in _budgets(tournament, task)
    ]
    digits = {
        (column.task, column.budget): places(
            cell.mean for cell in tournament.cells if (cell.task, cell.budget) == (column.task, column.budget)
        )
        for column in columns
    }
    cells = {(cell.task, cell.entrant, cell.budget): cell for cell in tournament.cells}
    ranks = tournament.ranks.average if tournament.ranks else {}
    first = area_of(tournament, next(iter(results.measures)))
    rows = []
    for place, entrant in _ordered(results.entrants, ranks, first):
        values = [
            _cell(cells.get((one.task, entrant.name, one.budget)), digits[one.task, one.budget], one, place)
            for one in columns
        ]
        rows.append({"entrant": entrant, "rank": ranks.get(entrant.name), "cells": values, "text": _searched(entrant)})
    return {
        "columns": columns,
        "spans": [(at, task, sum(one.at == at for one in columns)) for at, task in enumerate(results.measures)],
        "rows": rows,
        "ranked": bool(ranks),
        "filters": {
            place: options
            for place in PLACES
            if len(options := list(dict.fromkeys(entrant.parts.get(place, "") for entrant in results.entrants))) > 1
        },
    }


def _budgets(tournament: Tournament, task: str) -> list[int | None]:
    """The area, and the budgets where there are several."""
    budgets = budgets_of(tournament, task)
    return [None, *budgets] if len(budgets) > 1 else [None]


def _ordered(
    entrants: Sequence[Entrant], ranks: Mapping[str, float], first: Mapping[str, Cell]
) -> list[tuple[int, Entrant]]:
    """Entrants with their places, the best average rank first; without ranks by the area of the first task."""

    def key(placed: tuple[int, Entrant]) -> float:
        name = placed[1].name
        if ranks:
            return ranks.get(name, math.inf)
        return -first[name].mean.value if name in first else math.inf

    return sorted(enumerate(entrants), key=key)


def _cell(cell: Cell | None, digits: int, column: Column, place: int) -> dict[str, Any]:
    shown: dict[str, Any] = {"at": column.at, "area": column.budget is None, "value": None}
    if cell is None:
        return shown
    where = f"records-{column.at}-{place}" + (f"-{column.budget}" if column.budget else "")
    number = _number(cell.mean, digits)
    if cell.within is not None:
        number["interval"] = f"± {cell.within:.{digits}f} within the seed"
    if cell.missing:
        number["text"] += PARTIAL
        number["interval"] += f", {cell.seeds} of {cell.seeds + cell.missing} seeds"
    return {**shown, **number, "best": cell.best, "href": f"#{where}"}


def _number(value: Value, digits: int, signed: bool = False) -> dict[str, Any]:
    """The text of an estimate and its interval, with so many decimals, and the estimate."""
    sign = "+" if signed else ""
    within = f"{value.low:.{digits}f} to {value.high:.{digits}f}" if math.isfinite(half(value)) else "no interval"
    return {"value": value.value, "text": minus(f"{value.value:{sign}.{digits}f}"), "interval": minus(within)}


def _searched(entrant: Entrant) -> str:
    return " ".join([entrant.name, entrant.line, *entrant.parts.values()]).lower()


def differences(results: Results, tournament: Tournament) -> dict[str, Any]:
    """Every pair on every task, seen from both sides: the page shows those against one entrant at a time."""
    own = {entrant.name: entrant.own for entrant in results.entrants}
    sides = [facing(one, name) for one in tournament.differences for name in (one.left, one.right)]
    order = {entrant.name: place for place, entrant in enumerate(results.entrants)}
    tasks = {task: at for at, task in enumerate(results.measures)}
    sides.sort(key=lambda one: (tasks[one.task], order[one.versus], order[one.entrant]))
    digits = {task: places(one.difference for one in sides if one.task == task) for task in tasks}
    return {
        "rows": [_difference(one, digits[one.task], own[one.entrant]) for one in sides],
        "reference": reference(results.entrants).name,
    }


def _difference(one: Facing, digits: int, own: bool) -> dict[str, Any]:
    kind, sign = SIGNS.get(one.verdict, ("undecided", "○"))
    return {
        "one": one,
        "own": own,
        "kind": kind,
        "sign": sign,
        "rest": one.ruling.removeprefix(one.verdict).removeprefix("; ") if one.verdict == UNSEEN else "",
        "difference": _number(one.difference, digits, signed=True),
        "p": p_value(one.adjusted),
        "improvement": _number(one.improvement, 2),
        "ratio": ratio(one.labels),
        "ratio_value": _middle(one.labels),
        "ratio_interval": ratio_interval(one.labels),
        "note": _note(one),
        "seeds": f"{one.seeds} of {one.seeds + one.missing}{PARTIAL}" if one.missing else str(one.seeds),
        "detectable": number(one.detectable, 2) if math.isfinite(one.detectable) else "–",
        "text": f"{one.entrant} {one.versus} {one.task} {one.ruling}".lower(),
    }


def _middle(labels: LabelsNeeded | None) -> float | None:
    """What a column of ratios is sorted by: of a range its middle, and where there is no other end the one there is."""
    if labels is None or (labels.low_value == 0 and math.isinf(labels.high_value)):
        return None
    ends = [end for end in (labels.low_value, labels.high_value) if 0 < end < math.inf]
    return math.exp(sum(map(math.log, ends)) / len(ends)) if ends else None


def _note(one: Facing) -> str:
    """Which quality the ratio is about, and what kept it from being a number."""
    if one.labels is None:
        return ""
    about = f"to reach what {one.target} reaches with all labels"
    return f"{about}; {one.labels.note}" if one.labels.note else about


def beside(results: Results, tournament: Tournament) -> list[dict[str, Any]]:
    """For every task that has any: a table of further metrics (columns) of entrants (rows), with the most labels."""
    found = []
    for at, (task, measure) in enumerate(results.measures.items()):
        mine = {(one.entrant, one.metric): one for one in tournament.beside if one.task == task}
        measured, recorded = {metric for _, metric in mine}, {entrant for entrant, _ in mine}
        columns = [metric for metric in measure.beside if metric in measured]
        if not columns:
            continue
        digits = {metric: places(one.mean for (_, own), one in mine.items() if own == metric) for metric in columns}
        rows = [
            (entrant, [_further(mine.get((entrant.name, metric)), digits[metric]) for metric in columns])
            for entrant in results.entrants
            if entrant.name in recorded
        ]
        found.append(
            {
                "at": at,
                "task": task,
                "budget": budgets_of(tournament, task)[-1],
                "heads": [measure.beside[metric] for metric in columns],
                "rows": rows,
            }
        )
    return found


def _further(one: Beside | None, digits: int) -> dict[str, Any] | None:
    if one is None:
        return None
    if one.mean.low == one.mean.high:  # a count, the same on every seed
        return {"value": one.mean.value, "text": minus(f"{one.mean.value:,.10g}"), "interval": ""}
    shown = _number(one.mean, digits)
    if one.missing:
        shown["interval"] += f", {one.seeds} of {one.seeds + one.missing} seeds"
    return shown


def costs(results: Results, tournament: Tournament) -> list[dict[str, Any]]:
    """Quality beside time, memory, tokens and labels, a row per task, entrant and budget."""
    cells = {(cell.task, cell.entrant, cell.budget): cell for cell in tournament.cells}
    own = {entrant.name: entrant.own for entrant in results.entrants}
    digits = {
        task: places(c.mean for c in tournament.cells if c.task == task and c.budget) for task in results.measures
    }
    most = {task: max(budgets_of(tournament, task), default=0) for task in results.measures}
    return [
        {
            "cost": cost,
            "own": own[cost.entrant],
            "quality": _number(cell.mean, digits[cost.task]) if cell else None,
            "most": cost.budget == most[cost.task],
            **_spent(cost),
        }
        for cost in tournament.costs
        for cell in [cells.get((cost.task, cost.entrant, cost.budget))]
    ]


def _spent(cost: Cost) -> dict[str, str]:
    return {
        "time": "–" if cost.seconds is None else duration(cost.seconds),
        "memory": "–" if cost.memory is None else memory(cost.memory),
        "tokens": "–" if cost.tokens is None else f"{cost.tokens:,.0f}",
        "labels": "–" if cost.labels is None else f"{cost.labels:,.0f}",
        "text": f"{cost.entrant} {cost.task}".lower(),
    }


def tuning(results: Results) -> list[dict[str, Any]]:
    """What was tried and what was chosen, a row per task and entrant."""
    rows = []
    for task in results.measures:
        for entrant in results.entrants:
            tried = [one for one in results.tuning.trials if (one.task, one.entrant) == (task, entrant.name)]
            if not tried:
                continue
            chosen = next((one for one in tried if one.chosen), None)
            rows.append(
                {
                    "task": task,
                    "entrant": entrant,
                    "tried": len(tried),
                    "chosen": _settings(chosen) if chosen else "–",
                    "value": chosen.value if chosen else None,
                    "value_text": number(chosen.value if chosen else None, 4),
                    "defaults": (defaults := next((one.value for one in tried if one.number == 0), None)),
                    "defaults_text": number(defaults, 4),
                    "trials": [(_settings(one), number(one.value, 4), one.chosen) for one in tried],
                    "text": f"{entrant.name} {task}".lower(),
                }
            )
    return rows


def _settings(trial: Trial) -> str:
    """`learn: beta = 0.1, epochs = 2`, or `defaults`."""
    parts = [
        f"{place}: {', '.join(f'{name} = {_plain(value)}' for name, value in hyper.items())}"
        for place, hyper in trial.hyper.items()
        if hyper
    ]
    return "; ".join(parts) or "defaults"


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
