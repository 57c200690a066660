"""Which policies each table of the paper compares: rows, each a list of stages.

Rows that tables share are the same stages, so their policies are trained once.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import model_validator

from bench.domains.settings import Backbone, Policy, Settings
from bench.papers.spa.layout import DRAWS
from bench.papers.spa.recipe import (
    Row,
    SpaConfig,
    by_iteration,
    iterations,
    plainly,
    seed,
)
from bench.run.config import Count, NotNegative, Positive
from bench.spec import Scalar, Variant


class Table3Config(SpaConfig):
    """With the sizes of the seed."""

    sizes: list[Count]  # labels


class Other(Settings):
    """Another SFT policy, and what of the config it has otherwise."""

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
        there = self.layout.most_labels
        if max(self.labels) > there:
            raise ValueError(f"labels: {max(self.labels):,} prompts, and the domain has {there:,} for them")
        return self


def _paid(config: SpaConfig) -> dict[str, Scalar]:
    return {"gold_percent": config.gold_percent(config.seed_labels)}


def _start(config: SpaConfig) -> list[Row]:
    """The policies that every table begins with: SFT, and DPO on the seed."""
    return [Row("sft", ()), Row("dpo", (seed(config),), _paid(config))]


def _spa(config: SpaConfig, variant: Variant, count: int | None = None) -> list[Row]:
    return by_iteration("spa", seed(config), iterations(config, variant, count), **_paid(config))


def table1(config: SpaConfig, variant: Variant) -> list[Row]:
    """The stages of SPA, and DPO on labels of all prompts (the paper's Zephyr)."""
    rows = [*_start(config), *_spa(config, variant)]
    first = config.layout.labelled
    if first is not None and variant != Variant.AS_RELEASED:  # its loss is DPO's in the release, too
        zephyr = replace(seed(config), prompts=(first, first + config.everyone), epochs=1)
        rows.insert(2, Row("zephyr", (zephyr,), {"gold_percent": 100.0}))
    return rows


def table2(config: SpaConfig, variant: Variant) -> list[Row]:
    """Three judges, at every iteration."""
    paid = _paid(config)
    rows = [*_start(config), *_spa(config, variant)]
    for method, labels in (("iterative_dpo_pairrm", "ranker"), ("iterative_dpo_llm_judge", "llm_judge")):
        rows += by_iteration(method, seed(config), plainly(iterations(config, variant), labels), **paid)
    return rows


def table3(config: Table3Config, variant: Variant) -> list[Row]:
    """DPO and SPA after two iterations, on seeds of growing size."""
    rows = [Row("sft", ())]
    for labels in config.sizes:
        start, paid = seed(config, labels=labels), config.gold_percent(labels)
        rows.append(Row("dpo", (start,), {"gold_percent": paid}))
        rows += by_iteration("spa", start, iterations(config, variant, 2), gold_percent=paid)
    return rows


def table4(config: SpaConfig, variant: Variant) -> list[Row]:
    """Three draws of the seed, two iterations of each."""
    rows = [Row("sft", ())]
    for draw in range(1, DRAWS + 1):
        start = seed(config, draw=draw)
        rows.append(Row("dpo", (start,), _paid(config) | {"draw": draw}))
        rows += by_iteration("spa", start, iterations(config, variant, 2, draw), draw=draw, **_paid(config))
    return rows


def table5(config: Table5Config, variant: Variant) -> list[Row]:
    """Other SFT policies."""
    rows: list[Row] = []
    for other in config.policies:
        changes = {name: value for name, value in other if name in SpaConfig.model_fields and value is not None}
        domain = config.domain.model_copy(update={"policy": other.policy})
        own = config.model_copy(update=changes | {"domain": domain})
        rows += [replace(row, config=own) for row in (*_start(own), *_spa(own, variant, other.iterations))]
    return rows


def table6(config: SpaConfig, variant: Variant) -> list[Row]:
    """The method part by part."""
    paid = _paid(config)
    whole = iterations(config, variant)
    coupled = tuple(replace(stage, decoupling=0.0) for stage in whole)
    return [
        *_start(config),
        *by_iteration("expansion", seed(config), plainly(whole), **paid),
        *by_iteration("expansion_refinement", seed(config), coupled, **paid),
        *_spa(config, variant),
    ]


def table7(config: SpaConfig, variant: Variant) -> list[Row]:
    """From the first iteration, without refinement, to the second by four judgements."""
    paid = _paid(config)
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


def table10(config: Table10Config, variant: Variant) -> list[Row]:
    """Two iterations, with a penalty on length and without."""
    paid = _paid(config)
    stages = iterations(config, variant, 2)
    shorter = [replace(stage, length_penalty=config.length_penalty) for stage in stages]
    return [
        *_start(config),
        *_spa(config, variant, 2),
        *by_iteration("spa_length_regularised", seed(config), shorter, **paid),
    ]


def figure4(config: SpaConfig, variant: Variant) -> list[Row]:
    """Two iterations from no label at all."""
    stages = [replace(stage, labels="direct_base") for stage in iterations(config, variant, 2)]
    rows = [Row("instruct", ())]
    for number in range(1, len(stages) + 1):
        condition = {"gold_percent": 0.0, "iteration": number}
        rows.append(Row("spa_no_seed", tuple(stages[:number]), condition, against={"sft": 0}))
    return rows


def controls(config: ControlsConfig, variant: Variant) -> list[Row]:
    """What a reviewer would ask for, after two iterations."""
    paid = _paid(config)
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


def efficiency(config: EfficiencyConfig, variant: Variant) -> list[Row]:
    """DPO on ever more labels."""
    rows = [Row("sft", ())]
    for labels in config.labels:
        start = seed(config, labels=labels)
        rows.append(Row("dpo", (start,), {"gold_percent": config.gold_percent(labels), "labels": labels}))
    return [*rows, *_spa(config, variant, 2)]
