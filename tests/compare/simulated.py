"""Comparisons whose truth is known: arrays of measures made into the results that statistics take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bench.compare.results import Entrant, Results, Tuning
from bench.testbeds.testbed import Measure

COLUMNS = ["entrant", "task", "budget", "seed", "metric", "value", "record"]


def results(values: Mapping[str, np.ndarray], budgets: Sequence[int] = (100,), chance: float = 0.5) -> Results:
    """From measures (E, S) or (E, S, B) by task; entrants are a, b, c, ..., seeds 0, 1, ...; NaN: no record."""
    names = [chr(ord("a") + place) for place in range(len(next(iter(values.values()))))]
    rows = []
    for task, array in values.items():
        for (entrant, seed, budget), value in np.ndenumerate(array.reshape(*array.shape[:2], len(budgets))):
            if np.isnan(value):
                continue
            labels = budgets[budget]
            record = f"compare/{task}/{names[entrant]}-{seed}-{labels}.json"
            costs = {"wall_seconds": 2.0 + seed, "peak_memory_bytes": 1e9, "labels_spent": float(labels)}
            for metric, one in {"accuracy": value, **costs}.items():
                rows.append((names[entrant], task, labels, seed, metric, float(one), record))
    return Results(
        rows=pd.DataFrame(rows, columns=COLUMNS),
        entrants=tuple(Entrant(name, "", False, {}) for name in names),
        measures={task: Measure("accuracy", "accuracy", chance) for task in values},
        tuning=Tuning(1, (), {}, ()),
        failures={},
        command="prefbench compare",
        profile="embedded",
    )


def equals(
    rng: np.random.Generator, entrants: int, seeds: int, noise: float = 0.02, shared: float = 0.05
) -> np.ndarray:
    """(E, S) measures of equal methods about 0.8: what a seed is worth to all, and each method's own luck on it."""
    return 0.8 + shared * rng.normal(size=seeds) + noise * rng.normal(size=(entrants, seeds))
