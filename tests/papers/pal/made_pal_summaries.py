"""Made-up records of Table 1 and the quirks: the tasks that the plans have, with what the paper says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench import papers
from bench.run import config
from bench.spec import Profile, Request, Variant

LEVELS = {"shared": 0.62, "per_user": 0.84, "user_embedding": 0.8, "length": 0.98, "pal_a": 0.93, "pal_b": 0.94}
QUIRKS = {"padding": 0.03, "padding id": -0.1, "truncation": -0.02, "epoch by test": 0.01}


def as_the_paper_says(method, condition):
    """The mean of every metric of a task, so that all that is claimed is so."""
    level = LEVELS.get(method, 0.86)
    if method == "pal_b":
        level -= 0.02 * (condition["weighting"] == "mean") + 0.1 * (condition["weighting"] == "last")
        level -= 0.3 * (condition["K"] == 1)
    level += QUIRKS.get(condition.get("quirk"), 0.0)
    found = {"seen_accuracy": level, "unseen_accuracy_0": 0.62, "shared_parameters": 12_481.0}
    for count in (1, 2, 5, 10, 20, 50):
        found[f"unseen_accuracy_{count}"] = min(0.7 + count / 50, level - 0.005)
    if method.startswith("pal"):
        for count in ("", "_2", "_20"):
            found[f"{'un' * bool(count)}seen_accuracy_mean_token{count}"] = level - 0.2
        found["seen_accuracy_last_token"] = 0.5
    if condition.get("quirk") == "epoch by test":
        found["unseen_accuracy_2"] += 0.05
    return found


def opposite(method, condition):
    """Every difference the other way round, and unseen workers far behind."""
    found = {name: 1 - value for name, value in as_the_paper_says(method, condition).items()}
    return found | {name: value - 0.5 for name, value in found.items() if name.startswith("unseen_accuracy")}


def series(experiment, variants=("corrected",), means=as_the_paper_says, seeds=6):
    """The tidy series of an experiment's tasks with the `means` that a method has, and a little noise."""
    paper, noise, rows = papers.load("pal"), np.random.default_rng(0), []
    known = paper.experiment(experiment)
    chosen = config.load(paper, known, Profile.EMBEDDED)
    for variant in map(Variant, variants):
        for task in known.plan(Request(variant, Profile.EMBEDDED, chosen, tuple(range(seeds)), None, None)):
            identity = {"paper": "pal", "experiment": experiment, "variant": str(variant), "profile": "embedded"}
            identity |= {"method": task.method, "seed": task.seed, **task.condition}
            for metric, mean in means(task.method, task.condition).items():
                rows.append({**identity, "metric": metric, "value": mean + 0.002 * noise.normal()})
    return pd.DataFrame(rows)
