"""The keys under `crowd` in a config: who differs from whom, and in what. A plan reads them without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bench.domains.settings import Settings
from bench.run.config import Count, Positive, Share
from bench.spec import Scalar


class Sizes(Settings):
    """What every crowd has."""

    unseen: Annotated[float, Field(gt=0, lt=1)]  # share of the people who come later
    adapt: Count  # comparisons of each of them that a model may have


class IdealPointsSettings(Sizes):
    """People with known ideal points (`ideal_points.py`)."""

    name: Literal["ideal_points"]
    prototypes: Count  # K*
    dimension: Count
    people: int = Field(ge=2)
    train: Count  # comparisons of everyone
    test: Count
    concentration: Positive | None = None  # of mixtures; none: one prototype each
    flips: Share = 0.0

    @property
    def condition(self) -> dict[str, Scalar]:
        """The columns that a reader groups by."""
        mixed = "one each" if self.concentration is None else f"mixed {self.concentration:g}"
        return {
            "dataset": self.name,
            "k_star": self.prototypes,
            "d": self.dimension,
            "people": self.people,
            "each": self.train,
            "mixed": mixed,
        }

    def fingerprints(self, data_dir: Path | None) -> dict[str, str]:
        """Of the data, by name: none are read."""
        return {}


class EmbeddingWorldSettings(Sizes):
    """Picks of images that were never painted (`embedding_world.py`)."""

    name: Literal["embedding_world"]
    people: int = Field(ge=2)
    dimension: int = Field(ge=2)
    train: Count  # comparisons of everyone
    test: Count
    beta: Annotated[float, Field(ge=0, le=1)] | None = None  # share of them with a colour filter; none: Pick-a-Pic

    @property
    def condition(self) -> dict[str, Scalar]:
        """The columns that a reader groups by."""
        filters: dict[str, Scalar] = {} if self.beta is None else {"beta": self.beta}
        return {"dataset": self.name, "d": self.dimension, "people": self.people, "each": self.train, **filters}

    def fingerprints(self, data_dir: Path | None) -> dict[str, str]:
        """Of the data, by name: none are read."""
        return {}


class PickapicSettings(Sizes):
    """Published embeddings of Pick-a-Pic and Pick-a-Filter (`pickapic.py`): files, named within the data directory."""

    name: Literal["pickapic"]
    version: Literal["v1", "v2"]
    archive: str
    train: str  # a list of rankings
    test: str | None = None  # none: the leaked and the non-leaked rankings of v2
    beta: Annotated[float, Field(ge=0, le=1)] | None = None  # the share of filters that an archive was made with

    @model_validator(mode="after")
    def _has_a_test(self) -> PickapicSettings:
        if self.test is None and self.version == "v1":
            raise ValueError("test: name a list of rankings; only v2 has a test set that is known here")
        return self

    @property
    def condition(self) -> dict[str, Scalar]:
        """The columns that a reader groups by."""
        return {"dataset": self.version, **({} if self.beta is None else {"beta": self.beta})}

    def fingerprints(self, data_dir: Path | None) -> dict[str, str]:
        """Of the data, by name. Raises Unavailable for missing files."""
        from bench.domains.crowds.pickapic import fingerprints

        return fingerprints(written(self), data_dir)


class TextSizes(Sizes):
    """People who judged texts, which an encoder reads; the data directory has them (`judged.py`)."""

    name: str

    def fingerprints(self, data_dir: Path | None) -> dict[str, str]:
        """Of data and encoder, by name. Raises Unavailable where this machine lacks one."""
        from bench.domains.crowds.judged import fingerprints

        return fingerprints(self.name, data_dir)


class PersonasSettings(TextSizes):
    """People made of personas (`personas.py`)."""

    name: Literal["personas"]
    topic: Literal["interests", "religion", "politics", "personality", "ethics", "risk"]
    prototypes: int = Field(ge=2)  # K*, personas of the topic, drawn by the seed
    statements: Count  # of a persona, that its people judge
    members: Count  # people a persona
    train: Count  # comparisons of everyone
    test: Count
    conflict: Annotated[float, Field(ge=0, le=1)]  # share of comparisons that set one persona against another
    concentration: Positive | None = None  # of mixtures; none: one persona each

    @property
    def condition(self) -> dict[str, Scalar]:
        """The columns that a reader groups by."""
        mixed = "one each" if self.concentration is None else f"mixed {self.concentration:g}"
        return {"dataset": self.name, "topic": self.topic, "k_star": self.prototypes, "mixed": mixed}


class RealPeople(TextSizes):
    """People who really judged, each with a sample of what they said."""

    train: Count  # comparisons of everyone who has so many
    test: Count
    held_out: Annotated[float, Field(gt=0, lt=1)]  # share of pairs, or items, that are for the test


class UKPWorkersSettings(RealPeople):
    """Workers who judged arguments (`ukp_workers.py`)."""

    name: Literal["ukp_workers"]

    @property
    def condition(self) -> dict[str, Scalar]:
        """The columns that a reader groups by."""
        return {"dataset": self.name, "new": "pair"}


class JesterSettings(RealPeople):
    """People who rated jokes (`jester.py`)."""

    name: Literal["jester"]
    people: int = Field(ge=4)  # of 4,994, drawn by the seed
    unit: Literal["pair", "item"]  # what is new in the test

    @property
    def condition(self) -> dict[str, Scalar]:
        """The columns that a reader groups by."""
        return {"dataset": self.name, "new": self.unit}


class VPLHHSettings(TextSizes):
    """Two groups who want opposite things (`vpl_hh.py`)."""

    name: Literal["vpl_hh"]
    each: Count  # comparisons of everyone, for training and for the test
    held_out: Annotated[float, Field(gt=0, lt=1)]  # share of the dialogues

    @property
    def condition(self) -> dict[str, Scalar]:
        """The columns that a reader groups by."""
        return {"dataset": self.name, "k_star": 2}


class DSPSettings(TextSizes):
    """Four domains (`dsp.py`)."""

    name: Literal["dsp"]
    queries: Count  # of 658, the same for all seeds
    held_out: Annotated[float, Field(gt=0, lt=1)]  # share of the queries

    @property
    def condition(self) -> dict[str, Scalar]:
        """The columns that a reader groups by."""
        return {"dataset": self.name, "k_star": 4}


CrowdSettings = Annotated[
    DSPSettings
    | EmbeddingWorldSettings
    | IdealPointsSettings
    | JesterSettings
    | PersonasSettings
    | PickapicSettings
    | UKPWorkersSettings
    | VPLHHSettings,
    Field(discriminator="name"),
]


def written(settings: Any) -> dict[str, Any]:
    """As plain JSON values."""
    found: dict[str, Any] = settings.model_dump(mode="json")
    return found
