"""Records as one tidy table: a row per task and metric."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bench.spec import Record, Task, canonical

if TYPE_CHECKING:
    import pandas as pd

    from bench.run.plan import Part

IDENTITY = ("paper", "experiment", "variant", "profile", "method", "seed")
_FIRST = ("n", "d", "k", "sigma", "beta")  # condition columns every table leads with, in this order


def series(records: Iterable[Record]) -> pd.DataFrame:
    """Columns: paper, experiment, variant, profile, method, seed, the condition columns, metric, value.

    Condition columns are the union over the records, n, d, k, sigma, beta first; a task without one has a missing
    value there. What was measured of every task (`wall_seconds`, `peak_memory_bytes`) is a metric like any other.
    """
    import pandas as pd

    rows = []
    for record in records:
        task = record.task
        identity = {name: task.spec()[name] for name in IDENTITY} | dict(task.condition)
        for metric, value in (*record.outcome.metrics.items(), *record.provenance.get("cost", {}).items()):
            rows.append({**identity, "metric": metric, "value": float(value)})
    frame = pd.DataFrame(rows)
    if frame.empty:
        return pd.DataFrame(columns=[*IDENTITY, *_FIRST, "metric", "value"])
    others = [name for name in frame.columns if name not in (*IDENTITY, *_FIRST, "metric", "value")]
    columns = [*IDENTITY, *_FIRST, *others, "metric", "value"]
    return frame.reindex(columns=columns).sort_values([*IDENTITY, *_FIRST, "metric"], ignore_index=True, kind="stable")


def in_force(records: Iterable[Record], parts: Iterable[Part]) -> list[Record]:
    """The records that answer the plan in force, with however many seeds there are.

    A record counts when a planned task equals it in everything but the seed: same condition, settings, data and code
    version. Where a part cannot be planned here (its data are elsewhere), its records of the present version count.
    """
    planned: set[str] = set()
    unplanned: dict[tuple[str, str], int] = {}
    for part in parts:
        planned.update(_but_seed(task) for task in part.tasks)
        if part.unavailable:
            unplanned[part.experiment.name, part.variant] = part.experiment.version
    return [
        record
        for record in records
        if _but_seed(record.task) in planned
        or unplanned.get((record.task.experiment, record.task.variant)) == record.task.version
    ]


def _but_seed(task: Task) -> str:
    return canonical({**task.spec(), "seed": None})
