"""Real people who judged which of two arguments convinces more, as a crowd. No pair of the test was judged before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.data.annotator_splits import held_out
from bench.data.encoded import Table, embedding, texts_of, with_features
from bench.data.ukp_workers import load
from bench.domains.crowds import judged
from bench.domains.crowds.crowd import Crowd, make_crowd
from bench.spec import Context, Progress


def crowd(settings: Mapping[str, Any], seed: int, context: Context) -> Crowd:
    """Of the settings `UKPWorkersSettings`."""
    data, features = load(judged.folder(context)), table(settings, context)
    people = judged.split(data, settings["unseen"], seed)
    train, test = (data.take(part) for part in held_out(data, settings["held_out"], seed, "pair"))
    train = judged.some_of_each(train, settings["train"], "train", seed)
    test = judged.some_of_each(test, settings["test"], "test", seed)
    facts = {
        **judged.longer_wins(test, people.seen),
        **judged.agreements(test, data, people),
        **judged.noise(data),
    }
    said, asked = (with_features(part, features) for part in (train, test))
    return make_crowd(said, asked, people, seed, adapt=settings["adapt"], facts=facts)


def table(settings: Mapping[str, Any], context: Context, progress: Progress | None = None) -> Table:
    """Features of all arguments, each after its debate's title."""
    return embedding(texts_of(load(judged.folder(context))), cache_dir=context.cache_dir, progress=progress)
