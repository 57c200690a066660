"""Every pipeline gets the same number of tries on the same validation seeds, and the best one is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.compare.entrants import key
from bench.compare.pipeline import Pipeline
from bench.compare.planning import PLACES, Hyper
from bench.methods.method import Slot
from bench.methods.space import Space, Values, trials
from bench.spec import Profile
from bench.testbeds.testbed import VALIDATION, Testbed


def seeds(count: int) -> tuple[int, ...]:
    """Of validation."""
    return tuple(range(VALIDATION, VALIDATION + count))


def middle(budgets: Sequence[int]) -> int:
    """The budget at which everybody is tuned; of an even number, the lower of the two in the middle."""
    return sorted(budgets)[(len(budgets) - 1) // 2]


def tries(pipeline: Pipeline, testbed: Testbed, profile: Profile, count: int) -> list[Hyper]:
    """At most `count` settings of all three places together; the first are the defaults."""
    space = _space(pipeline, testbed.training_space.get(profile, {}))
    return [_by_place(drawn) for drawn in trials(space, count, testbed.name, key(pipeline))]


def best(values: Sequence[float | None]) -> int:
    """The place of the highest value, the first of equal ones; where there are none, the defaults'."""
    found = [-np.inf if value is None or np.isnan(value) else value for value in values]
    return int(np.argmax(found)) if found else 0


def _space(pipeline: Pipeline, training: Space) -> dict[str, Values]:
    """Keys are `place.name`; a policy may try the testbed's `training` where its method says nothing."""
    space = {
        f"{place}.{name}": values
        for place, part in zip(PLACES, pipeline.parts, strict=True)
        for name, values in part.space.items()
    }
    if pipeline.learn.slot == Slot.POLICY:
        space = {f"learn.{name}": values for name, values in training.items()} | space
    return space


def _by_place(drawn: Mapping[str, Any]) -> Hyper:
    found: dict[str, dict[str, Any]] = {place: {} for place in PLACES}
    for name, value in drawn.items():
        place, _, own = name.partition(".")
        found[place][own] = value
    return found
