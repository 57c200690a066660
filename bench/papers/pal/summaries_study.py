"""A task on summaries: learn from seen workers, adapt to unseen ones, and measure as the released code does, too."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.data import tldr
from bench.data.annotated import Annotated, hashed
from bench.evaluate.personal import accuracy, groups_found
from bench.learn.reward.pal import Asked, Window
from bench.papers.pal.summaries_models import TokenModel, VectorModel, summary_model
from bench.papers.pal.summaries_source import Reader, Summaries, reader, summaries
from bench.spec import Context, Outcome, Task, canonical


def summarised(task: Task, context: Context) -> Outcome:
    """Accuracies on the seen workers' test, and on unseen workers by comparisons that the model was adapted to."""
    torch.set_num_threads(context.threads)
    settings, model = task.settings, task.settings["model"]
    shared = bool(model.get("shared_data", False))
    data = summaries(settings["source"], settings["counts"], task.seed, shared, context.data_dir)
    read = _read(task, data, context.cache_dir)
    K = task.condition.get("K")
    untrained = summary_model(task.method, None if K is None else int(str(K)), model, task.seed, read)
    start = time.perf_counter()
    fitted: Any = untrained.fit(data.found.train, data.found.validation)
    seconds = time.perf_counter() - start
    test, counts = data.found.test, settings["counts"]
    metrics = {**_measured("seen_accuracy", "", fitted, test), **_sizes(fitted), "fit_seconds": seconds}
    metrics |= _measured("unseen_accuracy", "_0", fitted, data.unseen(max(counts))[1])
    for count in counts:
        said, asked = data.unseen(count)
        adapted = fitted.adapt(said, asked)
        metrics |= _measured("unseen_accuracy", f"_{count}", adapted, asked)
    curves = {"count": [float(count) for count in counts]}
    curves["unseen_accuracy"] = [metrics[f"unseen_accuracy_{count}"] for count in counts]
    notes: dict[str, Any] = {"differences": " ".join(data.found.differences)}
    if isinstance(fitted, TokenModel):
        metrics |= {"seen_accuracy_last_token": fitted.last_token(test), "cut_share": fitted.cut_share(test)}
        found, weights, people = _people(fitted, test.groups)
        metrics, curves, notes = metrics | found, curves | weights, notes | people
    return Outcome(metrics, curves, notes)


def _read(task: Task, data: Summaries, cache_dir: Path) -> Reader:
    """What the task's model reads with."""
    source, reading = task.settings["source"], task.settings["model"].get("reading")
    padded = reading is not None and (reading["window"] != Window.OWN_TOKENS or reading["asked"] != Asked.LAST)
    reach = reading["max_length"] if padded else 0
    return _reader(canonical(source), data.found, task.method == "pal_b", reach, cache_dir)


@lru_cache(maxsize=3)
def _reader(source: str, found: tldr.Tldr, apart: bool, reach: int, cache_dir: Path) -> Reader:
    """What tasks with the same data share."""
    return reader(json.loads(source), cache_dir).remembering(found, apart=apart, reach=reach)


def _measured(name: str, end: str, fitted: TokenModel | VectorModel, asked: Annotated) -> dict[str, float]:
    """Accuracy of all, of each group, and where there are tokens the mean share of those that are right."""
    found = {}
    if isinstance(fitted, TokenModel):
        decisions, found[f"{name}_mean_token{end}"] = fitted.measured(asked)
    else:
        decisions = fitted.decisions(asked)
    found[f"{name}{end}"] = accuracy(decisions, asked.labels)
    groups = np.array([asked.groups[person] for person in asked.annotators])
    for group in sorted(set(groups)):
        own = groups == group
        found[f"{name}_{group}{end}"] = accuracy(decisions[own], asked.labels[own])
    return found


def _sizes(fitted: TokenModel | VectorModel) -> dict[str, float]:
    """Numbers that were learnt: of what all share, and of one person."""
    counts = fitted.learned_parameters_
    shared = sum(count for part, count in counts.items() if part != "annotators")
    return {"shared_parameters": float(shared), "personal_parameters": float(counts.get("annotators", 0))}


def _people(
    fitted: TokenModel, groups: Mapping[str, str]
) -> tuple[dict[str, float], dict[str, list[float]], dict[str, str]]:
    """How well groups are found, everyone's weights on the simplex, and who the rows are: hashed names."""
    weights = fitted.text.fitted_.weights()
    people = list(weights)
    curves = {f"weight_{k + 1}": [float(each[k]) for each in weights.values()] for k in range(fitted.text.method.K)}
    names = sorted(set(groups.values()))
    curves["group"] = [float(names.index(groups[str(person)])) for person in people]
    notes = {"people": " ".join(hashed(str(person)) for person in people)}
    return {"rand_index": groups_found(weights, groups)}, curves, notes
