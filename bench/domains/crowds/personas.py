"""People made of Anthropic's personas as a crowd: some personas of one subject, another draw with every seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.data.annotator_splits import split_annotators
from bench.data.anthropic_persona import NAME, TOPICS, Population, Statement, make_people, statements
from bench.data.encoded import Table, embedding, with_features
from bench.data.texts import Text
from bench.domains.crowds import judged
from bench.domains.crowds.crowd import Crowd, make_crowd
from bench.seeds import seed_for
from bench.spec import Context, Progress

POPULATION = ("members", "train", "test", "conflict", "concentration")


def crowd(settings: Mapping[str, Any], seed: int, context: Context) -> Crowd:
    """Of the settings `PersonasSettings`."""
    features = table(settings, context)
    said = _some(settings, context)
    population = Population(drawn(settings, seed), **{key: settings[key] for key in POPULATION})
    made = make_people(said, population, seed)
    people = split_annotators(made.train, settings["unseen"], seed)
    train, test = (with_features(part, features) for part in (made.train, made.test))
    facts = judged.longer_wins(made.test, people.seen)
    return make_crowd(train, test, people, seed, adapt=settings["adapt"], mixtures=made.mixtures, facts=facts)


def drawn(settings: Mapping[str, Any], seed: int) -> tuple[str, ...]:
    """The personas of a seed."""
    known = TOPICS[settings["topic"]]
    order = np.random.default_rng(seed_for(NAME, "personas", settings["topic"], seed)).permutation(len(known))
    return tuple(known[place] for place in order[: settings["prototypes"]])


def table(settings: Mapping[str, Any], context: Context, progress: Progress | None = None) -> Table:
    """Features of the statements of all personas of the subject, which every seed draws from."""
    texts = [Text("", said.text) for said in _some(settings, context)]
    return embedding(list(dict.fromkeys(texts)), cache_dir=context.cache_dir, progress=progress)


def _some(settings: Mapping[str, Any], context: Context) -> list[Statement]:
    """Of every persona of the subject as many statements as are asked for, or all it has; the same for every seed."""
    chosen = []
    for persona in TOPICS[settings["topic"]]:
        own = [said for said in statements(judged.folder(context)) if said.persona == persona]
        order = np.random.default_rng(seed_for(NAME, "statements", persona)).permutation(len(own))
        chosen += [own[place] for place in np.sort(order[: settings["statements"]])]
    return chosen
