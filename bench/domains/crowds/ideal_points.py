"""People with known ideal points as a crowd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.data.annotator_splits import split_annotators
from bench.data.ideal_points import Population, make_people, squared
from bench.domains.crowds.crowd import Crowd, make_crowd
from bench.spec import Context

POPULATION = ("prototypes", "dimension", "people", "train", "test", "concentration", "flips")


def crowd(settings: Mapping[str, Any], seed: int, context: Context) -> Crowd:
    """Of the settings `IdealPointsSettings`. Nothing is held out for validation: all that seen people say is learnt."""
    made = make_people(Population(**{key: settings[key] for key in POPULATION}), seed)
    people = split_annotators(made.train.comparisons, settings["unseen"], seed)
    adapt = settings["adapt"]
    return make_crowd(
        made.train, made.test, people, seed, adapt=adapt, validation=0.0, mixtures=made.mixtures, linear=squared
    )
