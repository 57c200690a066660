"""PAL's settings, and what a task is: a reward model learns from a crowd, meets new people, and is tested on both."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Literal

from pydantic import Field, model_validator

from bench.domains.crowds.settings import CrowdSettings, written
from bench.domains.settings import Settings
from bench.papers.pal.methods import Methods
from bench.run.config import Config, Count
from bench.spec import Request, Scalar, Task

PAPER = "pal"


class Study(Settings):
    """Which models are compared on which crowd."""

    crowd: CrowdSettings
    methods: Methods
    counts: list[Count] = Field(min_length=1)  # comparisons of an unseen person that a model adapts to

    @model_validator(mode="after")
    def _fits(self) -> Study:
        if max(self.counts) > self.crowd.adapt:
            raise ValueError(f"counts: {max(self.counts)} comparisons, and crowd.adapt has {self.crowd.adapt}")
        return self


class PALConfig(Config):
    """The studies of an experiment."""

    studies: list[Study] = Field(min_length=1)
    annotator_ids: Literal["hashed", "plain"] = "hashed"  # in records


def tasks(experiment: str, version: int, request: Request) -> list[Task]:
    """Study by study, in each seed by seed: neighbours share a crowd. Raises Unavailable for missing data."""
    config: PALConfig = request.config
    found = []
    for study in config.studies:
        data = study.crowd.fingerprints(request.data_dir)
        crowd = written(study.crowd)
        for seed, (method, K, model) in product(request.seeds, study.methods.each()):
            condition: dict[str, Scalar] = {**study.crowd.condition, **({} if K is None else {"K": K})}
            settings = {"crowd": crowd, "model": model, "counts": study.counts, "annotator_ids": config.annotator_ids}
            found.append(request.task(PAPER, experiment, version, method, seed, condition, settings, data))
    return found


def planned(experiment: str, version: int) -> Callable[[Request], list[Task]]:
    """A plan for an experiment of this name."""

    def plan(request: Request) -> list[Task]:
        return tasks(experiment, version, request)

    return plan
