"""Picks of images that were never painted: features drawn so that what PAL does on Pick-a-Pic can be done anywhere.

A prompt is a direction. An image is more or less of that direction, some of a quality that all prompts share, and
something else. Everyone prefers images that are near their prompt and of quality, by the Bradley-Terry model: people do
not differ until Pick-a-Filter's colours are mixed in. How far this is from features of real images is not known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.data.embedded import Embedded, Vectors, make_embedded
from bench.errors import UserError
from bench.seeds import seed_for

NAME = "embedding world"
STEEPNESS = 4.0  # of the Bradley-Terry model: the best guess is right in 73 % of picks
SPREAD = 0.3  # standard deviation of how much of the prompt's direction, and of quality, is in an image
OFF = 0.8  # length of what is neither prompt nor quality

Array = NDArray[np.float64]


def picks(people: int, each: int, dimension: int, seed: int) -> Embedded:
    """`each` picks by everyone. Same arguments, same picks; more people come after fewer.

    Raises UserError for counts below 1 and fewer than 2 dimensions.
    """
    for name, value, least in (("people", people, 1), ("each", each, 1), ("dimension", dimension, 2)):
        if value < least:
            raise UserError(f"{name} must be at least {least}, got {value}")
    quality = direction("quality", dimension, seed)
    prompts, items, labels = [], [], []
    for person in range(people):
        random = np.random.default_rng(seed_for(NAME, "picks", seed, dimension, person))
        asked = _unit(random.normal(size=(each, dimension)))
        off = OFF * _unit(random.normal(size=(each, 2, dimension)))
        near, good = SPREAD * random.normal(size=(2, each, 2, 1))
        images = _unit((1 + near) * asked[:, None] + good * quality + off)
        worth = STEEPNESS * (images @ quality + (images * asked[:, None]).sum(axis=2))
        chance = 1 / (1 + np.exp(worth[:, 1] - worth[:, 0]))
        labels.append(np.where(random.random(each) < chance, 1, -1))
        prompts.append(asked)
        items.append(images)
    return make_embedded(
        NAME,
        rankings=range(people * each),
        annotators=[f"user-{person}" for person in range(people) for _ in range(each)],
        labels=np.concatenate(labels),
        prompts=np.concatenate(prompts).astype(np.float32),
        items=np.concatenate(items).astype(np.float32),
        source="made here",
    )


def direction(name: str, dimension: int, seed: int) -> Vectors:
    """(dimension,) of length one: the direction of that name, such as "quality" or a filter's "colour"."""
    random = np.random.default_rng(seed_for(NAME, "direction", name, seed, dimension))
    return _unit(random.normal(size=dimension)).astype(np.float32)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
