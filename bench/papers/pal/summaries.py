"""Summaries (Reddit TL;DR): settings and tasks. An arm is PAL with a change or two; quirks are arms, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bench.domains.crowds.settings import written
from bench.domains.settings import Backbone, Policy, Settings
from bench.papers.pal.methods import Adaptation, Groups, Latent, Methods, Projector, Ridge, Training
from bench.papers.pal.methods import Embedding as UserEmbedding
from bench.papers.pal.methods import Rates as FrozenRates
from bench.papers.pal.recipe import PAPER
from bench.run.config import Config, Count, Positive, Seeds, merge
from bench.spec import Request, Scalar, Task, Variant

LENGTH: Mapping[str, str] = MappingProxyType(
    {"length": "a Bradley-Terry model for each that reads the texts' lengths alone"}
)


class WorldSource(Settings):
    """Rows of the known-truth world (bench/data/world_tldr.py), and a small language model of it."""

    name: Literal["world"]
    policy: Policy
    train: Count
    test: Count
    unseen: Count
    post: Count

    @property
    def dataset(self) -> str:
        """As tables name it."""
        return "tldr-world"

    def fingerprints(self, data_dir: Path | None) -> dict[str, str]:
        """Of the data, by name."""
        from bench.data.world import world

        return {"world": world.FINGERPRINT}


class HubSource(Settings):
    """The hub's rows, in a folder of the data directory, and a pretrained language model."""

    name: Literal["hub"]
    folder: str
    backbone: Backbone

    @property
    def dataset(self) -> str:
        """As tables name it."""
        return "tldr"

    def fingerprints(self, data_dir: Path | None) -> dict[str, str]:
        """Of data and model, by name. Raises Unavailable with all that is missing and how to get it."""
        from bench.papers.pal.summaries_source import hub_fingerprints

        return hub_fingerprints(self.folder, self.backbone.source, data_dir)


class Reading(Settings):
    """See bench/learn/reward/pal/reading.py."""

    asked: Literal["last", "same_place"]
    window: Literal["own_tokens", "padded", "fixed_end"]
    weighting: Literal["cumulative", "mean", "last"]
    taken_for_padding: Annotated[int, Field(ge=0)] | None
    max_length: Count


class Rates(FrozenRates):
    """And of the language model, where it trains."""

    backbone: Positive


class TextTraining(Training):
    """And how often f is updated by a gradient (quirk 4.14)."""

    rates: Rates
    projector_updates: Count


class Model(Settings):
    """PAL on texts, and how it is studied."""

    K: Count
    projector: Projector
    training: TextTraining
    adaptation: Adaptation
    reading: Reading
    train_backbone: bool  # PAL-Large
    epoch_on_test: bool  # of the adaptation, the epoch is kept that is best on the test (quirk 4.11)
    shared_data: bool  # all seeds have the same data and draws (quirk 4.12)


class Arm(Settings):
    """A method, the base model with `changes`, and the quirk that they are, if any."""

    method: Literal["pal_a", "pal_b"]
    quirk: str | None = None
    changes: dict[str, Any] = Field(default_factory=dict)


class Baselines(Settings):
    """Reward models on the last token's state, and on the length alone; those that are not named are not in it."""

    length: Ridge | None = None
    shared: Ridge | None = None
    per_user: Ridge | None = None
    mixture: Groups | None = None
    low_rank: Groups | None = None
    user_embedding: UserEmbedding | None = None
    variational: Latent | None = None

    def each(self) -> list[tuple[str, int | None, dict[str, Any]]]:
        """Name, K (None for a model without) and settings of every model, as of Methods."""
        others = self.model_dump(exclude={"length"}, exclude_none=True)
        found = list(Methods.model_validate(others).each())
        return found if self.length is None else [*found, ("length", None, written(self.length))]


class SummariesConfig(Config):
    """What is compared: arms a variant, and baselines in the corrected one."""

    seeds: dict[Variant, Seeds]
    source: Annotated[WorldSource | HubSource, Field(discriminator="name")]
    counts: list[Count] = Field(min_length=1)  # comparisons of an unseen person that a model adapts to
    models: dict[str, dict[str, Any]]  # the base model of each method
    arms: dict[Variant, list[Arm]]
    baselines: Baselines = Baselines()

    @model_validator(mode="after")
    def _arms_are_models(self) -> SummariesConfig:
        for arms in self.arms.values():
            for arm in arms:
                self.model(arm)
        return self

    def model(self, arm: Arm) -> Model:
        """The base model with the arm's changes. Raises ValueError for what is no setting, and a missing base."""
        if arm.method not in self.models:
            raise ValueError(f"models: there is no {arm.method}, which an arm changes")
        return Model.model_validate(merge(self.models[arm.method], arm.changes))


def planned(experiment: str, version: int) -> Callable[[Request], list[Task]]:
    """A plan for an experiment of this name: in each seed, all models, which share its data."""

    def plan(request: Request) -> list[Task]:
        config: SummariesConfig = request.config
        data = config.source.fingerprints(request.data_dir)
        common = {"source": written(config.source), "counts": config.counts}
        models = _models(config, request.variant)
        return [
            request.task(PAPER, experiment, version, method, seed, condition, {**common, "model": model}, data)
            for seed, (method, condition, model) in product(request.seeds, models)
        ]

    return plan


def _models(config: SummariesConfig, variant: Variant) -> list[tuple[str, dict[str, Scalar], dict[str, Any]]]:
    """Method, condition and settings of every model."""
    found: list[tuple[str, dict[str, Scalar], dict[str, Any]]] = []
    of_data: dict[str, Scalar] = {"dataset": config.source.dataset}
    for arm in config.arms.get(variant, []):
        settings = config.model(arm)
        size = "large" if settings.train_backbone else "tiny"
        condition = {**of_data, "size": size, "K": settings.K, "weighting": settings.reading.weighting}
        found.append((arm.method, condition | ({"quirk": arm.quirk} if arm.quirk else {}), written(settings)))
    if variant is Variant.CORRECTED:
        for method, K, plain in config.baselines.each():
            found.append((method, {**of_data, **({} if K is None else {"K": K})}, plain))
    return found
