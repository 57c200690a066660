"""The paper's experiments: a title and a config for each list of rows, and what a task costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from bench.papers.pvar import tables
from bench.papers.pvar.answers_experiments import ANSWERS
from bench.papers.pvar.methods import SPREADS
from bench.papers.pvar.recipe import PAPER, PVarConfig, Row, fingerprints, lab_settings, settings, tasks, written
from bench.spec import Context, Experiment, Outcome, Profile, Request, Task, Variant

VERSION = 1
POOL = "pool"  # a method that trains nothing: what goes with PVar in the pool
CORRECTED = {Variant.CORRECTED: "ours: the paper's text and code were not at hand, so every choice is named as ours"}
ON_TEXT = (Profile.EMBEDDED, Profile.PAPER)
OPERATIONS_A_SECOND = 1e11  # of one core in float32 on the machine this was tested on; for the estimate of cost only
ARENA_HARD = 500  # prompts
ORDERED = {  # what `order` trains, and other experiments share
    "method": (*tables.ORDER, "all"),
    "pairs": tables.BOTH,
    "model": ("large",),
    "loss": ("dpo",),
    "fraction": (0.1, 0.3, 0.5, 1.0),
}

LAB_SECONDS = {"wide": 85.0, "even": 15.0}  # to make a seed's policy, reward models, and pool, with the first that asks


def _study(task: Task, context: Context) -> Outcome:
    """Choose, pair, train and judge."""
    from bench.papers.pvar.study import studied

    return studied(task, context)


def _confound(task: Task, context: Context) -> Outcome:
    """As `_study`, or what goes with PVar in the pool."""
    if task.method != POOL:
        return _study(task, context)
    from bench.papers.pvar.pool_facts import pool_facts

    return pool_facts(task, context)


def _estimate(task: Task, context: Context) -> Outcome:
    """PVar from few responses against PVar from many."""
    from bench.papers.pvar.estimated import estimated

    return estimated(task, context)


def _confounds(request: Request) -> list[Task]:
    config: tables.SizeConfig = request.config
    data = fingerprints(request)
    parts = {"lab": lab_settings(config)}
    pools = [
        request.task(PAPER, "confounds", VERSION, POOL, seed, {"spread": spread, "model": model}, parts, data)
        for (spread, model), seed in product(product(SPREADS, ("large",)), request.seeds)
    ]
    return tasks("confounds", VERSION, request, tables.confounds(config)) + pools


def _estimation(request: Request) -> list[Task]:
    config: tables.EstimationConfig = request.config
    data = fingerprints(request)
    parts = {"lab": lab_settings(config), "estimation": config.model_dump(include={"prompts", "samples"})}
    return [
        request.task(PAPER, "estimation", VERSION, "pvar", seed, {"n": n, "model": model}, parts, data)
        for (model, n), seed in product(product(("gold", "large"), config.sizes), request.seeds)
    ]


def _theorise(task: Task, context: Context) -> Outcome:
    """Gradients, norms and bounds of prompts of the pool."""
    from bench.papers.pvar.theorised import theorised

    return theorised(task, context)


def _theory(request: Request) -> list[Task]:
    config: tables.TheoryConfig = request.config
    row = Row("random", "best_worst", config.fraction)
    data = fingerprints(request)
    parts = settings(config) | {"row": written(row, config), "prompts": config.prompts}
    return [
        request.task(PAPER, "theory", VERSION, "pvar", seed, {"policy": policy}, parts, data)
        for policy, seed in product(("before", "after"), request.seeds)
    ]


def _seconds(task: Task) -> float:
    """Rough seconds on one core; next to nothing where an earlier experiment has the same row."""
    if task.experiment == "theory":
        return 0.011 * float(task.settings["prompts"]) + 2
    if "row" not in task.settings:
        return 1.0
    row = task.settings["row"]
    if "text" in task.settings["lab"]:
        return _seconds_on_text(task)
    if task.experiment != "order" and all(row[name] in there for name, there in ORDERED.items()):
        return 0.3
    makes_lab = task.experiment == "order" and row["method"] == "all" and row["pairs"] == tables.BOTH[0]
    first = LAB_SECONDS[row["spread"]] if makes_lab else 0.0
    return first + 0.7 + 0.0014 * float(row["fraction"] * task.settings["lab"]["pool"])


def _seconds_on_text(task: Task) -> float:
    """Rough seconds on one core: 6 operations a parameter and trained token, 2 for the reference's, and as long as 40
    for a sampled one."""
    lab, row = task.settings["lab"], task.settings["row"]
    domain = lab["text"]["domain"]
    pair = domain["limits"]["prompt"] / 4 + domain["limits"]["response"] / 2  # tokens: most are far from the limits
    trained = (6 * task.settings["training"]["epochs"] + 2) * row["fraction"] * lab["pool"] * pair
    sampled = 2 * 40 * lab["text"]["test_tokens"] / 2 * (task.settings["judging"]["test_prompts"] + ARENA_HARD)
    return float((trained + sampled) * domain["policy"]["parameters"] / OPERATIONS_A_SECOND)


def _experiment(
    name: str,
    title: str,
    shows: str,
    config: type[PVarConfig],
    plan: Callable[[Request], list[Task]],
    execute: Callable[[Task, Context], Outcome],
    profiles: tuple[Profile, ...] = (Profile.EMBEDDED,),
) -> Experiment:
    return Experiment(
        name=name,
        title=title,
        shows=shows,
        variants=CORRECTED,
        profiles=profiles,
        config=config,
        plan=plan,
        execute=execute,
        version=VERSION,
        seconds=_seconds,
    )


def _rows(
    name: str,
    title: str,
    shows: str,
    rows: Callable[[Any], Sequence[Row]],
    config: type[PVarConfig],
    profiles: tuple[Profile, ...] = (Profile.EMBEDDED,),
) -> Experiment:
    """An experiment that is a list of policies."""

    def plan(request: Request) -> list[Task]:
        return tasks(name, VERSION, request, rows(request.config))

    return _experiment(name, title, shows, config, plan, _study, profiles)


EXPERIMENTS = (
    _rows(
        "order",
        "Top, random, bottom",
        "DPO on the prompts of highest, random and lowest preference variance, at equal size.",
        tables.order,
        tables.SizesConfig,
        ON_TEXT,
    ),
    _rows(
        "growth",
        "Margin growth",
        "How the margin grows in training on top, random and bottom, on the pairs trained on and on held-out ones.",
        tables.growth,
        tables.SizeConfig,
    ),
    _rows(
        "models",
        "Smaller reward models",
        "The same order where a smaller reward model chooses, or the truth does.",
        tables.models,
        tables.SizeConfig,
        ON_TEXT,
    ),
    _rows(
        "human",
        "Human labels",
        "Paid labels of a dataset's own pairs: those of the highest variance against all of them.",
        tables.human,
        tables.SizeConfig,
        ON_TEXT,
    ),
    _rows(
        "selectors",
        "Other selectors",
        "Preference variance beside what else prompts are chosen by, at an equal budget of paid labels.",
        tables.selectors,
        tables.SizeConfig,
    ),
    _rows(
        "losses",
        "Other losses",
        "Top, random and bottom for IPO, KTO, SimPO and ORPO.",
        tables.losses,
        tables.LossesConfig,
        ON_TEXT,
    ),
    _rows(
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
        tables.SizeConfig,
        _confounds,
        _confound,
    ),
    _experiment(
        "theory",
        "Gradients",
        "The norm of a prompt's gradient, its bound and its signal-to-noise ratio, against preference variance.",
        tables.TheoryConfig,
        _theory,
        _theorise,
    ),
    _experiment(
        "estimation",
        "Estimation error",
        "How many responses a prompt are needed to know its preference variance.",
        tables.EstimationConfig,
        _estimation,
        _estimate,
    ),
    *ANSWERS,
)
