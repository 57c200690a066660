"""What the records cost and where they were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.spec import Profile, Record, Variant

_EACH_ITS_OWN = ("began", "finished", "cost", "threads")  # provenance that differs from task to task


@dataclass(frozen=True)
class Cost:
    """What the tasks of one experiment, variant and profile took."""

    experiment: str
    variant: Variant
    profile: Profile
    tasks: int
    fit_seconds: float  # the sum over the fits; 0 where the experiment does not measure it
    wall_seconds: float  # the sum over the tasks, whatever number of workers shared them
    peak_memory_bytes: float  # the largest of any worker
    seeds: int


def costs(records: Iterable[Record]) -> list[Cost]:
    """One line for every experiment, variant and profile, in the order in which they first occur."""
    parts: dict[tuple[str, Variant, Profile], list[Record]] = {}
    for record in records:
        task = record.task
        parts.setdefault((task.experiment, task.variant, task.profile), []).append(record)
    return [
        Cost(
            *part,
            tasks=len(members),
            fit_seconds=sum(member.outcome.metrics.get("fit_seconds", 0.0) for member in members),
            wall_seconds=sum(_cost(member, "wall_seconds") for member in members),
            peak_memory_bytes=max(_cost(member, "peak_memory_bytes") for member in members),
            seeds=len({member.task.seed for member in members}),
        )
        for part, members in parts.items()
    ]


def _cost(record: Record, name: str) -> float:
    return float(record.provenance.get("cost", {}).get(name, 0.0))


def environment(records: Iterable[Record]) -> dict[str, list[str]]:
    """Where the records were made: for every entry of their provenance, the distinct values, most frequent first.

    Nested entries are joined with a dot (git.commit, packages.torch).
    """
    found: dict[str, dict[str, int]] = {}
    for record in records:
        shared = {key: value for key, value in record.provenance.items() if key not in _EACH_ITS_OWN}
        for key, value in _flat(shared):
            counts = found.setdefault(key, {})
            counts[value] = counts.get(value, 0) + 1
    return {key: sorted(counts, key=lambda value: -counts[value]) for key, counts in found.items()}


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, entry in value.items():
        if isinstance(entry, Mapping):
            yield from _flat(entry, f"{prefix}{key}.")
        elif isinstance(entry, bool):
            yield prefix + key, "yes" if entry else "no"
        elif isinstance(entry, list | tuple):
            yield prefix + key, ", ".join(map(str, entry)) or "none"
        else:
            yield prefix + key, str(entry)


def fingerprints(records: Iterable[Record]) -> dict[str, list[str]]:
    """The fingerprints of every dataset and model that the records used, by name."""
    found: dict[str, list[str]] = {}
    for record in records:
        for name, fingerprint in record.task.data.items():
            known = found.setdefault(name, [])
            if fingerprint not in known:
                known.append(fingerprint)
    return found
