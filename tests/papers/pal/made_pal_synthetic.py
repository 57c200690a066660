"""Made-up records of known ideal points: the tasks that the plans have, with what the paper says of them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from bench import papers
from bench.run import config
from bench.spec import Profile, Request, Variant

COUNTS = (0, 1, 2, 3, 5, 6, 10, 12, 20, 24, 40, 48, 100)
OTHERS = {"shared": 0.75, "per_user": 0.9, "mixture": 0.93}


def learnt(comparisons, needed):
    """Accuracy after so many comparisons: .98 in the end, .93 after `needed`."""
    return 0.98 - 0.48 * (0.05 / 0.48) ** (comparisons / needed)


def as_the_paper_says(method, condition):
    """The mean of every metric of a task."""
    if method != "pal_a":
        level = OTHERS.get(method, 0.85)
        slow = 60 if method == "per_user" else 15
        return {"seen_accuracy": level, **{f"unseen_accuracy_{n}": learnt(n, slow) - 0.01 for n in COUNTS}}
    K, k_star = condition["K"], condition["k_star"]
    level = learnt(condition["each"], 3 * k_star) - 0.08 * max(k_star - K, 0)
    found = {f"unseen_accuracy_{n}": level - 0.98 + learnt(n, 3 * k_star) for n in COUNTS}
    return {"seen_accuracy": level, **found, "rand_index": 1 - 0.2 * abs(k_star - K)}


def opposite(method, condition):
    """Every claim is wrong: prototypes hurt, and what is needed grows with the dimension instead."""
    if method != "pal_a":
        return {"seen_accuracy": 0.95, **{f"unseen_accuracy_{n}": 0.97 for n in COUNTS}}
    more = condition["K"] - condition["k_star"]
    level = learnt(condition["each"], 0.5 * condition["d"]) - 0.1 * (max(more, 0) + condition["K"] / 4)
    found = {f"unseen_accuracy_{n}": level - 1.03 + learnt(n, 0.5 * condition["d"]) for n in COUNTS}
    return {"seen_accuracy": level, **found, "rand_index": 0.3}


@cache
def series(experiment, means=as_the_paper_says, seeds=6, spread=0.001):
    """The tidy series of an experiment's tasks, with a little noise; not to be changed."""
    paper, noise, rows = papers.load("pal"), np.random.default_rng(0), []
    known = paper.experiment(experiment)
    chosen = config.load(paper, known, Profile.EMBEDDED)
    for task in known.plan(Request(Variant.CORRECTED, Profile.EMBEDDED, chosen, tuple(range(seeds)), None, None)):
        identity = {"paper": "pal", "experiment": experiment, "variant": "corrected", "profile": "embedded"}
        identity |= {"method": task.method, "seed": task.seed, **task.condition}
        counts = task.settings["counts"]
        for metric, mean in means(task.method, task.condition).items():
            if metric.startswith("unseen_accuracy_") and int(metric.split("_")[-1]) not in (0, *counts):
                continue
            rows.append({**identity, "metric": metric, "value": mean + spread * noise.normal()})
    return pd.DataFrame(rows)
