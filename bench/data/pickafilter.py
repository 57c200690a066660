"""Pick-a-Filter: Pick-a-Pic with a preference for colours mixed in, that two groups of people do not share.

As PAL's authors describe it on their hub page: users of Pick-a-Pic v1 are divided at random into those who prefer cool
(blue) and those who prefer warm (red) tones. A share beta of the comparisons, at random, gets a filter: in half of
those, at random, the picked image gets the colour of the user's group, and in the other half the image that was not
picked gets the other group's colour. All labels stay. They publish OpenCLIP H/14 features of the filtered images for
several beta (`paf_<beta>_mix_ratio.zip`; `pickapic.load` reads them if they hold the same samples: not verified).

What is here is the construction, and a stand-in for the filter on features (`tinted`). Which filter they put on the
images, and whether the halves are exact, is not known; they are exact here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.data.annotated import Annotated
from bench.data.embedded import Embedded, Vectors
from bench.errors import UserError
from bench.seeds import seed_for

REPO = "ramya-ml/pick-a-filter-embeds"
COOL, WARM = "cool", "warm"
_COLOURS = {COOL: -1, WARM: 1}


@dataclass(frozen=True)
class Filters:
    """Whose images get which colour."""

    groups: dict[str, str]  # of everyone: COOL or WARM
    colours: NDArray[np.int64]  # (n, 2): +1 where an item gets the warm filter, -1 the cool one, 0 none


def draw_filters(data: Annotated, beta: float, seed: int) -> Filters:
    """Filters for a share `beta` of the comparisons, exactly half of them on the picked image.

    Groups do not depend on beta, and the filters of a smaller beta are among those of a larger one. Raises UserError
    for a share that is not between 0 and 1, and for fewer than two people.
    """
    if not 0 <= beta <= 1:
        raise UserError(f"beta must be a share between 0 and 1, got {beta}")
    if len(data.people) < 2:
        raise UserError(f"{data.name}: two groups need two people, there are {len(data.people)}")
    everyone = sorted(data.people)
    order = np.random.default_rng(seed_for("pick-a-filter", "groups", seed)).permutation(len(everyone))
    groups = {everyone[place]: (COOL, WARM)[rank % 2] for rank, place in enumerate(order)}
    shortlist = np.random.default_rng(seed_for("pick-a-filter", "filters", seed)).permutation(len(data))
    filtered = shortlist[: round(beta * len(data))]
    favourite = np.array([_COLOURS[groups[person]] for person in data.people])[data.judged[filtered]]
    picked = (data.labels[filtered] < 0).astype(np.int64)
    on_picked = np.arange(len(filtered)) % 2 == 0
    colours = np.zeros((len(data), 2), dtype=np.int64)
    colours[filtered, np.where(on_picked, picked, 1 - picked)] = np.where(on_picked, favourite, -favourite)
    return Filters(groups, colours)


def tinted(embedded: Embedded, filters: Filters, direction: Vectors) -> Embedded:
    """Features as if a filter moved an image along `direction` (d,): towards it if warm, away from it if cool.

    Every image keeps the length of its features. The groups become known. A stand-in: what a filter does to real
    features depends on the image. Raises UserError for a direction of another length than the features.
    """
    if direction.shape != embedded.items.shape[2:]:
        raise UserError(f"direction has shape {direction.shape}, features of an image {embedded.items.shape[2:]}")
    moved = embedded.items + filters.colours[:, :, None] * direction.astype(np.float32)
    lengths = np.linalg.norm(embedded.items, axis=2, keepdims=True)
    scale = lengths / np.maximum(np.linalg.norm(moved, axis=2, keepdims=True), np.finfo(np.float32).tiny)
    items = np.where(filters.colours[:, :, None] == 0, embedded.items, moved * scale)
    comparisons = replace(embedded.comparisons, name="pick-a-filter", groups=filters.groups)
    return replace(embedded, comparisons=comparisons, items=items.astype(np.float32))
