"""The reward models that are compared: names, a line each, and the keys that a config has for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from bench.domains.settings import Settings
from bench.run.config import Count, NotNegative, Positive, Share

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "pal_a": "PAL-A: ideal points of K prototypes, items are worth minus their distance",
        "pal_b": "PAL-B: ideal points of K mappings of the prompt, items are worth the cosine",
        "cosine": "the cosine of prompt and item in the encoder's space: nothing is learnt",
        "shared": "one Bradley-Terry model for everybody",
        "per_user": "a Bradley-Terry model for each",
        "mixture": "a mixture of K Bradley-Terry models, by expectation maximisation",
        "clusters": "K-means of everybody's own Bradley-Terry model, then one model a cluster",
        "nearest_users": "the mean model of those who agree most",
        "low_rank": "a shared model and K directions in which people differ from it",
        "sparse_deviations": "a shared model and few features in which somebody differs from it (Sparse)",
        "user_embedding": "a network that reads the items and an embedding of the person (P-DPO's individual model)",
        "variational": "a network that reads the items and a latent inferred from the person's comparisons (VPL)",
    }
)


class Projector(Settings):
    """See bench/learn/reward/pal/projector.py."""

    layers: int | None = Field(ge=0)
    activation: Literal["gelu", "relu"] = "gelu"
    dropout: Share = 0.0
    residual: bool = False
    dimension: Count | None = None


class Rates(Settings):
    """Learning rates of what PAL-Tiny learns (Table D.2)."""

    projector_f: Positive
    projectors_g: Positive
    prototypes: Positive
    annotators: Positive
    temperature: Positive


class Training(Settings):
    """See bench/learn/reward/pal/training.py."""

    epochs: Count
    batch_size: Count
    rates: Rates
    weight_decay: NotNegative
    decoupled: bool
    bound: Positive | None


class Adaptation(Settings):
    """See bench/learn/reward/pal/training.py."""

    epochs: Count
    batch_size: Count
    learning_rate: Positive


class PAL(Settings):
    """PAL-A or PAL-B. With `choose_epoch` the epoch is kept that is best on the validation part."""

    K: list[Count] = Field(min_length=1)
    projector: Projector
    training: Training
    adaptation: Adaptation
    choose_epoch: bool = False


class Untrained(Settings):
    """A model without settings."""


class Ridge(Settings):
    """Linear models of one kind."""

    ridge: Positive


class Groups(Ridge):
    """Linear models of K kinds, or in K directions."""

    K: list[Count] = Field(min_length=1)


class Restarted(Groups):
    """The same from several random starts, of which the best is kept."""

    restarts: Count = 5


class Nearest(Ridge):
    """The number of neighbours."""

    k: Count


class Deviations(Settings):
    """The two penalties, and how far above the minimum, a comparison, a solution may be."""

    deviation_l1: Positive
    shared_l1: Positive
    tol: Positive = 1e-8


class Embedding(Settings):
    """See bench/learn/reward/personal/user_embedding.py."""

    dimension: Count
    hidden: Count
    prior: Positive
    epochs: Count
    learning_rate: Positive


class Latent(Settings):
    """See bench/learn/reward/personal/variational.py."""

    dimension: Count
    hidden: Count
    kl_weight: Positive
    steps: Count
    learning_rate: Positive


class Methods(Settings):
    """Which models a study compares; those that are not named are not in it."""

    pal_a: PAL | None = None
    pal_b: PAL | None = None
    cosine: Untrained | None = None
    shared: Ridge | None = None
    per_user: Ridge | None = None
    mixture: Restarted | None = None
    clusters: Restarted | None = None
    nearest_users: Nearest | None = None
    low_rank: Groups | None = None
    sparse_deviations: Deviations | None = None
    user_embedding: Embedding | None = None
    variational: Latent | None = None

    def each(self) -> Iterator[tuple[str, int | None, dict[str, Any]]]:
        """Name, K (None for a model without) and settings as plain JSON values, of every model."""
        for name in METHODS:
            settings = getattr(self, name)
            if settings is None:
                continue
            plain = settings.model_dump(mode="json", exclude={"K"})
            for K in getattr(settings, "K", [None]):
                yield name, K, plain
