"""PVar's settings, and what a task is: choose prompts from a pool, make a pair of each, train, judge."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from bench.domains.settings import Backbone, Labelled, Settings, TextSettings
from bench.papers.pvar.methods import MODELS, SPREADS
from bench.run.config import Config, Count, NotNegative, Positive, Share
from bench.spec import Request, Scalar, Task

PAPER = "pvar"


class RewardModels(Settings):
    """The 8B, 3B and 1B of this world."""

    large: Labelled
    small: Labelled
    tiny: Labelled


class HubRewardModels(Settings):
    """Those of a hub, with a classification head of one logit."""

    large: Backbone
    small: Backbone
    tiny: Backbone


class OnText(Settings):
    """A study of language models on UltraFeedback (`text_lab.py`)."""

    domain: TextSettings
    answers: Literal["given", "sampled"]  # the pool's responses: the dataset's four, or the SFT policy's
    reward_models: HubRewardModels
    test_tokens: Count  # most of a judged answer
    test_temperature: NotNegative
    checkpoint_every: Count  # steps: what a kill can lose

    @model_validator(mode="after")
    def _fits(self) -> OnText:
        if self.domain.corpus != "ultrafeedback":
            raise ValueError(
                f"domain.corpus: must be ultrafeedback, which has four answers a prompt, got {self.domain.corpus}"
            )
        return self

    def fingerprints(self, models: Collection[str], data_dir: Path | None) -> dict[str, str]:
        """Of data and models, by name; of reward models those in `models`.

        Raises Unavailable, naming all that is missing.
        """
        from bench import models as language_models
        from bench.data import arena_hard, ultrafeedback_completions
        from bench.domains import text_needs

        further = {"arena_hard": partial(arena_hard.require, data_dir)}
        if self.answers == "given":
            further[ultrafeedback_completions.NAME] = partial(text_needs.four_answers, data_dir)
        for name in sorted(models):
            backbone: Backbone = getattr(self.reward_models, name)
            further[f"reward_model_{name}"] = partial(language_models.fingerprint, backbone.source)
        return text_needs.fingerprints(self.domain, data_dir, further=further)


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

    policy: Literal["compact", "small", "llama", "tiny"] | None = None  # the size of the world's SFT policy
    text: OnText | None = None  # instead of the world
    pool: Count  # prompts, for each spread of their variances
    responses: int = Field(ge=2)  # to each of them
    max_tokens: Count  # of a response
    temperature: Positive
    reward_models: RewardModels | None = None  # of the world
    learning_rate: Rates  # of DPO
    beta: Positive
    batch_size: Count  # pairs a step
    epochs: Count
    warmup: Share
    test_prompts: Count  # a response of each policy to every one of them is judged
    opponents: Count | None = None  # responses of the world's SFT policy that it is compared with
    held_out: Count  # pairs, in the order of the truth or of people, on which margins are measured
    divergence: Count  # test prompts that the divergence from the SFT policy is measured on

    @model_validator(mode="after")
    def _fits(self) -> PVarConfig:
        of_the_world = {name: getattr(self, name) for name in ("policy", "reward_models", "opponents")}
        if self.text is None:
            if missing := [name for name, value in of_the_world.items() if value is None]:
                raise ValueError(f"{', '.join(missing)}: missing; the world needs them, a study on text has text")
            self._fits_the_world()
            return self
        if strange := [name for name, value in of_the_world.items() if value is not None]:
            raise ValueError(f"{', '.join(strange)}: of the known-truth world, and the study is one on text")
        self._fits_text(self.text)
        return self

    def _fits_the_world(self) -> None:
        from bench.data.world.gold import STAKES
        from bench.data.world.world import SIZES

        assert self.reward_models is not None
        widest = self.pool * len(STAKES) * 1.1  # of which the middle stakes are a third
        for name, needed, part in (
            ("pool and reward_models.large.labels", widest + self.reward_models.large.labels, "train"),
            ("test_prompts", self.test_prompts, "test"),
            ("held_out", self.held_out, "validation"),
        ):
            if needed > SIZES[part]:
                raise ValueError(f"{name} need {needed:,.0f} prompts, and the world has {SIZES[part]:,}")

    def _fits_text(self, text: OnText) -> None:
        from bench.data.ultrafeedback_completions import ANSWERS

        if text.answers == "given" and self.responses != ANSWERS:
            raise ValueError(f"responses: {ANSWERS} answers are given to a prompt, got {self.responses}")
        sizes = text.domain.sizes()
        for name, needed, part in (
            ("pool and held_out", self.pool + self.held_out, "train"),
            ("test_prompts", self.test_prompts, "test"),
        ):
            if needed > sizes[part]:
                raise ValueError(f"{name} need {needed:,} prompts, and the texts have {sizes[part]:,}")

    @property
    def spreads(self) -> tuple[str, ...]:
        """Of the pools that there are: on text, one."""
        return tuple(SPREADS) if self.text is None else ("wide",)

    @property
    def models(self) -> tuple[str, ...]:
        """Who may choose: on text, nobody knows the truth."""
        return tuple(MODELS) if self.text is None else tuple(HubRewardModels.model_fields)


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
    data = fingerprints(request, {row.model for row in rows})
    return [
        request.task(PAPER, experiment, version, row.method, seed, row.condition, own, data)
        for row, own in [(row, shared | {"row": written(row, config)}) for row in rows]
        for seed in request.seeds
    ]


def lab_settings(config: PVarConfig) -> dict[str, Any]:
    """What pools and reward models depend on."""
    own = {"policy", "reward_models"} if config.text is None else {"text"}
    return config.model_dump(include={"pool", "responses", "max_tokens", "temperature", *own})


def settings(config: PVarConfig) -> dict[str, Any]:
    """What all rows share."""
    own = {"opponents"} if config.text is None else set()
    return {
        "lab": lab_settings(config),
        "training": config.model_dump(include={"batch_size", "epochs", "warmup"}),
        "judging": config.model_dump(include={"test_prompts", "held_out", "divergence", *own}),
    }


def written(row: Row, config: PVarConfig) -> dict[str, Any]:
    """The row as plain JSON values, with learning rate and hyper-parameters."""
    rate = config.learning_rate.of(row.pairs, row.fraction) if row.learning_rate is None else row.learning_rate
    return asdict(row) | {"hyper": dict(row.hyper or {"beta": config.beta}), "learning_rate": rate}


def fingerprints(request: Request, models: Collection[str] = ()) -> dict[str, str]:
    """Of the data and, on text, of the models that there are for `models`, by name.

    Raises Unavailable, naming all that is missing here.
    """
    config: PVarConfig = request.config
    if config.text is not None:
        return config.text.fingerprints(models, request.data_dir)
    from bench.data.world import gold, world

    return {"world": world.FINGERPRINT, "gold": gold.FINGERPRINT}
