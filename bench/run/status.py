"""Why a task counts as done, missing, stale or failed, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bench.run.plan import Part
from bench.run.store import Stored
from bench.spec import Record, Task


class State(StrEnum):
    """Where a planned task stands."""

    DONE = "done"
    MISSING = "missing"
    STALE = "stale"
    FAILED = "failed"


@dataclass(frozen=True)
class Standing:
    """A planned task, where it stands, and why."""

    task: Task
    state: State
    why: str


def standings(part: Part, stored: Stored) -> list[Standing]:
    """Where every task of `part` stands, given what is stored."""
    by_cell: dict[str, Record] = {}
    if any(task.id not in stored.records for task in part.tasks):
        by_cell = {record.task.cell: record for record in stored.records.values()}
    return [_standing(task, stored, by_cell) for task in part.tasks]


def _standing(task: Task, stored: Stored, by_cell: Mapping[str, Record]) -> Standing:
    if record := stored.records.get(task.id):
        finished = record.provenance.get("finished", "an unknown time")
        return Standing(task, State.DONE, f"recorded at {finished}; nothing that its result depends on has changed")
    if note := stored.failures.get(task.id):
        last = str(note.get("traceback", "")).strip().splitlines()
        return Standing(
            task, State.FAILED, f"failed: {last[-1] if last else 'no reason recorded'} (--retry tries again)"
        )
    if record := by_cell.get(task.cell):
        return Standing(task, State.STALE, "; ".join(_differences(record.task, task)))
    return Standing(task, State.MISSING, "never run")


def _differences(recorded: Task, planned: Task) -> Sequence[str]:
    lines = []
    if recorded.version != planned.version:
        lines.append(f"the experiment's code is at version {planned.version}, recorded with {recorded.version}")
    for kind in ("settings", "data"):
        old: Mapping[str, Any] = getattr(recorded, kind)
        new: Mapping[str, Any] = getattr(planned, kind)
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                lines.append(f"{kind}.{key} is now {_short(new.get(key))}, recorded with {_short(old.get(key))}")
    return lines


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}…"
