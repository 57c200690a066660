"""A task: choose, pair, train, judge.

A judgement is kept under the hash of the pairs and the training behind it, so that what several tables need is trained
and judged once.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.files import once, replace
from bench.learn.policy.completions import Completions
from bench.learn.policy.losses import needs_reference
from bench.learn.policy.objectives import Preference
from bench.learn.policy.reference import data_hash
from bench.learn.policy.schedule import steps_per_epoch
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training
from bench.papers.pvar.growth import HeldOut, by_tenth, curves_of
from bench.papers.pvar.lab import Lab, lab
from bench.papers.pvar.pairing import pairs_of, reference_of
from bench.papers.pvar.selecting import chosen
from bench.papers.pvar.selection_facts import selection_facts
from bench.seeds import seed_for
from bench.spec import Context, Outcome, Task, canonical

VERSION = 2  # of how a policy is trained and judged


def studied(task: Task, context: Context) -> Outcome:
    """What the task's policy is worth, and what it was trained on."""
    torch.set_num_threads(context.threads)
    here, row = lab(task.settings["lab"], task.seed, context), task.settings["row"]
    rows = chosen(here, row["method"], row["spread"], row["model"], row["fraction"])
    prompts, pairs, labels_spent = pairs_of(here, row["pairs"], row["spread"], row["model"], rows)
    judgement = _kept_judgement(here, row, rows, pairs, task.settings["training"], task.settings["judging"])
    facts = selection_facts(here, row["spread"], row["model"], rows, prompts, pairs)
    metrics = {**judgement["metrics"], **facts, "labels_spent": float(labels_spent)}
    return Outcome(metrics, judgement["curves"])


def trained(
    here: Lab,
    row: Mapping[str, Any],
    rows: NDArray[np.int64],
    pairs: Sequence[Completions],
    shared: Mapping[str, Any],
    held_out: int,
) -> tuple[Any, dict[str, float], dict[str, list[float]]]:
    """The policy that learns from `pairs` of the pool's `rows`: held-out margins as they grew, training by step.

    A training that can go on after a kill is measured at its end only: what was measured before would be lost.
    """
    training = Training(
        learning_rate=row["learning_rate"],
        **shared,
        **here.engine,
        seed=seed_for("pvar", "train", here.seed),
    )
    reference = reference_of(here, row["spread"], rows, pairs) if needs_reference(row["loss"]) else None
    policy = copy.deepcopy(here.sft)
    steps = training.epochs * steps_per_epoch(len(pairs), training)
    growth = HeldOut(*here.held_out(held_out), steps)
    objective = Preference(row["loss"], reference, **row["hyper"])
    fit = train(
        policy,
        pairs,
        objective,
        training,
        checkpoints=here.checkpoints,
        on_step=None if here.checkpoints else lambda metrics: growth.measure(policy, metrics),
    )
    growth.finish(policy)
    facts = {**growth.found, "steps": float(len(fit.steps)), "training_seconds": fit.seconds}
    return policy.eval(), facts, curves_of(fit.steps)


def _kept_judgement(
    here: Lab,
    row: Mapping[str, Any],
    rows: NDArray[np.int64],
    pairs: Sequence[Completions],
    training: Mapping[str, Any],
    judging: Mapping[str, int],
) -> dict[str, Any]:
    """Metrics and curves of the policy that learns from `pairs`, made once."""
    parts = {
        "version": VERSION,
        "seed": here.seed,
        "lab": dict(here.settings),
        "sft": here.sft_hash,
        "pairs": data_hash(pairs),
        "objective": {name: row[name] for name in ("loss", "hyper", "learning_rate")},
        "training": dict(training),
        "judging": dict(judging),
        **here.judges,
    }
    path = here.folder / f"judged-{hashlib.sha256(canonical(parts).encode()).hexdigest()}.json"

    def made() -> dict[str, Any]:
        policy, facts, curves = trained(here, row, rows, pairs, training, judging["held_out"])
        metrics = {**here.judged(policy, judging), **facts}
        return {"metrics": metrics | by_tenth(curves, "margin"), "curves": curves}

    return once(path, _read, made, lambda path, found: replace(path, json.dumps(found).encode()))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return found
