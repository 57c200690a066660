"""Comparisons whose truth is known: arrays of measures made into the results that statistics take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bench.compare.results import Entrant, Results, Tuning
from bench.testbeds.testbed import Measure

COLUMNS = ["entrant", "task", "budget", "seed", "metric", "value", "record"]


def results(
    values: Mapping[str, np.ndarray],
    budgets: Sequence[int] = (100,),
    chance: float = 0.5,
    overlaps: Mapping[str, float] | None = None,
) -> Results:
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
        overlaps=overlaps or {},
    )


def equals(
    rng: np.random.Generator, entrants: int, seeds: int, noise: float = 0.02, shared: float = 0.05
) -> np.ndarray:
    """(E, S) measures of equal methods about 0.8: what a seed is worth to all, and each method's own luck on it."""
    return 0.8 + shared * rng.normal(size=seeds) + noise * rng.normal(size=(entrants, seeds))


ROWS, HELD_OUT = 400, 100  # of the fixed data below, and of it in every seed
OVERLAP = HELD_OUT / (ROWS - HELD_OUT)


def splits(rng: np.random.Generator, entrants: int, seeds: int, noise: float = 0.0) -> np.ndarray:
    """(E, S) accuracies of equal methods on one data set that every seed splits anew.

    Who is right on which row is drawn once: the data set may favour one by luck, and all seeds see that luck. `noise`
    is each seed's own.
    """
    right = rng.random((entrants, ROWS)) < rng.beta(4, 1, ROWS)  # rows are hard or easy for all
    held_out = rng.permuted(np.tile(np.arange(ROWS), (seeds, 1)), axis=1)[:, :HELD_OUT]
    accuracies: np.ndarray = right[:, held_out].mean(axis=2) + noise * rng.normal(size=(entrants, seeds))
    return accuracies
