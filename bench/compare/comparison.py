"""A comparison from start to end: what is tuned, what is run, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.compare import tuning
from bench.compare.entrants import entrants, key
from bench.compare.pipeline import Pipeline
from bench.compare.planning import NAME, Hyper, Planner, Run
from bench.compare.results import Results, Trial, Tuning
from bench.errors import UserError
from bench.run.plan import Part
from bench.run.store import Store, Stored
from bench.spec import Profile, Record
from bench.testbeds.testbed import Testbed

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """Pipelines on testbeds. What plans raises Unavailable where a testbed cannot run on this machine."""

    pipelines: tuple[Pipeline, ...]
    testbeds: tuple[Testbed, ...]
    profile: Profile
    seeds: tuple[int, ...]
    own_budgets: tuple[int, ...] | None  # for all testbeds; None: each has its own
    trials: int  # 1: nothing is tuned
    validation: int  # seeds that a trial runs on
    data_dir: Path | None
    runs: Path

    @cached_property
    def store(self) -> Store:
        """The records of all comparisons."""
        return Store(self.runs, NAME)

    def budgets(self, testbed: Testbed) -> tuple[int, ...]:
        """Labels, ascending."""
        return self.own_budgets or testbed.budgets

    def tuning(self) -> list[Part]:
        """The trials of every pipeline; none where everybody keeps the defaults."""
        if self.trials == 1:
            return []
        return [self._planner(testbed).part(self._tried_runs(testbed)) for testbed in self.testbeds]

    def parts(self) -> list[Part]:
        """What is reported: every pipeline with the settings that were best for it, on every seed and budget."""
        stored = self.store.read()
        return [self._planner(testbed).part(self._reported(testbed, stored)) for testbed in self.testbeds]

    def results(self, command: str) -> Results:
        """From records. Raises UserError where nothing has been recorded."""
        stored = self.store.read()
        listed = entrants(self.pipelines)
        names = {key(one): entrant.name for one, entrant in zip(self.pipelines, listed, strict=True)}
        rows: list[dict[str, Any]] = []
        failures: dict[str, str] = {}
        for testbed in self.testbeds:
            planner = self._planner(testbed)
            tried = [(run, "a trial of ") for run in self._tried_runs(testbed)]
            for run, what in [*tried, *((run, "") for run in self._reported(testbed, stored))]:
                task, entrant = planner.task(run), names[key(run.pipeline)]
                if note := stored.failures.get(task.id):
                    said = f"{what}{entrant} on {testbed.name}, {run.budget} labels, seed {run.seed}"
                    failures[said] = str(note.get("traceback", "")).strip().splitlines()[-1]
                elif not what and (record := stored.records.get(task.id)):
                    rows += _rows(record, entrant, run.budget)
        if not rows:
            raise UserError("nothing of this comparison has a record: every task failed or was stopped")
        return Results(
            rows=_frame(rows),
            entrants=listed,
            measures={testbed.name: testbed.measures[self.pipelines[0].learn.slot] for testbed in self.testbeds},
            overlaps={testbed.name: testbed.overlap for testbed in self.testbeds},
            tuning=self._tuned(stored, names),
            failures=failures,
            command=command,
            profile=str(self.profile),
        )

    @cached_property
    def _planners(self) -> dict[str, Planner]:
        return {testbed.name: Planner(testbed, self.profile, self.data_dir) for testbed in self.testbeds}

    def _planner(self, testbed: Testbed) -> Planner:
        return self._planners[testbed.name]

    def _tries(self, pipeline: Pipeline, testbed: Testbed) -> list[Hyper]:
        return tuning.tries(pipeline, testbed, self.profile, self.trials)

    def _tried_runs(self, testbed: Testbed) -> list[Run]:
        """All trials of all pipelines; none where everybody keeps the defaults."""
        if self.trials == 1:
            return []
        return [
            run
            for pipeline in self.pipelines
            for hyper in self._tries(pipeline, testbed)
            for run in self._trial(pipeline, testbed, hyper)
        ]

    def _trial(self, pipeline: Pipeline, testbed: Testbed, hyper: Hyper) -> list[Run]:
        """On every validation seed, at the budget in the middle."""
        budget = tuning.middle(self.budgets(testbed))
        return [Run(pipeline, hyper, budget, seed) for seed in tuning.seeds(self.validation)]

    def _worth(self, pipeline: Pipeline, testbed: Testbed, hyper: Hyper, stored: Stored) -> float | None:
        """The mean of the measure over validation seeds; None where one has no record."""
        planner, metric = self._planner(testbed), testbed.measures[pipeline.learn.slot].metric
        found = [stored.records.get(planner.task(run).id) for run in self._trial(pipeline, testbed, hyper)]
        values = [record.outcome.metrics[metric] for record in found if record]
        return float(np.mean(values)) if len(values) == len(found) else None

    def _reported(self, testbed: Testbed, stored: Stored) -> list[Run]:
        runs = []
        for pipeline in self.pipelines:
            tried = self._tried(pipeline, testbed, stored)
            hyper, _ = tried[tuning.best([value for _, value in tried])]
            runs += [Run(pipeline, hyper, budget, seed) for seed in self.seeds for budget in self.budgets(testbed)]
        return runs

    def _tried(self, pipeline: Pipeline, testbed: Testbed, stored: Stored) -> list[tuple[Hyper, float | None]]:
        """Every trial with its worth; the defaults alone, without one, where nothing is tuned."""
        tries = self._tries(pipeline, testbed)
        if self.trials == 1:
            return [(hyper, None) for hyper in tries]
        return [(hyper, self._worth(pipeline, testbed, hyper, stored)) for hyper in tries]

    def _tuned(self, stored: Stored, names: dict[str, str]) -> Tuning:
        found = []
        for testbed in self.testbeds:
            for pipeline in self.pipelines:
                tried = self._tried(pipeline, testbed, stored)
                best = tuning.best([value for _, value in tried])
                found += [
                    Trial(names[key(pipeline)], testbed.name, number, hyper, value, number == best)
                    for number, (hyper, value) in enumerate(tried)
                ]
        return Tuning(
            count=self.trials,
            seeds=tuning.seeds(self.validation) if self.trials > 1 else (),
            budgets={testbed.name: tuning.middle(self.budgets(testbed)) for testbed in self.testbeds},
            trials=tuple(found),
        )


def _rows(record: Record, entrant: str, budget: int) -> list[dict[str, Any]]:
    task = record.task
    identity = {
        "entrant": entrant,
        "task": task.experiment,
        "budget": budget,
        "seed": task.seed,
        "record": f"{NAME}/{task.experiment}/{task.id}.json",
    }
    metrics = {**record.outcome.metrics, **record.provenance.get("cost", {})}
    return [{**identity, "metric": metric, "value": float(value)} for metric, value in metrics.items()]


def _frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=["entrant", "task", "budget", "seed", "metric", "value", "record"])
