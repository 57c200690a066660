"""PVar at a size for tests: a policy of two layers, a pool of some twenty prompts, seconds."""

from __future__ import annotations

from bench import papers
from bench.files import validate
from bench.papers.pvar.world import WorldLab
from bench.run import config
from bench.spec import Profile, Request, Variant

PAPER = papers.load("pvar")
TINY = {
    "policy": "tiny",
    "pool": 24,
    "responses": 4,
    "max_tokens": 12,
    "reward_models": {
        "large": {"labels": 32, "epochs": 1, "learning_rate": 1e-3},
        "small": {"labels": 16, "epochs": 1, "learning_rate": 1e-3},
        "tiny": {"labels": 8, "epochs": 1, "learning_rate": 1e-3},
    },
    "batch_size": 4,
    "test_prompts": 12,
    "opponents": 2,
    "held_out": 10,
    "divergence": 6,
}


def shipped(experiment="order"):
    """The config that the suite comes with, as plain values."""
    return config.load(PAPER, PAPER.experiment(experiment), Profile.EMBEDDED).model_dump()


def read(experiment="order", **settings):
    """The shipped config with other values, checked as a user's would be."""
    return validate(PAPER.experiment(experiment).config, shipped(experiment) | settings, "own.yaml")


def planned(experiment="order", seeds=(0,), **settings):
    """The tasks of one seed at the tiny size, in their order."""
    request = Request(Variant.CORRECTED, Profile.EMBEDDED, read(experiment, **TINY | settings), seeds, None, None)
    return list(PAPER.experiment(experiment).plan(request))


def find(tasks, method, **condition):
    """The one task of `method` that has this condition."""
    (task,) = [task for task in tasks if task.method == method and condition.items() <= task.condition.items()]
    return task


def lab_of(cache, seed=0, **settings):
    """The lab of the tiny size."""
    parts = planned()[0].settings["lab"] | settings
    return WorldLab(parts, seed, cache)


def timeless(metrics):
    """Without how long things took."""
    return {name: value for name, value in metrics.items() if not name.endswith("_seconds")}
