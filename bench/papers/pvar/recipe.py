"""PVar's settings, and what a task is: choose prompts from a pool, make a pair of each, train, judge."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bench.run.config import Config, Count, Positive, Share
from bench.spec import Request, Scalar, Task


class Settings(BaseModel):
    """Keys of a config below the top."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Labelled(Settings):
    """A reward model by what it learns from: paid labels of prompts that the pool does not have."""

    labels: Count
    epochs: Count
    learning_rate: Positive


class RewardModels(Settings):
    """The 8B, 3B and 1B of this world."""

    large: Labelled
    small: Labelled
    tiny: Labelled


class Rates(Settings):
    """The peak of a cosine, for each way to make a pair and size, a share of the pool."""

    best_worst: dict[float, Positive] = Field(min_length=1)
    random_labelled: dict[float, Positive] = Field(min_length=1)

    def of(self, pairs: str, fraction: float) -> float:
        """That of the nearest size, in its logarithm; pairs that a reward model ordered are like best and worst."""
        by_size = self.random_labelled if pairs == "random_labelled" else self.best_worst
        return by_size[min(by_size, key=lambda size: abs(math.log(size / fraction)))]


class PVarConfig(Config):
    """Which pool, who chooses, how a policy is trained and judged. All experiments share it."""

    policy: Literal["compact", "small", "llama", "tiny"]  # the size of the world's SFT policy
    pool: Count  # prompts, for each spread of their variances
    responses: int = Field(ge=2)  # of the SFT policy to each of them
    max_tokens: Count  # of a response
    temperature: Positive
    reward_models: RewardModels
    learning_rate: Rates  # of DPO
    beta: Positive
    batch_size: Count  # pairs a step
    epochs: Count
    warmup: Share
    test_prompts: Count  # a response of each policy to every one of them is judged
    opponents: Count  # responses of the SFT policy that it is compared with
    held_out: Count  # validation pairs, in the order of the truth, on which margins are measured
    divergence: Count  # test prompts that the divergence from the SFT policy is measured on

    @model_validator(mode="after")
    def _fits(self) -> PVarConfig:
        from bench.data.world.gold import STAKES
        from bench.data.world.world import SIZES

        widest = self.pool * len(STAKES) * 1.1  # of which the middle stakes are a third
        for name, needed, part in (
            ("pool and reward_models.large.labels", widest + self.reward_models.large.labels, "train"),
            ("test_prompts", self.test_prompts, "test"),
            ("held_out", self.held_out, "validation"),
        ):
            if needed > SIZES[part]:
                raise ValueError(f"{name} need {needed:,.0f} prompts, and the world has {SIZES[part]:,}")
        return self


@dataclass(frozen=True)
class Row:
    """A policy to be: who chose how many prompts of which pool, and what it learnt from them."""

    method: str  # how prompts are chosen: a name in `methods.METHODS`
    pairs: str  # how each gives a pair: a name in `methods.PAIRS`
    fraction: float  # of the pool
    spread: str = "wide"  # of the pool's variances: a name in `methods.SPREADS`
    model: str = "large"  # the reward model that chooses, and that tells best from worst
    loss: str = "dpo"
    hyper: Mapping[str, float] = field(default_factory=dict)  # of the loss; DPO has the config's beta
    learning_rate: float | None = None  # where it is not that of DPO on such pairs

    @property
    def condition(self) -> dict[str, Scalar]:
        """The columns that a reader groups by."""
        return {
            "pairs": self.pairs,
            "spread": self.spread,
            "model": self.model,
            "loss": self.loss,
            "fraction": self.fraction,
        }


def tasks(experiment: str, version: int, request: Request, rows: Sequence[Row]) -> list[Task]:
    """The tasks of `rows`, row by row, in each seed by seed: workers begin with a seed each, and make its pool."""
    config: PVarConfig = request.config
    shared = settings(config)
    return [
        task(experiment, version, request, row.method, seed, row.condition, shared | {"row": written(row, config)})
        for row, seed in product(rows, request.seeds)
    ]


def task(
    experiment: str,
    version: int,
    request: Request,
    method: str,
    seed: int,
    condition: Mapping[str, Scalar],
    settings: Mapping[str, Any],
) -> Task:
    """One task of this paper in the known-truth world."""
    return Task(
        paper="pvar",
        experiment=experiment,
        variant=request.variant,
        profile=request.profile,
        method=method,
        seed=seed,
        condition=condition,
        settings=settings,
        data=fingerprints(),
        version=version,
    )


def lab_settings(config: PVarConfig) -> dict[str, Any]:
    """What pools and reward models depend on."""
    return config.model_dump(include={"policy", "pool", "responses", "max_tokens", "temperature", "reward_models"})


def settings(config: PVarConfig) -> dict[str, Any]:
    """What all rows share."""
    return {
        "lab": lab_settings(config),
        "training": config.model_dump(include={"batch_size", "epochs", "warmup"}),
        "judging": config.model_dump(include={"test_prompts", "opponents", "held_out", "divergence"}),
    }


def written(row: Row, config: PVarConfig) -> dict[str, Any]:
    """The row as plain JSON values, with learning rate and hyper-parameters."""
    rate = config.learning_rate.of(row.pairs, row.fraction) if row.learning_rate is None else row.learning_rate
    return asdict(row) | {"hyper": dict(row.hyper or {"beta": config.beta}), "learning_rate": rate}


def fingerprints() -> dict[str, str]:
    """Of the data, by name."""
    from bench.data.world import gold, world

    return {"world": world.FINGERPRINT, "gold": gold.FINGERPRINT}
