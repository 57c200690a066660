"""A task: learn from seen people, adapt to unseen ones by ever more of their comparisons, test on both."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from bench.data.annotated import hashed
from bench.data.embedded import Embedded
from bench.domains.crowds.crowd import Crowd, comparisons
from bench.domains.crowds.making import crowd
from bench.evaluate.personal import accuracy, accuracy_by_person, groups_found
from bench.learn.reward.pal import PALA, PALB
from bench.learn.reward.personal.model import PersonalRewardModel
from bench.papers.pal.models import model
from bench.spec import Context, Outcome, Task, canonical


def studied(task: Task, context: Context) -> Outcome:
    """Accuracies on seen people, and on unseen ones by comparisons that they were adapted to."""
    torch.set_num_threads(context.threads)
    here, settings = _crowd(canonical(task.settings["crowd"]), task.seed, _shared(context)), task.settings
    here = _read_by(task.method, here)
    K = task.condition.get("K")
    untrained = model(task.method, None if K is None else int(str(K)), settings["model"], task.seed)
    start = time.perf_counter()
    fitted = _fitted(untrained, here, settings["model"].get("choose_epoch", False))
    seconds = time.perf_counter() - start
    unseen = _unseen(fitted, here, settings["counts"])
    decisions = _decisions(fitted, here.test)
    metrics = {
        "seen_accuracy": accuracy(decisions, here.test.comparisons.labels),
        "seen_accuracy_by_person": _by_person(decisions, here.test),
        **_of_subsets(decisions, here),
        **{f"unseen_accuracy_{count}": value for count, value in unseen.items()},
        **_sizes(fitted),
        "fit_seconds": seconds,
        **here.facts,
    }
    curves = {"count": [float(count) for count in unseen], "unseen_accuracy": list(unseen.values())}
    notes: dict[str, Any] = {}
    if isinstance(fitted, PALA | PALB):
        found, weights, people = _people(fitted, here)
        named = map(hashed, people) if settings["annotator_ids"] == "hashed" else people
        notes = {"people": " ".join(named)}
        metrics, curves = metrics | found, curves | weights
    return Outcome(metrics, curves, notes)


def _shared(context: Context) -> Context:
    """What is the same for all tasks of a worker."""
    return replace(context, scratch_dir=context.cache_dir)


@lru_cache(maxsize=1)
def _crowd(settings: str, seed: int, context: Context) -> Crowd:
    return crowd(json.loads(settings), seed, context)


def _read_by(method: str, here: Crowd) -> Crowd:
    """PAL-B and the cosine read prompts beside items as they are, PAL-A items alone; the others' rewards are linear."""
    if method in ("pal_b", "cosine"):
        return here
    return here.with_prompted_items() if method == "pal_a" else here.described()


def _fitted(untrained: PersonalRewardModel, here: Crowd, choose_epoch: bool) -> PersonalRewardModel:
    said = comparisons(here.train)
    if isinstance(untrained, PALA | PALB):
        judged = comparisons(here.validation) if choose_epoch else None
        return untrained.fit(said.X, said.labels, annotators=said.annotators, prompts=said.prompts, validation=judged)
    return untrained.fit(said.X, said.labels, annotators=said.annotators, prompts=said.prompts)


def _unseen(fitted: PersonalRewardModel, here: Crowd, counts: list[int]) -> dict[int, float]:
    """Accuracy on the unseen people's test after so many of their comparisons; after 0, by what strangers are given."""
    labels = here.unseen_test.comparisons.labels
    found = {0: accuracy(_decisions(fitted, here.unseen_test), labels)}
    for count in sorted(counts):
        said = comparisons(here.few(count))
        adapted = fitted.adapt(said.X, said.labels, annotators=said.annotators, prompts=said.prompts)
        found[count] = accuracy(_decisions(adapted, here.unseen_test), labels)
    return found


def _decisions(fitted: PersonalRewardModel, part: Embedded) -> Any:
    asked = comparisons(part)
    return fitted.decision_function(asked.X, annotators=asked.annotators, prompts=asked.prompts)


def _by_person(decisions: Any, part: Embedded) -> float:
    of_each = accuracy_by_person(decisions, part.comparisons.labels, part.comparisons.annotators)
    return float(np.mean(list(of_each.values())))


def _of_subsets(decisions: Any, here: Crowd) -> dict[str, float]:
    labels = here.test.comparisons.labels
    parts = {name: here.of_subset(name) for name in here.subsets}
    return {
        f"seen_accuracy_{name}": accuracy(decisions[part], labels[part]) for name, part in parts.items() if part.any()
    }


def _sizes(fitted: PersonalRewardModel) -> dict[str, float]:
    """Numbers that were learnt: of what all share, and of one person."""
    counts: Mapping[str, int] = fitted.learned_parameters_
    shared = sum(count for part, count in counts.items() if part != "annotators")
    return {"shared_parameters": float(shared), "personal_parameters": float(counts.get("annotators", 0))}


def _people(fitted: PALA | PALB, here: Crowd) -> tuple[dict[str, float], dict[str, list[float]], list[str]]:
    """How well groups are found, everyone's weights on the simplex, and who the rows are."""
    weights = fitted.fitted_.weights()
    people = list(weights)
    metrics = {}
    curves = {f"weight_{k + 1}": [float(weights[person][k]) for person in people] for k in range(fitted.K)}
    if here.groups:
        names = sorted(set(here.groups.values()))
        metrics["rand_index"] = groups_found(weights, here.groups)
        curves["group"] = [float(names.index(here.groups[str(person)])) for person in people]
    return metrics, curves, [str(person) for person in people]
