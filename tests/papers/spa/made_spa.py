"""Made-up records of SPA's experiments: the tasks that the plan has, with numbers that say what the paper says."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from bench import papers
from bench.run import config
from bench.spec import Profile, Request, Variant

NOISE = {"length": 0.2, "gold_reward": 0.02, "kl_from_sft": 0.05}  # of others 0.004
LEVELS = {  # win rate over SFT: of a policy without iterations, or after 1, 2 and 3
    "dpo": 0.55,
    "zephyr": 0.60,
    "dpo_longer": 0.57,
    "dpo_gentle": 0.52,
    "spa_gentle": (0.56, 0.58, 0.61),
    "spa": (0.59, 0.64, 0.68),
    "expansion": (0.58, 0.61, 0.63),
    "expansion_refinement": (0.585, 0.62, 0.65),
    "expansion_previous_reference": (0.0, 0.59),
    "expansion_likelihood": (0.0, 0.565),
    "expansion_pairrm": (0.0, 0.58),
    "iterative_dpo_pairrm": (0.57, 0.60, 0.61),
    "iterative_dpo_llm_judge": (0.56, 0.57, 0.575),
    "spa_length_regularised": (0.585, 0.63),
    "spa_no_seed": (0.54, 0.57),
    "spa_random_labels": (0.55, 0.54, 0.52),
    "spa_gold_labels": (0.63, 0.70, 0.76),
}


def as_the_paper_says(method, condition):
    """The mean of every metric of a policy, so that all that is claimed is so."""
    number = condition.get("iteration", 0)
    if method in ("sft", "instruct"):
        return {"length": 11.0, "gold_reward": 1.6}
    level = LEVELS[method] if not number else LEVELS[method][number - 1]
    paid = condition.get("gold_percent", 3.3)
    if method in ("dpo", "spa") and paid:
        level += 0.04 * math.log2(paid / 3.3)
    found = {
        "win_rate_over_sft": level,
        "gold_reward": 1.6 + 4 * (level - 0.5),
        "length": 12.5 + 1.5 * number - (0.8 if method == "spa_length_regularised" else 0.0),
        "kl_from_sft": 0.6 + 0.9 * number,
        "label_agreement": 0.74 - 0.05 * number + 0.2 * (level - 0.6) * (number > 0),
    }
    if number:
        found |= {f"label_agreement_{third}_sure": 0.55 + 0.08 * at - 0.03 * number
                  for at, third in enumerate(("least", "middle", "most"))}  # fmt: skip
        found |= {"labels_wrong": 0.33 + 0.03 * number, "marked_wrong": 0.41 + 0.02 * number}
        found |= {"win_rate_over_dpo": 0.5 + 0.8 * (level - 0.55)} if method != "spa_no_seed" else {}
    return found


def opposite(method, condition):
    """Every difference the other way round."""
    return {metric: 1 - value for metric, value in as_the_paper_says(method, condition).items()}


def series(experiment, means=as_the_paper_says, variants=(Variant.CORRECTED,), seeds=6):
    """The tidy series of an experiment's tasks with the `means` that a policy has, and a little noise."""
    paper, noise, rows = papers.load("spa"), np.random.default_rng(0), []
    known = paper.experiment(experiment)
    settings = config.load(paper, known, Profile.EMBEDDED)
    for place, variant in enumerate(variants):
        for task in known.plan(Request(variant, Profile.EMBEDDED, settings, tuple(range(seeds)), None, None)):
            identity = {"paper": "spa", "experiment": experiment, "variant": str(variant), "profile": "embedded"}
            identity |= {"method": task.method, "seed": task.seed, **task.condition}
            for metric, mean in means(task.method, task.condition).items():
                value = mean + NOISE.get(metric, 0.004) * noise.normal() - 0.01 * place
                rows.append({**identity, "metric": metric, "value": value})
    return pd.DataFrame(rows)
