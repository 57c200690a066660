"""SPA at a size for tests: a policy of two layers, a few dozen prompts, seconds."""

from __future__ import annotations

import torch

from bench import papers
from bench.files import validate
from bench.papers.spa.loop import Loop
from bench.papers.spa.stage import Stage
from bench.run import config
from bench.spec import Profile, Request, Variant

PAPER = papers.load("spa")
TINY = {
    "domain": {
        "name": "world",
        "policy": "tiny",
        "ranker": {"labels": 32, "epochs": 1, "learning_rate": 1e-3},
    },
    "seed_labels": 16,
    "pool": 20,
    "prompts": [24, 24, 24],
    "max_tokens": 12,
    "batch_size": 4,
    "window": 8,
    "share": 0.25,
    "test_prompts": 12,
    "checkpoint_every": 1,
    # High enough that a policy of two layers differs from the one before after its few steps.
    "learning_rate": 1e-3,
    "judge": {"epochs": 1, "learning_rate": 1e-3},
}


def shipped(experiment="table1"):
    """The config that the suite comes with, as plain values."""
    return config.load(PAPER, PAPER.experiment(experiment), Profile.EMBEDDED).model_dump()


def read(experiment="table1", **settings):
    """The shipped config with other values, checked as a user's would be."""
    return validate(PAPER.experiment(experiment).config, shipped(experiment) | settings, "own.yaml")


def planned(experiment="table1", variant=Variant.CORRECTED, seed=0, **settings):
    """The tasks of one seed at the tiny size, in their order."""
    request = Request(variant, Profile.EMBEDDED, read(experiment, **TINY | settings), (seed,), None, None)
    return list(PAPER.experiment(experiment).plan(request))


def find(tasks, method, **condition):
    """The one task of `method` that has this condition."""
    (task,) = [task for task in tasks if task.method == method and condition.items() <= task.condition.items()]
    return task


def stages(task):
    """The stages behind a task's policy."""
    return [Stage.read(written) for written in task.settings["stages"]]


def loop_of(task, context):
    """The loop of a task, and its stages."""
    return Loop(task.settings, task.seed, context), stages(task)


def parameters(policy):
    """All weights in one row."""
    return torch.cat([parameter.detach().reshape(-1) for parameter in policy.parameters()])


def timeless(metrics):
    """Without how long things took."""
    return {name: value for name, value in metrics.items() if not name.endswith("_seconds")}
