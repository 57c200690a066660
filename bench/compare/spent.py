"""What runs of a comparison cost: time, memory, tokens, labels."""

from __future__ import annotations

from itertools import product

from bench.compare.paired import Paired, metric_rows
from bench.compare.results import Cost, Results

MEMORY, TOKENS, LABELS = "method_memory_bytes", "tokens", "labels_spent"
OWN, WHOLE = "method_seconds", "wall_seconds"  # of choosing, labelling and learning; of the whole task


def costs(results: Results, task: Paired) -> list[Cost]:
    """Means over the runs that an entrant has. Raises UserError, naming the record, for values that are not finite.

    Time is the method's own where every run of the task has it, else everybody's is that of the whole task: one clock
    for all.
    """
    mine = results.rows[results.rows["task"] == task.task]
    own, whole, memory, tokens, labels = (metric_rows(mine, metric) for metric in (OWN, WHOLE, MEMORY, TOKENS, LABELS))
    timed_alone = len(own) > 0 and set(whole["record"]) <= set(own["record"])
    seconds, grown, read, spent = (
        rows.groupby(["entrant", "budget"])["value"].mean().to_dict()
        for rows in (own if timed_alone else whole, memory, tokens, labels)
    )
    return [
        Cost(task.task, *run, seconds.get(run), timed_alone, grown.get(run), read.get(run), spent.get(run))
        for run in product(task.entrants, task.budgets)
    ]
