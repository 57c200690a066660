"""Four domains, each for the answers that were written for it, as a crowd. No query of the test was judged before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.data.annotated import Annotated
from bench.data.annotator_splits import held_out
from bench.data.dsp import NAME, load
from bench.data.encoded import Table, embedding, texts_of, with_features
from bench.data.people_splits import MEMBERS
from bench.domains.crowds import judged
from bench.domains.crowds.crowd import Crowd, make_crowd
from bench.errors import UserError
from bench.seeds import seed_for
from bench.spec import Context, Progress


def crowd(settings: Mapping[str, Any], seed: int, context: Context) -> Crowd:
    """Of the settings `DSPSettings`."""
    features = table(settings, context)
    people = judged.split(load(judged.folder(context), MEMBERS), settings["unseen"], seed)
    data = _some(settings, context)
    train, test = (data.take(part) for part in held_out(data, settings["held_out"], seed, "prompt"))
    facts = judged.longer_wins(test, people.seen)
    said, asked = (with_features(part, features) for part in (train, test))
    return make_crowd(said, asked, people, seed, adapt=settings["adapt"], facts=facts)


def table(settings: Mapping[str, Any], context: Context, progress: Progress | None = None) -> Table:
    """Features of answers and queries; every seed has the same ones."""
    return embedding(texts_of(_some(settings, context)), cache_dir=context.cache_dir, progress=progress)


def _some(settings: Mapping[str, Any], context: Context) -> Annotated:
    """What is said of as many queries as are asked for. Raises UserError for more than there are."""
    data = load(judged.folder(context), MEMBERS)
    if settings["queries"] > len(data.prompts):
        raise UserError(f"crowd.queries: {settings['queries']} of {NAME}'s {len(data.prompts)} queries")
    order = np.random.default_rng(seed_for(NAME, "queries")).permutation(len(data.prompts))
    return data.take(np.isin(data.asked, order[: settings["queries"]]))
