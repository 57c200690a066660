"""What tests of the loop share: a cache that holds the tiny policies once they have been trained."""

from __future__ import annotations

import pytest

from bench.spec import Context


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Holds the tiny SFT policy once it has been trained, and whatever stages tests make."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def context(cache, tmp_path):
    """A task's surroundings, with checkpoints of its own."""
    return Context(None, cache, tmp_path / "scratch")


@pytest.fixture
def fresh(cache, tmp_path):
    """As `context`, with the SFT policy and not a stage in the cache."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "world_policy").symlink_to(cache / "world_policy")
    return Context(None, tmp_path / "cache", tmp_path / "scratch")
