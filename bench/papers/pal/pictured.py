"""A task for pictures: PAL-A learns from a crowd, and every person, prototype and some items are put down in numbers.

The metrics are numbered (`person_3_weight_1`, `item_7_axis_2`), since figures read metrics.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from bench.domains.crowds.crowd import Crowd, comparisons
from bench.domains.crowds.making import crowd
from bench.errors import UserError
from bench.learn.reward.pal import PALA
from bench.papers.pal.models import model
from bench.spec import Context, Outcome, Task, canonical

Array = NDArray[np.float64]
ITEMS = 150  # of the test, enough to show where f puts them
AXES = 2


def pictured(task: Task, context: Context) -> Outcome:
    """Weights, groups and places of seen people, places of prototypes and items. Raises UserError unless PAL-A."""
    torch.set_num_threads(context.threads)
    here = crowd(json.loads(canonical(task.settings["crowd"])), task.seed, context)
    said = comparisons(here.train)
    untrained = model(task.method, int(str(task.condition["K"])), task.settings["model"], task.seed)
    if not isinstance(untrained, PALA):
        raise UserError(f"pictures: only pal_a has ideal points among items, got {task.method}")
    fitted = untrained.fit(said.X, said.labels, annotators=said.annotators)
    weights = fitted.fitted_.weights()
    groups = _groups(here)
    metrics: dict[str, float] = {}
    for place, (person, own) in enumerate(weights.items()):
        metrics[f"person_{place}_group"] = float(groups[str(person)])
        metrics |= {f"person_{place}_weight_{k + 1}": float(value) for k, value in enumerate(own)}
    places, share = _places(fitted, here.test.items.reshape(-1, here.test.items.shape[2])[:ITEMS])
    for kind, points in places.items():
        for place, point in enumerate(points):
            metrics |= {f"{kind}_{place}_axis_{axis + 1}": float(value) for axis, value in enumerate(point)}
    return Outcome({**metrics, "variance_shown": share})


def _groups(here: Crowd) -> Mapping[str, int]:
    """Everyone's largest part."""
    return {person: int(np.argmax(mixture)) for person, mixture in here.mixtures.items()}


@torch.no_grad()
def _places(fitted: PALA, items: NDArray[np.float32]) -> tuple[dict[str, Array], float]:
    """Items f(x), ideal points and prototypes f(P), each (n, 2) on the first principal axes of f(x); variance shown."""
    network, known = fitted.fitted_.network, fitted.fitted_
    weights = torch.from_numpy(np.array(list(known.weights().values()))).float()
    projected = {
        "item": network.items(torch.from_numpy(items)),
        "person": network.ideal_points(weights, torch.arange(len(weights)), None),
        "prototype": network.ideal_points(torch.eye(fitted.K), torch.arange(fitted.K), None),
    }
    points = {kind: values.double().numpy() for kind, values in projected.items()}
    middle = points["item"].mean(axis=0)
    _, scales, axes = np.linalg.svd(points["item"] - middle, full_matrices=False)
    share = float((scales[:AXES] ** 2).sum() / (scales**2).sum())
    return {kind: (values - middle) @ axes[:AXES].T for kind, values in points.items()}, share
