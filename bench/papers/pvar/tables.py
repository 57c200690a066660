"""Which policies each experiment compares: rows. What experiments share is trained once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from pydantic import Field, model_validator

from bench.domains.settings import Settings
from bench.papers.pvar.methods import BASELINES
from bench.papers.pvar.recipe import PVarConfig, Row
from bench.run.config import Count, Positive

ORDER = ("pvar", "random", "pvar_bottom")
BOTH = ("best_worst", "random_labelled")  # ways to make a pair


class SizesConfig(PVarConfig):
    """With the sizes of what is chosen."""

    fractions: list[Positive] = Field(min_length=1)  # of the pool, below 1


class SizeConfig(PVarConfig):
    """With the size of what is chosen."""

    fraction: Positive  # of the pool


class Loss(Settings):
    """How a loss is used."""

    learning_rate: Positive
    hyper: dict[str, float]


class LossesConfig(SizeConfig):
    """With other losses than DPO's."""

    losses: dict[str, Loss]


def order(config: SizesConfig) -> list[Row]:
    """Top, random and bottom of every size, and the whole pool, for every way to make a pair and spread."""
    rows = []
    for pairs, spread in product(BOTH, config.spreads):
        rows.append(Row("all", pairs, 1.0, spread))
        rows += [Row(method, pairs, part, spread) for part, method in product(config.fractions, ORDER)]
    return rows


def growth(config: SizeConfig) -> list[Row]:
    """One size of the order, whose margins are looked at."""
    return [Row(method, pairs, config.fraction) for pairs, method in product(BOTH, ORDER)]


def models(config: SizeConfig) -> list[Row]:
    """The same order where smaller reward models choose, or the truth does."""
    return [
        Row(method, pairs, config.fraction, model=model) for pairs, model, method in product(BOTH, config.models, ORDER)
    ]


def selectors(config: SizeConfig) -> list[Row]:
    """Every selector at an equal budget of paid labels."""
    methods = ("random", "pvar", *BASELINES)
    gold = Row("pvar", "random_labelled", config.fraction, model="gold")
    return [*(Row(method, "random_labelled", config.fraction) for method in methods), gold]


def human(config: SizeConfig) -> list[Row]:
    """The pair that a dataset comes with: a part of the prompts against all of them."""
    methods = ("pvar", "random", "pvar_bottom")
    return [
        Row("all", "random_labelled", 1.0),
        *(Row(method, "random_labelled", config.fraction) for method in methods),
    ]


def losses(config: LossesConfig) -> list[Row]:
    """Top, random and bottom for DPO and the other losses."""
    rows = [Row(method, "best_worst", config.fraction) for method in ORDER]
    for name, loss in config.losses.items():
        rows += [
            Row(method, "best_worst", config.fraction, loss=name, hyper=loss.hyper, learning_rate=loss.learning_rate)
            for method in ORDER
        ]
    return rows


def efficiency(config: SizesConfig) -> list[Row]:
    """Top and random at ever larger budgets, up to the whole pool, where they are the same."""
    rows = []
    for pairs in BOTH:
        rows.append(Row("all", pairs, 1.0))
        rows += [Row(method, pairs, part) for part, method in product(config.fractions, ("pvar", "random"))]
    return rows


class TheoryConfig(SizeConfig):
    """With the prompts whose gradients are looked at, and how many the policy after training has learnt from."""

    prompts: Count


class EstimationConfig(PVarConfig):
    """With the prompts and responses on which the error of an estimate is measured."""

    prompts: Count
    samples: Count  # of each
    sizes: list[Count] = Field(min_length=1)  # responses that an estimate has, at most half of the samples

    @model_validator(mode="after")
    def _leave_others(self) -> EstimationConfig:
        if 2 * max(self.sizes) > self.samples:
            raise ValueError(f"sizes: {max(self.sizes)} responses against as many others of {self.samples} samples")
        return self


def confounds(config: SizeConfig) -> list[Row]:
    """Top, random and bottom where all pairs have the same gap, or no difference in length."""
    ways: Sequence[str] = ("best_worst", "equal_gap", "equal_length")
    return [Row(method, pairs, config.fraction) for pairs, method in product(ways, ORDER)]
