"""Made-up records of PVar's experiments: the tasks that the plan has, with numbers that say what the paper says."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from bench import papers
from bench.run import config
from bench.spec import Profile, Request, Variant

GAIN = {"pvar": 0.05, "random": 0.0, "pvar_bottom": -0.06, "all": 0.0}  # in win rate; of other selectors .01
GOES_WITH = ("gap", "stakes", "length", "length_spread", "mean_reward", "true_variance",
             "true_variance_given_all_but_gap", "true_variance_given_gap")  # fmt: skip


def as_the_paper_says(method, condition):
    """The mean of every metric of a policy, so that all that is claimed is so."""
    if method == "pool":
        return {f"rank_with_{name}": 0.1 + at / 20 for at, name in enumerate(GOES_WITH)}
    if "policy" in condition:
        found = {}
        for at in range(1, 11):
            variance = 0.002 * 1.5**at
            found |= {f"pvar_own_{at}": variance, f"norm_own_{at}": variance**0.5, f"bound_own_{at}": 3 * variance**0.5}
            found[f"ratio_of_signal_own_{at}"] = variance**0.5
        ranks = ("norm_own", "norm_own_given_gap", "norm_own_given_length", "norm_own_given_all", "norm_gold",
                 "ratio_of_signal_own", "ratio_of_signal_gold")  # fmt: skip
        return found | {f"rank_{name}": 0.6 for name in ranks} | {"used_most_own": 0.6, "used_most_gold": 0.7}
    if "n" in condition:
        known = condition["n"] / (condition["n"] + 4)
        return {"rank_with_others": known, "overlap_with_others_0.3": 0.3 + 0.7 * known, "gain_0.3": 1 + known}
    part = condition["fraction"]
    gain = GAIN.get(method, 0.01) * (0.5 if condition["spread"] == "even" else 1.0)
    if condition["pairs"] == "random_labelled" and method == "pvar" and part <= 0.1:
        gain = 0.2
    if condition["model"] == "gold":
        gain *= 1.2
    level = 0.66 + 0.03 * math.log2(part / 0.3) + gain
    grown = {f"margin_{at}": (1.5 + 8 * gain) * at / 10 for at in range(1, 11)}
    held_out = {f"held_out_margin_{at}": (1.2 + 5 * gain) * at / 4 for at in range(1, 5)}
    return {
        "win_rate_over_sft": level,
        "pairs_trained": 2400 * part,
        "pvar": 0.04 + gain / 4,
        "gold_reward": 1.6 + 4 * (level - 0.5),
        "length": 18.0,
        "kl_from_sft": 2.0 + 10 * gain,
        "label_agreement": 0.75 + gain,
        **(grown if condition["loss"] not in ("simpo", "orpo") else {}),
        **held_out,
        "held_out_margin": held_out["held_out_margin_4"],
    }


def opposite(method, condition):
    """Every difference the other way round."""
    found = as_the_paper_says(method, condition)
    kept = {name: value for name, value in found.items() if name == "pairs_trained"}
    return {name: 2 - value if name.startswith("used") else -value for name, value in found.items()} | kept


def series(experiment, means=as_the_paper_says, seeds=6):
    """The tidy series of an experiment's tasks with the `means` that a policy has, and a little noise."""
    paper, noise, rows = papers.load("pvar"), np.random.default_rng(0), []
    known = paper.experiment(experiment)
    settings = config.load(paper, known, Profile.EMBEDDED)
    for task in known.plan(Request(Variant.CORRECTED, Profile.EMBEDDED, settings, tuple(range(seeds)), None, None)):
        identity = {"paper": "pvar", "experiment": experiment, "variant": "corrected", "profile": "embedded"}
        identity |= {"method": task.method, "seed": task.seed, **task.condition}
        for metric, mean in means(task.method, task.condition).items():
            exact = metric == "pairs_trained"
            value = mean if exact else mean + 0.004 * min(1.0, abs(mean)) * noise.normal()
            rows.append({**identity, "metric": metric, "value": value})
    return pd.DataFrame(rows)
