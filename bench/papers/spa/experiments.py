"""The paper's experiments: a title and a config for each list of rows, and what a task costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench.papers.spa import tables
from bench.papers.spa.recipe import Row, SpaConfig, tasks
from bench.papers.spa.stage import Stage
from bench.spec import Context, Experiment, Outcome, Profile, Request, Task, Variant

VERSION = 3
_TEXT = {
    Variant.CORRECTED: "the text's method; pairs of identical responses are left out, which tell nothing",
    Variant.AS_PUBLISHED: "the text's method, a pair for every prompt",
}
_ALL = _TEXT | {
    Variant.AS_RELEASED: "the scripts: no de-coupling, two iterations, a threshold that marks 13 %, two end tokens"
}
OPERATIONS_A_SECOND = 1e11  # of one core in float32 on the machine this was tested on; for the estimate of cost only
_MAIN = ("sft", "dpo", "spa")
EARLIER = {  # rows that tables share with one before them
    **dict.fromkeys(("table2", "table6", "table10", "controls"), _MAIN),
    **dict.fromkeys(("table3", "table4", "figure4"), ("sft", "instruct")),
    "table7": (*_MAIN, "expansion"),
    "efficiency": ("sft", "spa"),
}
_OURS = (Profile.EMBEDDED, Profile.SMALL)  # what the paper does not have


def _execute(task: Task, context: Context) -> Outcome:
    """Make the policy after the task's stages, or take it from the cache, and have it judged."""
    from bench.papers.spa.measures import measured

    return measured(task, context)


def _batches(task: Task) -> Any:
    """The stages of one chain, each of which begins where the one before ended."""
    return task.variant, task.seed, task.method, task.condition.get("draw"), task.condition.get("gold_percent")


def _seconds(task: Task) -> float:
    """Rough seconds on one core, of a compact policy; next to nothing where an earlier table has the same row."""
    if task.method in EARLIER.get(task.experiment, ()):
        return 0.1
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
        tables.table1,
        variants=_ALL,
    ),
    _experiment(
        "table2",
        "Table 2, Figure 3",
        "Who judges: the policy itself, a reward model trained on many labels, or a model that is asked in words.",
        tables.table2,
    ),
    _experiment(
        "table3",
        "Table 3",
        "How much the number of paid labels matters, to DPO and to SPA.",
        tables.table3,
        tables.Table3Config,
    ),
    _experiment("table4", "Table 4", "How much it matters which prompts were paid for: three draws.", tables.table4),
    _experiment(
        "table5",
        "Table 5",
        "The same loop from other SFT policies.",
        tables.table5,
        tables.Table5Config,
        profiles=(Profile.EMBEDDED, Profile.PAPER),  # of the small models, this suite knows one
    ),
    _experiment(
        "table6",
        "Tables 6 and 9",
        "What each part adds: data expansion, self-refinement, de-coupled noise detection.",
        tables.table6,
        variants=_ALL,
    ),
    _experiment(
        "table7", "Table 7", "What a judgement is relative to: SFT, the policy before, nothing, PairRM.", tables.table7
    ),
    _experiment(
        "table10",
        "Table 10",
        "How long responses get, and what a penalty on length does.",
        tables.table10,
        tables.Table10Config,
    ),
    _experiment(
        "figure4", "Figure 4", "Without any paid label: judged against the model before its tuning.", tables.figure4
    ),
    _experiment(
        "controls",
        "Controls",
        "What a reviewer would ask for: DPO for as many steps, a seed learnt less well, random and true labels.",
        tables.controls,
        tables.ControlsConfig,
        profiles=_OURS,
    ),
    _experiment(
        "efficiency",
        "Label efficiency",
        "How many labels DPO needs to be as good as SPA is on the seed.",
        tables.efficiency,
        tables.EfficiencyConfig,
        profiles=_OURS,
    ),
)
