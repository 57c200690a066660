"""What experiments have in common that compare reward models on crowds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.papers.pal.recipe import PALConfig, planned
from bench.spec import Context, Experiment, Outcome, Profile, Progress, Task, Variant

Prepare = Callable[[Sequence[Task], Context, Progress | None], None]

CORRECTED = {Variant.CORRECTED: "the method by its equations; sizes and rates are ours"}


def _study(task: Task, context: Context) -> Outcome:
    """Learn, adapt and test."""
    from bench.papers.pal.study import studied

    return studied(task, context)


def of_crowds(
    name: str,
    title: str,
    shows: str,
    *,
    version: int = 1,
    seconds: float,
    profiles: tuple[Profile, ...] = (Profile.EMBEDDED,),
    prepare: Prepare | None = None,
) -> Experiment:
    """An experiment that compares reward models on crowds; `seconds` is a task's rough cost on one core.

    `prepare` is what crowds of several tasks share.
    """
    return Experiment(
        name=name,
        title=title,
        shows=shows,
        variants=CORRECTED,
        profiles=profiles,
        config=PALConfig,
        plan=planned(name, version),
        execute=_study,
        prepare=prepare,
        version=version,
        batch=lambda task: (str(task.settings["crowd"]), task.seed),
        seconds=lambda task: seconds,
    )
