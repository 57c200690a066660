"""What tests of the known-truth world share: a cache that holds the tiny policy once it has been trained."""

from __future__ import annotations

import pytest

from bench.domains.world import WorldDomain
from bench.spec import Context

RANKER = {"labels": 96, "epochs": 1, "learning_rate": 1e-3}


@pytest.fixture(scope="session")
def world_cache(tmp_path_factory):
    """Holds the tiny SFT policy once it has been trained, and whatever tests make."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def world(world_cache, tmp_path):
    """`world(study)`: world 0 with the tiny policy."""

    def of(study="a study"):
        settings = {"name": "world", "policy": "tiny", "ranker": RANKER}
        return WorldDomain(settings, 0, Context(None, world_cache, tmp_path), study)

    return of
