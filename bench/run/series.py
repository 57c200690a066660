"""Records as one tidy table: a row per task and metric."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bench.spec import Record

if TYPE_CHECKING:
    import pandas as pd

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


def current(records: Iterable[Record], planned: Iterable[str], versions: dict[str, int]) -> list[Record]:
    """The records that count now: of those that answer the same cell, the planned one, else the newest.

    `planned` are ids of the plan in force; `versions` the code version of each experiment, and a record of another
    version does not count.
    """
    wanted = set(planned)
    best: dict[str, tuple[bool, str, Record]] = {}
    for record in records:
        if versions.get(record.task.experiment) != record.task.version:
            continue
        rank = (record.task.id in wanted, str(record.provenance.get("finished", "")), record)
        held = best.get(record.task.cell)
        if held is None or rank[:2] > held[:2]:
            best[record.task.cell] = rank
    return [record for _, _, record in best.values()]
