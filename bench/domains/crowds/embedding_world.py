"""Picks of images that were never painted as a crowd, and a share `beta` of them behind colour filters.

Groups are those of the filters. A filter moves an image as far as images differ in quality (`SPREAD`): its colour can
be told, and not from every image. Everyone's first comparisons are for training, the others for the test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.data.annotator_splits import split_annotators
from bench.data.embedding_world import SPREAD, direction, picks
from bench.data.pickafilter import draw_filters, tinted
from bench.domains.crowds.crowd import Crowd, make_crowd, rank_within
from bench.domains.crowds.prompted import with_cosine
from bench.spec import Context


def crowd(settings: Mapping[str, Any], seed: int, context: Context) -> Crowd:
    """Of the settings `EmbeddingWorldSettings`."""
    each, dimension = settings["train"] + settings["test"], settings["dimension"]
    made = picks(settings["people"], each, dimension, seed)
    if settings["beta"] is not None:
        filters = draw_filters(made.comparisons, settings["beta"], seed)
        made = tinted(made, filters, SPREAD * direction("colour", dimension, seed))
    for_training = rank_within(made.comparisons.judged) < settings["train"]
    people = split_annotators(made.comparisons, settings["unseen"], seed)
    train, test = made.take(np.flatnonzero(for_training)), made.take(np.flatnonzero(~for_training))
    return make_crowd(train, test, people, seed, adapt=settings["adapt"], linear=with_cosine, prompted=with_cosine)
