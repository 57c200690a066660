"""Made-up records of personas, real people and groups: the tasks that the plans have, with what the paper says."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from bench import papers
from bench.domains.crowds import settings
from bench.run import config
from bench.spec import Profile, Request, Variant

PAL = ("pal_a", "pal_b")
SHARED_LEVEL = 0.7


def as_the_paper_says(method, condition):
    """The mean of every metric of a task, so that all that is claimed is so."""
    K, k_star = condition.get("K"), condition.get("k_star", 2)
    level = {"shared": SHARED_LEVEL, "per_user": 0.74}.get(method, 0.78)
    if method in PAL:
        level = SHARED_LEVEL + 0.15 * min((K - 1) / (k_star - 1), 1) + 0.005
    gain = level - SHARED_LEVEL
    found = {"seen_accuracy": level, "unseen_accuracy_0": SHARED_LEVEL - 0.05}
    for count in (1, 2, 5, 10) if condition.get("new") == "item" else (1, 2, 5, 10, 20):
        found[f"unseen_accuracy_{count}"] = SHARED_LEVEL - 0.03 + (0.02 + 1.2 * gain) * min(count / 20, 1)
    found |= {"shared_parameters": 500.0, "personal_parameters": 100.0 if method in PAL else 40_000.0}
    if "new" in condition:
        found |= {"agreement_others": 0.72, "unseen_agreement_others": 0.72, "noise_ceiling": 0.84}
    if method in PAL and condition["dataset"] != "ukp_workers":
        found["rand_index"] = 0.9 * min((K - 1) / (k_star - 1), 1)
    return found


def opposite(method, condition):
    """Every difference the other way round; PAL learns more than everybody, and every ceiling is far."""
    found = {name: -value for name, value in as_the_paper_says(method, condition).items()}
    found["seen_accuracy"] -= 0.1 * max((condition.get("K") or 0) - condition.get("k_star", 9), 0)
    found |= {name: value - 0.5 for name, value in found.items() if name.startswith("unseen_accuracy")}
    return found | {name: 0.9 for name in found if "agreement" in name or name == "noise_ceiling"}


@cache
def series(experiment, means=as_the_paper_says, seeds=6):
    """The tidy series of an experiment's tasks with the `means` that a method has, and a little noise."""
    paper, noise, rows = papers.load("pal"), np.random.default_rng(0), []
    known = paper.experiment(experiment)
    chosen = config.load(paper, known, Profile.EMBEDDED)
    request = Request(Variant.CORRECTED, Profile.EMBEDDED, chosen, tuple(range(seeds)), None, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings.TextSizes, "fingerprints", lambda self, data_dir: {})  # no data are needed
        tasks = known.plan(request)
    for task in tasks:
        identity = {"paper": "pal", "experiment": experiment, "variant": "corrected", "profile": "embedded"}
        identity |= {"method": task.method, "seed": task.seed, **task.condition}
        for metric, mean in means(task.method, task.condition).items():
            value = mean if "parameters" in metric else mean + 0.002 * noise.normal()
            rows.append({**identity, "metric": metric, "value": value})
    return pd.DataFrame(rows)
