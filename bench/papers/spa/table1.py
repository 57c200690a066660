"""Table 1 and Figure 2: from a small labelled seed, the policy labels its own samples and improves, three times over.

A task is a stage: the SFT policy, DPO on the paid labels, an iteration of SPA. `corrected` and `as_published` follow
the paper's text; `as_released` what the authors' scripts run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from bench.run.config import Config, Count, NotNegative, Positive, Share
from bench.spec import Context, Experiment, Outcome, Profile, Progress, Request, Task, Variant

VERSION = 1
RELEASED_ITERATIONS = 2  # run_all.sh: `1 2`; the third part of the data is made and never used


class Table1Config(Config):
    """How many labels and prompts, and how each stage samples, labels and trains."""

    policy: Literal["small", "tiny"]  # the SFT policy of the known-truth world
    seed_labels: Count  # paid
    prompts: list[Count] = Field(min_length=1)  # of each iteration, without labels
    decoupling: list[NotNegative]  # lambda of each iteration
    temperature: Positive  # of the two responses to a prompt
    max_tokens: Count  # of a response
    beta: Positive
    alpha: Share  # label smoothing of a marked pair
    share: Positive  # of the pairs that are to be marked: K
    window: Count  # pairs that the threshold is taken from
    start: Share  # of the steps without marks
    seed_epochs: Count
    seed_learning_rate: Positive  # the peak of a cosine, of DPO on the seed
    learning_rate: Positive  # of an iteration
    warmup: Share
    batch_size: Count  # pairs a step
    checkpoint_every: Count  # steps: what a kill can lose
    test_prompts: Count  # a response of each policy to every one of them is judged

    @model_validator(mode="after")
    def _fits(self) -> Table1Config:
        from bench.data.world.world import SIZES

        if len(self.decoupling) != len(self.prompts):
            raise ValueError(f"decoupling has {len(self.decoupling)} values for {len(self.prompts)} iterations")
        for name, needed, part in (
            ("seed_labels and prompts", self.seed_labels + sum(self.prompts), "train"),
            ("test_prompts", self.test_prompts, "test"),
        ):
            if needed > SIZES[part]:
                raise ValueError(f"{name} come to {needed:,} prompts, and the world has {SIZES[part]:,}")
        return self


def plan(request: Request) -> Iterator[Task]:
    """For every seed: SFT, DPO on the seed, and the iterations in their order."""
    from bench.data.world import gold, world

    config: Table1Config = request.config
    released = request.variant == Variant.AS_RELEASED
    stages = _stages(config, request.variant)
    shared: dict[str, Any] = {
        "policy": config.policy,
        "sampling": config.model_dump(include={"temperature", "max_tokens"}),
        "training": config.model_dump(include={"beta", "warmup", "batch_size"}),
        "refinement": config.model_dump(include={"alpha", "share", "window", "start"})
        | {"threshold": "released" if released else "quantile"},
        "end_twice": released,
        "drop_identical": request.variant == Variant.CORRECTED,
        "test_prompts": config.test_prompts,
        "checkpoint_every": config.checkpoint_every,
    }
    model = {"model": f"world-{config.policy}"}
    gold_percent = round(100 * config.seed_labels / (config.seed_labels + sum(config.prompts)), 1)
    for seed in request.seeds:
        for count in range(len(stages) + 1):
            condition: dict[str, Any] = dict(model)
            if count:
                condition["gold_percent"] = gold_percent
            if count > 1:
                condition["iteration"] = count - 1
            yield Task(
                paper="spa",
                experiment="table1",
                variant=request.variant,
                profile=request.profile,
                method=("sft", "dpo", "spa")[min(count, 2)],
                seed=seed,
                condition=condition,
                settings={**shared, "stages": stages[:count]},
                data={"world": world.FINGERPRINT, "gold": gold.FINGERPRINT},
                version=VERSION,
            )


def _stages(config: Table1Config, variant: Variant) -> list[dict[str, Any]]:
    """What each trained stage does differently: its part of the prompts, its learning rate, its lambda."""
    released = variant == Variant.AS_RELEASED
    sizes = [config.seed_labels, *config.prompts[: RELEASED_ITERATIONS if released else None]]
    stages = []
    for number in range(len(sizes)):
        stages.append(
            {
                "prompts": [sum(sizes[:number]), sum(sizes[: number + 1])],
                "epochs": config.seed_epochs if number == 0 else 1,
                "learning_rate": config.learning_rate if number else config.seed_learning_rate,
                "decoupling": 0.0 if released or number == 0 else config.decoupling[number - 1],
            }
        )
    return stages


def prepare(tasks: Sequence[Task], context: Context, progress: Progress | None) -> None:
    """Train the SFT policy of every world that `tasks` are in, where the cache does not have it."""
    from bench.learn.policy.world_policy import world_policy

    worlds = list(dict.fromkeys((task.seed, str(task.settings["policy"])) for task in tasks))
    for place, (seed, size) in enumerate(worlds):
        world_policy(cache_dir=context.cache_dir, seed=seed, size=size)
        if progress:
            progress(place + 1, len(worlds))


def execute(task: Task, context: Context) -> Outcome:
    """Make the policy of the last of the task's stages, or take it from the cache, and have it judged."""
    from bench.papers.spa.measures import measured

    return measured(task, context)


def batch(task: Task) -> Any:
    """The stages of one seed, each of which begins where the one before ended."""
    return task.variant, task.seed


def seconds(task: Task) -> float:
    """Rough seconds on one core."""
    judging = 0.0125 * float(task.settings["test_prompts"])
    if not task.settings["stages"]:
        return judging
    stage = task.settings["stages"][-1]
    first, last = stage["prompts"]
    a_pair = 0.008 + 0.005 * stage["epochs"] + 0.0015 * (stage["decoupling"] > 0)
    return judging + float((last - first) * a_pair)


TABLE1 = Experiment(
    name="table1",
    title="Table 1, Figure 2",
    shows="How often the policy of each stage wins against the SFT policy: DPO on the paid labels, SPA's iterations.",
    variants={
        Variant.CORRECTED: "the text's method; pairs of identical responses are left out, which tell nothing",
        Variant.AS_PUBLISHED: "the text's method, a pair for every prompt",
        Variant.AS_RELEASED: "the scripts: no de-coupling, two iterations, a threshold that marks 13 %, two end tokens",
    },
    profiles=(Profile.EMBEDDED,),
    config=Table1Config,
    plan=plan,
    execute=execute,
    prepare=prepare,
    version=VERSION,
    batch=batch,
    seconds=seconds,
)
