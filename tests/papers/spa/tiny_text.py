"""SPA on text at a size for tests, and the configs that the suite comes with."""

from __future__ import annotations

from tiny_spa import PAPER

from bench.files import validate
from bench.run import config
from bench.spec import Profile, Request, Variant

SIZES = {
    "seed_labels": 6,
    "pool": 6,
    "prompts": [6, 6, 6],
    "max_tokens": 8,
    "batch_size": 4,
    "window": 4,
    "share": 0.25,
    "test_prompts": 6,
    "checkpoint_every": 1,
    "learning_rate": 1e-3,
    "seed_learning_rate": 1e-3,
    "judge": {"epochs": 1, "learning_rate": 1e-3},
}


SHIPPED = {  # read before a test makes the data smaller than the shipped study needs
    (profile, experiment.name): config.load(PAPER, experiment, profile).model_dump()
    for experiment in PAPER.experiments
    for profile in (Profile.SMALL, Profile.PAPER)
    if profile in experiment.profiles
}


def planned(data_dir, experiment="table1", variant=Variant.CORRECTED, profile=Profile.SMALL, seed=0, **settings):
    """The tasks of one seed, in their order."""
    known = PAPER.experiment(experiment)
    own = validate(known.config, SHIPPED[profile, experiment] | settings, "own.yaml")
    return list(known.plan(Request(variant, profile, own, (seed,), data_dir, data_dir)))
