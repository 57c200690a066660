"""A real model trained on real answers: the prompts of AlpacaEval that a selector chooses, a pair of answers each.

The judge's preferences stand in for people's. What a policy has learnt is read off held-out prompts: how often it ranks
two of their answers as the judge does, relative to where it started (Rafailov et al. 2023, the implicit reward).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.domains.settings import Backbone
from bench.domains.text import language_model
from bench.learn.policy import encoding
from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Preference
from bench.learn.policy.reference import reference_log_probs
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training
from bench.papers.pvar.answers import MODELS, Answers, answers
from bench.papers.pvar.growth import by_tenth, curves_of
from bench.seeds import seed_for
from bench.select import PVar, Rule, choose
from bench.spec import Context, Outcome, Task

Rows = NDArray[np.int64]
RULES: Mapping[str, Rule] = {"pvar": "top", "random": "random", "pvar_bottom": "bottom", "all": "random"}


def execute(task: Task, context: Context) -> Outcome:
    """Choose prompts, make a pair of each, train by DPO, and rank the held-out pairs."""
    assert context.data_dir is not None
    torch.set_num_threads(context.threads)
    found, settings = answers(context.data_dir), task.settings
    reader = Reader(found, settings, task.seed)
    rows = reader.chosen(task.method)
    policy, tokenizer = language_model(Backbone.model_validate(settings["model"]), settings["engine"]["dtype"])
    limits = encoding.Limits(**settings["limits"])
    pairs, held_out = (
        _encoded(found, which, places, tokenizer, limits)
        for which, places in ((rows, reader.pairs(rows)), (reader.held_out, reader.any_two(reader.held_out)))
    )
    reference, before = (
        reference_log_probs(policy, groups, cache_dir=context.cache_dir) for groups in (pairs, held_out)
    )
    training = Training(
        **settings["training"], **settings["engine"], seed=seed_for("pvar", "answers", "train", task.seed)
    )
    trained = copy.deepcopy(policy)
    fit = train(
        trained, pairs, Preference("dpo", reference, beta=settings["beta"]), training, checkpoints=context.scratch_dir
    )
    after = reference_log_probs(trained, held_out, cache_dir=None)
    margins = np.array([now - then for now, then in zip(_gaps(after.sums), _gaps(before.sums), strict=True)])
    curves = curves_of(fit.steps)
    return Outcome(
        {
            "held_out_accuracy": float(np.where(margins == 0, 0.5, margins > 0).mean()),
            "held_out_accuracy_before": float((_gaps(before.sums) > 0).mean()),
            "held_out_margin": float(margins.mean()),
            "held_out_pairs": float(len(margins)),
            "mean_pvar": float(reader.scores[np.isin(reader.pool, rows)].mean()),
            "mean_characters": float(np.mean([len(text) for row in rows for text in found.texts[row]])),
            "steps": float(len(fit.steps)),
            "training_seconds": fit.seconds,
            **by_tenth(curves, "margin"),
        },
        curves,
    )


class Reader:
    """Who is read in one seed: `responses` of a prompt's answers, the same for every way to choose.

    Of 19,272 answers 22 are empty: a policy cannot be trained on them, so they are not read.
    """

    def __init__(self, found: Answers, settings: Mapping[str, Any], seed: int) -> None:
        self.found = found
        self.settings = settings
        self.seed = seed
        order = np.random.default_rng(seed_for("pvar", "answers", "parts")).permutation(len(found.prompts))
        self.pool, self.held_out = order[: settings["pool"]], order[settings["pool"] :]
        random = np.random.default_rng(seed_for("pvar", "answers", seed))
        drawn = random.random((len(order), MODELS))
        drawn[[[not text.strip() for text in texts] for texts in found.texts]] = np.inf
        self.read = np.argsort(drawn, axis=1)[:, : settings["responses"]]
        rewards = np.take_along_axis(found.rewards, self.read, axis=1)[self.pool]
        groups = found.groups(self.read)
        self.scores = PVar(lambda _: list(rewards), settings["scale"]).scores([groups[row] for row in self.pool])

    def chosen(self, method: str) -> Rows:
        """Rows of the answers: the prompts that `method` buys."""
        budget = max(1, round(self.settings["fraction"] * len(self.pool)))
        return np.asarray(self.pool[choose(self.scores, budget, RULES[method], seed=self.seed)])

    def pairs(self, rows: Rows) -> Rows:
        """(n, 2): columns of the answers to train on, the better by the judge first."""
        if self.settings["pairs"] == "random_labelled":
            return self.any_two(rows)
        rewards = np.take_along_axis(self.found.rewards[rows], self.read[rows], axis=1)
        ends = np.column_stack([rewards.argmax(axis=1), rewards.argmin(axis=1)])
        return np.take_along_axis(self.read[rows], ends, axis=1)

    def any_two(self, rows: Rows) -> Rows:
        """(n, 2): the first two that are read, in the judge's order."""
        two = self.read[rows, :2]
        rewards = np.take_along_axis(self.found.rewards[rows], two, axis=1)
        return np.where((rewards[:, 0] >= rewards[:, 1])[:, None], two, two[:, ::-1])


def _encoded(found: Answers, rows: Rows, columns: Rows, tokenizer: Any, limits: encoding.Limits) -> list[Completions]:
    asked = [[{"role": "user", "content": found.prompts[row]}] for row in rows]
    texts = [[found.texts[row][column] for column in each] for row, each in zip(rows, columns, strict=True)]
    names = [f"prompt {found.ids[row]} of AlpacaEval" for row in rows]
    return encoding.encode(names, asked, texts, tokenizer, limits, chat=True)


def _gaps(sums: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(n,): log-probability of the better answer less that of the worse, in nats."""
    both = np.stack(sums)
    return np.asarray(both[:, 0] - both[:, 1])
