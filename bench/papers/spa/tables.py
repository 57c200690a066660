"""Which policies each table of the paper compares: rows, each a list of stages.

Rows that tables share are the same stages, so their policies are trained once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from bench.papers.spa.recipe import (
    Row,
    SpaConfig,
    by_iteration,
    iterations,
    plainly,
    seed,
    tasks,
)
from bench.papers.spa.settings import DRAWS, Backbone, Policy
from bench.papers.spa.stage import Stage
from bench.run.config import Count, NotNegative, Positive
from bench.spec import Context, Experiment, Outcome, Profile, Request, Task, Variant

VERSION = 2
_TEXT = {
    Variant.CORRECTED: "the text's method; pairs of identical responses are left out, which tell nothing",
    Variant.AS_PUBLISHED: "the text's method, a pair for every prompt",
}
_ALL = _TEXT | {
    Variant.AS_RELEASED: "the scripts: no de-coupling, two iterations, a threshold that marks 13 %, two end tokens"
}
OPERATIONS_A_SECOND = 1e11  # of one core in float32 on the machine this was tested on; for the estimate of cost only
_OURS = (Profile.EMBEDDED, Profile.SMALL)  # what the paper does not have


class Table3Config(SpaConfig):
    """With the sizes of the seed."""

    sizes: list[Count]  # labels


class Other(BaseModel):
    """Another SFT policy, and what of the config it has otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: Policy | Backbone  # as the domain has them
    iterations: Count = 2
    beta: Positive | None = None
    seed_epochs: Count | None = None
    seed_learning_rate: Positive | None = None
    learning_rate: Positive | None = None


class Table5Config(SpaConfig):
    """With other SFT policies."""

    policies: list[Other]


class Table10Config(SpaConfig):
    """With Eq. 13's penalty."""

    length_penalty: NotNegative  # of a judged reward, a token


class ControlsConfig(SpaConfig):
    """With a seed that DPO learns less of."""

    gentle_learning_rate: Positive  # of DPO on the seed, below its best


class EfficiencyConfig(SpaConfig):
    """With more and more labels for DPO."""

    labels: list[Count]

    @model_validator(mode="after")
    def _are_there(self) -> EfficiencyConfig:
        there = self.domain.most_labels(self.pool)
        if max(self.labels) > there:
            raise ValueError(f"labels: {max(self.labels):,} prompts, and the domain has {there:,} for them")
        return self


def _start(config: SpaConfig, **condition: Any) -> list[Row]:
    """The policies that every table begins with: SFT, and DPO on the seed."""
    paid = {"gold_percent": config.gold_percent(config.seed_labels)}
    return [Row("sft", (), condition), Row("dpo", (seed(config),), paid | condition)]


def _spa(config: SpaConfig, variant: Variant, count: int | None = None, method: str = "spa") -> list[Row]:
    paid = config.gold_percent(config.seed_labels)
    return by_iteration(method, seed(config), iterations(config, variant, count), gold_percent=paid)


def _table1(config: SpaConfig, variant: Variant) -> list[Row]:
    rows = [*_start(config), *_spa(config, variant)]
    first = config.domain.labelled_begin(config.pool)
    if first is not None and variant != Variant.AS_RELEASED:  # its loss is DPO's in the release, too
        zephyr = replace(seed(config), prompts=(first, first + config.everyone), epochs=1)
        rows.insert(2, Row("zephyr", (zephyr,), {"gold_percent": 100.0}))
    return rows


def _table2(config: SpaConfig, variant: Variant) -> list[Row]:
    paid = {"gold_percent": config.gold_percent(config.seed_labels)}
    rows = [*_start(config), *_spa(config, variant)]
    for method, labels in (("iterative_dpo_pairrm", "ranker"), ("iterative_dpo_llm_judge", "llm_judge")):
        rows += by_iteration(method, seed(config), plainly(iterations(config, variant), labels), **paid)
    return rows


def _table3(config: Table3Config, variant: Variant) -> list[Row]:
    rows = [Row("sft", ())]
    for labels in config.sizes:
        start, paid = seed(config, labels=labels), config.gold_percent(labels)
        rows.append(Row("dpo", (start,), {"gold_percent": paid}))
        rows += by_iteration("spa", start, iterations(config, variant, 2), gold_percent=paid)
    return rows


def _table4(config: SpaConfig, variant: Variant) -> list[Row]:
    paid = config.gold_percent(config.seed_labels)
    rows = [Row("sft", ())]
    for draw in range(1, DRAWS + 1):
        start = seed(config, draw=draw)
        rows.append(Row("dpo", (start,), {"gold_percent": paid, "draw": draw}))
        rows += by_iteration("spa", start, iterations(config, variant, 2, draw), gold_percent=paid, draw=draw)
    return rows


def _table5(config: Table5Config, variant: Variant) -> list[Row]:
    rows: list[Row] = []
    for other in config.policies:
        changes = {name: value for name, value in other if name in SpaConfig.model_fields and value is not None}
        domain = config.domain.model_copy(update={"policy": other.policy})
        own = config.model_copy(update=changes | {"domain": domain})
        rows += [replace(row, config=own) for row in (*_start(own), *_spa(own, variant, other.iterations))]
    return rows


def _table6(config: SpaConfig, variant: Variant) -> list[Row]:
    paid = {"gold_percent": config.gold_percent(config.seed_labels)}
    whole = iterations(config, variant)
    coupled = tuple(replace(stage, decoupling=0.0) for stage in whole)
    return [
        *_start(config),
        *by_iteration("expansion", seed(config), plainly(whole), **paid),
        *by_iteration("expansion_refinement", seed(config), coupled, **paid),
        *_spa(config, variant),
    ]


def _table7(config: SpaConfig, variant: Variant) -> list[Row]:
    paid = {"gold_percent": config.gold_percent(config.seed_labels)}
    first, second = plainly(iterations(config, variant, 2))
    rows = [*_start(config), *by_iteration("expansion", seed(config), (first, second), **paid)]
    for method, labels in (
        ("expansion_previous_reference", "direct_previous"),
        ("expansion_pairrm", "ranker"),
        ("expansion_likelihood", "likelihood"),
    ):
        chain = (seed(config), first, replace(second, labels=labels))
        rows.append(Row(method, chain, {**paid, "iteration": 2}))
    return rows


def _table10(config: Table10Config, variant: Variant) -> list[Row]:
    paid = {"gold_percent": config.gold_percent(config.seed_labels)}
    stages = iterations(config, variant, 2)
    shorter = [replace(stage, length_penalty=config.length_penalty) for stage in stages]
    return [
        *_start(config),
        *_spa(config, variant, 2),
        *by_iteration("spa_length_regularised", seed(config), shorter, **paid),
    ]


def _figure4(config: SpaConfig, variant: Variant) -> list[Row]:
    stages = [replace(stage, labels="direct_base") for stage in iterations(config, variant, 2)]
    rows = [Row("instruct", ())]
    for number in range(1, len(stages) + 1):
        condition = {"gold_percent": 0.0, "iteration": number}
        rows.append(Row("spa_no_seed", tuple(stages[:number]), condition, against={"sft": 0}))
    return rows


def _controls(config: ControlsConfig, variant: Variant) -> list[Row]:
    """What a reviewer would ask for, after two iterations."""
    paid = {"gold_percent": config.gold_percent(config.seed_labels)}
    start, whole = seed(config), iterations(config, variant, 2)
    steps = sum(stage.epochs * -(-stage.pairs // config.batch_size) for stage in (start, *whole))
    longer = replace(start, epochs=round(steps / -(-start.pairs // config.batch_size)))
    gentle = replace(start, learning_rate=config.gentle_learning_rate)
    return [
        *_start(config),
        Row("dpo_longer", (longer,), paid),
        Row("dpo_gentle", (gentle,), paid),
        *by_iteration("spa_gentle", gentle, whole, **paid),
        *_spa(config, variant, 2),
        *by_iteration("spa_random_labels", start, [replace(stage, labels="random") for stage in whole], **paid),
        *by_iteration("spa_gold_labels", start, [replace(stage, labels="truth") for stage in whole], **paid),
    ]


def _efficiency(config: EfficiencyConfig, variant: Variant) -> list[Row]:
    """DPO on ever more labels."""
    rows = [Row("sft", ())]
    for labels in config.labels:
        start = seed(config, labels=labels)
        rows.append(Row("dpo", (start,), {"gold_percent": config.gold_percent(labels), "labels": labels}))
    return [*rows, *_spa(config, variant, 2)]


def _execute(task: Task, context: Context) -> Outcome:
    """Make the policy after the task's stages, or take it from the cache, and have it judged."""
    from bench.papers.spa.measures import measured

    return measured(task, context)


def _batches(task: Task) -> Any:
    """The stages of one chain, each of which begins where the one before ended."""
    return task.variant, task.seed, task.method, task.condition.get("draw"), task.condition.get("gold_percent")


def _seconds(task: Task) -> float:
    """Rough seconds on one core, of a compact policy; stages that another table has made cost nothing."""
    if task.settings["domain"]["name"] == "text":
        return _seconds_on_text(task)
    judging = 0.004 * float(task.settings["test_prompts"])
    if not task.settings["stages"]:
        return judging + 40
    stage = Stage.read(task.settings["stages"][-1])
    return judging + stage.pairs * (0.0025 + 0.0012 * stage.epochs)


def _seconds_on_text(task: Task) -> float:
    """Rough seconds on one core: 6 operations a parameter and trained token, and as long as 40 for a sampled one."""
    sampled = float(task.settings["sampling"]["max_tokens"])
    operations = 2 * 40 * sampled * task.settings["test_prompts"]
    for written in task.settings["stages"][-1:]:
        stage = Stage.read(written)
        trained = task.settings["domain"]["limits"]["prompt"] / 2 + 2 * sampled
        operations += stage.pairs * (6 * stage.epochs * trained + 40 * 2 * sampled * (stage.labels != "people"))
    return float(operations * task.settings["domain"]["policy"]["parameters"] / OPERATIONS_A_SECOND)


def _experiment(
    name: str,
    title: str,
    shows: str,
    rows: Callable[[Any, Variant], Sequence[Row]],
    config: type[SpaConfig] = SpaConfig,
    variants: Mapping[Variant, str] = _TEXT,
    profiles: tuple[Profile, ...] = tuple(Profile),
) -> Experiment:
    def plan(request: Request) -> list[Task]:
        return tasks(name, VERSION, request, rows(request.config, request.variant))

    return Experiment(
        name=name,
        title=title,
        shows=shows,
        variants=variants,
        profiles=profiles,
        config=config,
        plan=plan,
        execute=_execute,
        version=VERSION,
        batch=_batches,
        seconds=_seconds,
    )


EXPERIMENTS = (
    _experiment(
        "table1",
        "Table 1, Figure 2",
        "How often the policy of each stage wins against the SFT policy: DPO on the paid labels, SPA's iterations.",
        _table1,
        variants=_ALL,
    ),
    _experiment(
        "table2",
        "Table 2, Figure 3",
        "Who judges: the policy itself, a reward model trained on many labels, or a model that is asked in words.",
        _table2,
    ),
    _experiment(
        "table3", "Table 3", "How much the number of paid labels matters, to DPO and to SPA.", _table3, Table3Config
    ),
    _experiment("table4", "Table 4", "How much it matters which prompts were paid for: three draws.", _table4),
    _experiment(
        "table5",
        "Table 5",
        "The same loop from other SFT policies.",
        _table5,
        Table5Config,
        profiles=(Profile.EMBEDDED, Profile.PAPER),  # of the small models, this suite knows one
    ),
    _experiment(
        "table6",
        "Tables 6 and 9",
        "What each part adds: data expansion, self-refinement, de-coupled noise detection.",
        _table6,
        variants=_ALL,
    ),
    _experiment(
        "table7", "Table 7", "What a judgement is relative to: SFT, the policy before, nothing, PairRM.", _table7
    ),
    _experiment(
        "table10", "Table 10", "How long responses get, and what a penalty on length does.", _table10, Table10Config
    ),
    _experiment("figure4", "Figure 4", "Without any paid label: judged against the model before its tuning.", _figure4),
    _experiment(
        "controls",
        "Controls",
        "What a reviewer would ask for: DPO for as many steps, a seed learnt less well, random and true labels.",
        _controls,
        ControlsConfig,
        profiles=_OURS,
    ),
    _experiment(
        "efficiency",
        "Label efficiency",
        "How many labels DPO needs to be as good as SPA is on the seed.",
        _efficiency,
        EfficiencyConfig,
        profiles=_OURS,
    ),
)
