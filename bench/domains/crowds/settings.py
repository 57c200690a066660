"""The keys under `crowd` in a config: who differs from whom, and in what. A plan reads them without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

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


CrowdSettings = Annotated[IdealPointsSettings, Field(discriminator="name")]


def written(settings: Any) -> dict[str, Any]:
    """As plain JSON values."""
    found: dict[str, Any] = settings.model_dump(mode="json")
    return found
