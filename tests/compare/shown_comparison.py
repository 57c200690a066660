"""Comparisons made up for what shows them: quality that grows with labels, seeds that are paired, costs, tuning."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.compare.results import Entrant, Results, Tournament, Trial, Tuning
from bench.compare.tournament import tournament
from bench.testbeds.testbed import Measure

NAMES = ("dpo", "ipo", "simpo", "cpo", "MyMethod", "odd_<name> & 100% $x$", *(f"method-{n}" for n in range(7, 15)))
MEASURES = {
    "world": Measure(
        "win_rate_over_sft",
        "win rate over SFT",
        0.5,
        beside={"kl_from_sft": "KL from SFT, nats", "parameters": "parameters", "odd": "<odd>"},
        landmarks={"ceiling": "the <best> policy"},
    ),
    "hh_rlhf": Measure("accuracy", "accuracy of the implied reward on held-out pairs", 0.5),
    "my <data>": Measure("accuracy", "accuracy of 50% & more", 0.5),
}


@cache
def compared(**made: Any) -> tuple[Results, Tournament]:
    """`results` and their tournament, once a process."""
    found = results(**made)
    return found, tournament(found)


def results(
    entrants: int = 6,
    tasks: int = 3,
    seeds: int = 10,
    budgets: tuple[int, ...] = (100, 200, 400, 800),
    failures: int = 0,
    own: bool = True,
) -> Results:
    """Entrants that differ by some hundredths; where `own`, the fifth (or the last of fewer) is the user's."""
    rng = np.random.default_rng(7)
    mine = min(4, entrants - 1)
    listed = tuple(
        Entrant(
            name,
            f"what {name} does in a line",
            own and place == mine,
            {"select": "pvar" if place % 3 == 2 else "random", "label": "people", "learn": name},
        )
        for place, name in enumerate(NAMES[:entrants])
    )
    measures = dict(list(MEASURES.items())[:tasks])
    rows = []
    for shift, (task, measure) in enumerate(measures.items()):
        common = 0.012 * rng.standard_normal(seeds)
        for place, entrant in enumerate(listed):
            worth = 0.03 * np.sin(2.1 * place + shift) + (0.04 if place == mine else 0.0)
            for seed in range(seeds):
                for budget in budgets:
                    value = 0.52 + (0.055 + worth) * np.log2(budget / 50) + common[seed]
                    value += 0.01 * rng.standard_normal()
                    metrics = {
                        measure.metric: value,
                        "wall_seconds": 0.06 * budget * (1 + 0.1 * place),
                        "cpu_seconds": 0.1 * budget,
                        "peak_memory_bytes": 4e8 + 1e8 * place,
                        "labels_spent": float(budget),
                        "pairs": float(budget),
                    }
                    if task == "world":
                        metrics |= {"kl_from_sft": 0.001 * budget + 0.1 * rng.standard_normal(), "parameters": 33344.0}
                        metrics["ceiling"] = 0.9 + 0.01 * seed
                    if task != "hh_rlhf":
                        metrics["tokens"] = 150.0 * budget
                    record = f"compare/{task}/{place:02}{seed:02}{budget:04}{'a' * 56}.json"
                    rows += [(entrant.name, task, budget, seed, *item, record) for item in metrics.items()]
    frame = pd.DataFrame(rows, columns=["entrant", "task", "budget", "seed", "metric", "value", "record"])
    lost = {f"{listed[-1].name} on {next(iter(measures))}, {budgets[0]} labels, seed {seed}": "ValueError: <nan> loss"
            for seed in range(failures)}  # fmt: skip
    if failures:
        gone = (frame.entrant == listed[-1].name) & (frame.task == next(iter(measures))) & (frame.seed < failures)
        frame = frame[~(gone & (frame.budget == budgets[0]))]
    return Results(frame, listed, measures, tuning(listed, measures), lost,
                   "prefbench compare --slot policy --methods dpo,ipo,my_file.py:MyMethod", "embedded")  # fmt: skip


def tuning(entrants: tuple[Entrant, ...], measures: dict[str, Measure]) -> Tuning:
    """Six trials each; the second entrant has three settings only, and a trial of the first one failed."""
    trials = []
    for task in measures:
        for place, entrant in enumerate(entrants):
            for number in range(3 if place == 1 else 6):
                value = None if (place, number) == (0, 5) else 0.6 + 0.01 * ((number + place) % 6)
                hyper = {"learn": {"beta": 0.05 * 2**number, "learning_rate": 1e-3}} if number else {"learn": {}}
                trials.append(Trial(entrant.name, task, number, hyper, value, number == min(2, place)))
    return Tuning(6, (10000, 10001), dict.fromkeys(measures, 200), tuple(trials))


def records(made: Results, runs: Path) -> None:
    """The files that the results name."""
    for record in made.rows["record"].unique():
        path = runs / record
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}\n")
