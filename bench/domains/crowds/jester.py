"""Real people who rated jokes, as a crowd: some of 5,000, drawn by the seed.

Held out are pairs of jokes, or jokes: then no joke of the test was in a comparison for training.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.data.annotated import Annotated
from bench.data.annotator_splits import People, held_out
from bench.data.encoded import Table, embedding, texts_of, with_features
from bench.data.jester import NAME, load
from bench.domains.crowds import judged
from bench.domains.crowds.crowd import Crowd, make_crowd
from bench.errors import UserError
from bench.seeds import seed_for
from bench.spec import Context, Progress


def crowd(settings: Mapping[str, Any], seed: int, context: Context) -> Crowd:
    """Of the settings `JesterSettings`."""
    data, features = load(judged.folder(context)), table(settings, context)
    people = _some(judged.split(data, settings["unseen"], seed), data, settings, seed)
    train, test = (data.take(part) for part in held_out(data, settings["held_out"], seed, settings["unit"]))
    own_train = judged.some_of_each(_said_by(people, train), settings["train"], "train", seed)
    own_test = judged.some_of_each(_said_by(people, test), settings["test"], "test", seed)
    facts = {**judged.longer_wins(own_test, people.seen), **judged.agreements(own_test, test, people)}
    said, asked = (with_features(part, features) for part in (own_train, own_test))
    return make_crowd(said, asked, people, seed, adapt=settings["adapt"], facts=facts)


def table(settings: Mapping[str, Any], context: Context, progress: Progress | None = None) -> Table:
    """Features of the jokes."""
    return embedding(texts_of(load(judged.folder(context))), cache_dir=context.cache_dir, progress=progress)


def _some(people: People, data: Annotated, settings: Mapping[str, Any], seed: int) -> People:
    """As many as are asked for, of seen and unseen people the same share. Raises UserError for more than there are."""
    wanted = settings["people"]
    if wanted > len(data.people):
        raise UserError(f"crowd.people: {wanted} of {NAME}'s {len(data.people)} people")
    later = round(settings["unseen"] * wanted)
    return People(
        seen=_drawn(people.seen, wanted - later, "seen", seed), unseen=_drawn(people.unseen, later, "unseen", seed)
    )


def _drawn(people: tuple[str, ...], count: int, part: str, seed: int) -> tuple[str, ...]:
    order = np.random.default_rng(seed_for(NAME, "people", part, seed)).permutation(len(people))
    return tuple(people[place] for place in order[:count])


def _said_by(people: People, data: Annotated) -> Annotated:
    there = set(data.people)
    return data.of(person for person in (*people.seen, *people.unseen) if person in there)
