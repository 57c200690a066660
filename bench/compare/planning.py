"""From pipelines and testbeds to tasks, and from a task to its outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from bench.compare.entrants import key
from bench.compare.pipeline import Pipeline
from bench.errors import UserError
from bench.methods.method import Slot
from bench.run.config import Config
from bench.run.plan import Part
from bench.spec import Context, Experiment, Outcome, Profile, Progress, Task, Variant
from bench.testbeds.testbed import Source, Testbed

NAME = "compare"  # of the folder under runs
VERSION = 2  # of what a comparison's task means

Hyper = Mapping[str, Mapping[str, Any]]  # hyper-parameters by place: select, label, learn
PLACES = ("select", "label", "learn")


@dataclass(frozen=True)
class Run:
    """One pipeline, once."""

    pipeline: Pipeline
    hyper: Hyper
    budget: int
    seed: int


@dataclass(frozen=True)
class Planner:
    """Makes tasks of one testbed. Raises Unavailable where this machine lacks what it needs."""

    testbed: Testbed
    profile: Profile
    data_dir: Path | None

    @cached_property
    def fingerprints(self) -> Mapping[str, str]:
        """Of data and weights, by name."""
        return self.testbed.source.fingerprints(self.testbed.settings(self.profile), self.data_dir)

    def task(self, run: Run) -> Task:
        """What is recorded of a run: the methods by name and code, never where a user's file lies."""
        methods = dict(zip(PLACES, run.pipeline.parts, strict=True))
        return Task(
            paper=NAME,
            experiment=self.testbed.name,
            variant=Variant.CORRECTED,
            profile=self.profile,
            method=key(run.pipeline),
            seed=run.seed,
            condition={"slot": str(run.pipeline.learn.slot), "budget": run.budget},
            settings={
                "testbed": self.testbed.settings(self.profile),
                **{place: dict(run.hyper.get(place, {})) for place in PLACES},
            },
            data={
                **self.fingerprints,
                **{f"code of {method.target}": method.code for method in methods.values()},
            },
            version=VERSION,
        )

    def part(self, runs: Sequence[Run]) -> Part:
        """Their tasks, those of a seed together, as one part of a plan."""
        tasks = tuple(self.task(run) for run in sorted(runs, key=lambda run: run.seed))
        pipelines = {key(run.pipeline): run.pipeline for run in runs}
        experiment = Experiment(
            name=self.testbed.name,
            title=self.testbed.name,
            shows=self.testbed.line,
            variants={Variant.CORRECTED: "as their authors have it"},
            profiles=tuple(self.testbed.at),
            config=Config,
            plan=lambda request: tasks,
            execute=partial(execute, self.testbed.source, pipelines),
            prepare=partial(_prepare, self.testbed.source),
            version=VERSION,
            parallel=self.profile not in self.testbed.whole_machine,
            batch=lambda task: (task.seed, task.method),
            seconds=partial(_seconds, self.testbed.source),
        )
        return Part(experiment, Variant.CORRECTED, tasks)


class MethodError(Exception):
    """A method cannot be run so, or not here: its task has failed, and the others go on."""


def execute(source: Source, pipelines: Mapping[str, Pipeline], task: Task, context: Context) -> Outcome:
    """Open the testbed for the task's seed, spend its budget, learn, and be judged."""
    from bench.compare.pipeline import run

    pipeline, budget = pipelines[task.method], int(str(task.condition["budget"]))
    try:
        ground = source.open(task.settings["testbed"], pipeline.learn.slot, task.seed, budget, context)
        return run(pipeline, {place: task.settings[place] for place in PLACES}, ground, budget, task.seed)
    except UserError as error:
        raise MethodError(str(error)) from error


def _prepare(source: Source, tasks: Sequence[Task], context: Context, progress: Progress | None) -> None:
    source.prepare(tasks[0].settings["testbed"], sorted({task.seed for task in tasks}), context, progress)


def _seconds(source: Source, task: Task) -> float:
    slot, budget = Slot(str(task.condition["slot"])), int(str(task.condition["budget"]))
    return source.seconds(task.settings["testbed"], slot, budget)
