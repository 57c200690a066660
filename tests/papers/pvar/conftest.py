"""What tests of the study share: a cache that holds the tiny policy and its pools once they have been made."""

from __future__ import annotations

import pytest
from tiny_pvar import lab_of

from bench.spec import Context


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Holds the tiny SFT policy once it has been trained, its pools and reward models."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def lab(cache):
    """The world of seed 0 at the tiny size."""
    return lab_of(cache)


@pytest.fixture
def context(cache, tmp_path):
    """A task's surroundings."""
    return Context(None, cache, tmp_path / "scratch")


@pytest.fixture
def fresh(cache, tmp_path):
    """As `context`, with the SFT policy and nothing else in the cache."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "world_policy").symlink_to(cache / "world_policy")
    return Context(None, tmp_path / "cache", tmp_path / "scratch")
