"""The crowd that a task's settings name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from bench.domains.crowds.crowd import Crowd
from bench.errors import unknown
from bench.spec import Context, Progress

NAMES = ("dsp", "embedding_world", "ideal_points", "jester", "personas", "pickapic", "ukp_workers", "vpl_hh")


def crowd(settings: Mapping[str, Any], seed: int, context: Context) -> Crowd:
    """Same settings and seed, same crowd. Raises UserError for an unknown name, and Unavailable for missing data."""
    if settings["name"] not in NAMES:
        raise unknown("crowd", settings["name"], NAMES)
    made: Crowd = import_module(f"bench.domains.crowds.{settings['name']}").crowd(settings, seed, context)
    return made


def prepare(settings: Mapping[str, Any], context: Context, progress: Progress | None) -> None:
    """What crowds of all seeds share, into the cache: features of texts, where there are texts. Raises as `crowd`."""
    if settings["name"] not in NAMES:
        raise unknown("crowd", settings["name"], NAMES)
    if table := getattr(import_module(f"bench.domains.crowds.{settings['name']}"), "table", None):
        table(settings, context, progress)
