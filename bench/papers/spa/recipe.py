"""SPA's settings, and the lists of stages that its tables are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, product
from typing import Annotated, Any

from pydantic import Field, model_validator

from bench.domains.settings import Settings, TextSettings, WorldSettings
from bench.papers.spa.layout import DRAWS, Layout, layout
from bench.papers.spa.stage import Stage, write
from bench.run.config import Config, Count, NotNegative, Positive, Share
from bench.spec import Request, Scalar, Task, Variant

NEEDS = {"direct_base": "base", "ranker": "ranker"}  # labels -> a model of the domain's that they take
RELEASED_ITERATIONS = 2  # run_all.sh: `1 2`; the third part of the data is made and never used


class Judge(Settings):
    """How the SFT policy is taught to judge (Appendix B.2)."""

    epochs: Count
    learning_rate: Positive


class SpaConfig(Config):
    """How many labels and prompts, and how each stage samples, labels and trains. All tables share it."""

    domain: Annotated[WorldSettings | TextSettings, Field(discriminator="name")]
    seed_labels: Count  # paid
    pool: Count  # prompts from which each draw of the seed takes its first `seed_labels`
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
    judge: Judge
    checkpoint_every: Count  # steps: what a kill can lose
    test_tokens: Count | None = None  # of a judged response; default: max_tokens
    test_prompts: Count  # a response of each policy to every one of them is judged

    @model_validator(mode="after")
    def _fits(self) -> SpaConfig:
        if len(self.decoupling) != len(self.prompts):
            raise ValueError(f"decoupling has {len(self.decoupling)} values for {len(self.prompts)} iterations")
        if self.seed_labels > self.pool:
            raise ValueError(f"seed_labels is {self.seed_labels:,}, and a draw has a pool of {self.pool:,} prompts")
        lies = self.layout
        if lies.seed_begins(DRAWS, self.pool) + self.pool > lies.iterations_begin(DRAWS):
            raise ValueError(f"pool: {DRAWS} draws of {self.pool:,} prompts are more than have labels")
        last = lies.iterations_begin(1) + sum(self.prompts)
        if lies.labelled is not None:
            last = max(last, lies.labelled + self.everyone)
        for name, needed, there in (
            (f"{DRAWS} pools, prompts and seed_labels", last, lies.prompts),
            ("test_prompts", self.test_prompts, self.domain.sizes()["test"]),
        ):
            if needed > there:
                raise ValueError(f"{name} come to {needed:,} prompts, and the domain has {there:,}")
        return self

    @property
    def layout(self) -> Layout:
        """Where the prompts of seeds and iterations lie."""
        return layout(self.domain, self.pool)

    @property
    def everyone(self) -> int:
        """The prompts of the seed and of all iterations."""
        return self.seed_labels + sum(self.prompts)

    def gold_percent(self, labels: int) -> float:
        """Labels as a share of everyone's, as the paper counts."""
        return round(100 * labels / self.everyone, 1)


@dataclass(frozen=True)
class Row:
    """A task to be: the policy after `stages`, named as the table names it."""

    method: str
    stages: tuple[Stage, ...]
    condition: Mapping[str, Scalar] = field(default_factory=dict)
    config: SpaConfig | None = None  # where it is not the experiment's
    against: Mapping[str, int] = field(default_factory=lambda: {"sft": 0, "dpo": 1})  # name -> so many of its stages


def seed(config: SpaConfig, *, labels: int | None = None, draw: int = 1) -> Stage:
    """DPO on paid labels of the seed's `draw`, by default as many as the config says."""
    count = config.seed_labels if labels is None else labels
    first = config.layout.seed_begins(draw, count)
    return Stage((first, first + count), "people", config.seed_learning_rate, epochs=config.seed_epochs)


def iterations(config: SpaConfig, variant: Variant, count: int | None = None, draw: int = 1) -> tuple[Stage, ...]:
    """SPA's first `count` iterations, of all, on the prompts that go with the seed's `draw`.

    The released scripts run two and never de-couple.
    """
    released = variant == Variant.AS_RELEASED
    first, stages = config.layout.iterations_begin(draw), []
    for size, decoupling in zip(config.prompts, config.decoupling, strict=True):
        strength = 0.0 if released else decoupling
        stages.append(Stage((first, first + size), "direct", config.learning_rate, refine=True, decoupling=strength))
        first += size
    most = RELEASED_ITERATIONS if released else len(stages)
    return tuple(stages[: min(most, len(stages) if count is None else count)])


def plainly(stages: Sequence[Stage], labels: str = "direct") -> tuple[Stage, ...]:
    """Data expansion and nothing else: the same prompts with `labels`, and plain DPO."""
    return tuple(replace(stage, labels=labels, refine=False, decoupling=0.0) for stage in stages)


def by_iteration(method: str, start: Stage, stages: Sequence[Stage], **condition: Scalar) -> list[Row]:
    """A row for the policy after every one of `stages`, which follow the seed stage `start`."""
    chain = (start, *stages)
    return [
        Row(method, chain[: number + 1], {**condition, "iteration": number}) for number in range(1, len(stages) + 1)
    ]


def tasks(experiment: str, version: int, request: Request, rows: Sequence[Row]) -> list[Task]:
    """The tasks of `rows`, chain by chain and in each seed by seed: what a chain begins with has been made before it.

    Conditions begin with the model.
    """
    config: SpaConfig = request.config
    also = {NEEDS[stage.labels] for row in rows for stage in row.stages if stage.labels in NEEDS}
    configs = {id(of): of for of in (row.config or config for row in rows)}
    fingerprints = {key: of.domain.fingerprints(request.data_dir, also) for key, of in configs.items()}
    settings = {key: _settings(of, request.variant) for key, of in configs.items()}
    return [
        request.task(
            "spa",
            experiment,
            version,
            method=row.method,
            seed=number,
            condition={"model": of.domain.model, **row.condition},
            settings=settings[id(of)]
            | {"stages": write(row.stages), "against": dict(row.against) if of.domain.compares else {}},
            data=fingerprints[id(of)],
        )
        for number, row in _in_order(request.seeds, rows)
        for of in [row.config or config]
    ]


def _in_order(seeds: Sequence[int], rows: Sequence[Row]) -> Iterator[tuple[int, Row]]:
    for _, found in groupby(rows, key=lambda row: (row.method, row.condition.get("draw"), row.stages[:1])):
        chain = list(found)
        yield from product(seeds, chain)


def _settings(config: SpaConfig, variant: Variant) -> dict[str, Any]:
    """What all stages of a config share."""
    released = variant == Variant.AS_RELEASED
    return {
        "domain": config.domain.model_dump(),
        "sampling": config.model_dump(include={"temperature", "max_tokens"}),
        "training": config.model_dump(include={"beta", "warmup", "batch_size"}),
        "refinement": config.model_dump(include={"alpha", "share", "window", "start"})
        | {"threshold": "released" if released else "quantile"},
        "judge": config.judge.model_dump(),
        "end_twice": released,
        "drop_identical": variant == Variant.CORRECTED,
        "test_prompts": config.test_prompts,
        "checkpoint_every": config.checkpoint_every,
        **({} if config.test_tokens is None else {"testing": {"max_tokens": config.test_tokens}}),
    }
