"""The paper's experiments: a title and a config for each list of rows, and what a task costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench.papers.pvar import tables
from bench.papers.pvar.recipe import PVarConfig, Row, tasks
from bench.spec import Context, Experiment, Outcome, Profile, Request, Task, Variant

VERSION = 1
CORRECTED = {Variant.CORRECTED: "ours: the paper's text and code were not at hand, so every choice is named as ours"}
EARLIER = {  # methods that an experiment before has with the same rows
    "growth": ("pvar", "pvar_bottom", "random"),
    "human": ("pvar", "pvar_bottom", "random", "all"),
    "selectors": ("pvar", "random"),
}


def _execute(task: Task, context: Context) -> Outcome:
    """Choose, pair, train and judge."""
    from bench.papers.pvar.study import studied

    return studied(task, context)


def _seconds(task: Task) -> float:
    """Rough seconds on one core; next to nothing where an earlier experiment has the same row."""
    if task.method in EARLIER.get(task.experiment, ()):
        return 0.3
    pairs = float(task.settings["row"]["fraction"] * task.settings["lab"]["pool"])
    return 1.5 + 0.0018 * pairs


def _experiment(
    name: str,
    title: str,
    shows: str,
    rows: Callable[[Any], Sequence[Row]],
    config: type[PVarConfig],
) -> Experiment:
    def plan(request: Request) -> list[Task]:
        return tasks(name, VERSION, request, rows(request.config))

    return Experiment(
        name=name,
        title=title,
        shows=shows,
        variants=CORRECTED,
        profiles=(Profile.EMBEDDED,),
        config=config,
        plan=plan,
        execute=_execute,
        version=VERSION,
        seconds=_seconds,
    )


EXPERIMENTS = (
    _experiment(
        "order",
        "Top, random, bottom",
        "DPO on the prompts of highest, random and lowest preference variance, at equal size.",
        tables.order,
        tables.SizesConfig,
    ),
    _experiment(
        "growth",
        "Margin growth",
        "How the margin grows in training on top, random and bottom, on the pairs trained on and on held-out ones.",
        tables.growth,
        tables.SizeConfig,
    ),
    _experiment(
        "models",
        "Smaller reward models",
        "The same order where a smaller reward model chooses, or the truth does.",
        tables.models,
        tables.SizeConfig,
    ),
    _experiment(
        "human",
        "Human labels",
        "Paid labels of a dataset's own pairs: those of the highest variance against all of them.",
        tables.human,
        tables.SizeConfig,
    ),
    _experiment(
        "selectors",
        "Other selectors",
        "Preference variance beside what else prompts are chosen by, at an equal budget of paid labels.",
        tables.selectors,
        tables.SizeConfig,
    ),
    _experiment(
        "losses",
        "Other losses",
        "Top, random and bottom for IPO, KTO, SimPO and ORPO.",
        tables.losses,
        tables.LossesConfig,
    ),
    _experiment(
        "efficiency",
        "Label efficiency",
        "How many prompts random choice needs to be as good as the highest variance is.",
        tables.efficiency,
        tables.SizesConfig,
    ),
    _experiment(
        "confounds",
        "Confounds",
        "Does preference variance choose anything but large gaps and long answers?",
        tables.confounds,
        tables.SizeConfig,
    ),
)
