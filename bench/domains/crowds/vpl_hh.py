"""Two groups of people who want opposite things of an answer, as a crowd. No dialogue of the test was judged before.

No dialogue was judged by both groups either, so that what is asked gives away who asks: a model of everybody can
profit from that, and a comparison of both groups on the same answers is nowhere. Answers are read without the dialogue
before them, which both answers share and which fills most of what the encoder reads; PAL-B has it as the prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.data.annotated import Annotated
from bench.data.annotator_splits import held_out
from bench.data.encoded import Table, embedding, texts_of, with_features
from bench.data.people_splits import MEMBERS
from bench.data.vpl_hh import load
from bench.domains.crowds import judged
from bench.domains.crowds.crowd import Crowd, make_crowd
from bench.spec import Context, Progress


def crowd(settings: Mapping[str, Any], seed: int, context: Context) -> Crowd:
    """Of the settings `VPLHHSettings`."""
    features = table(settings, context)
    people = judged.split(load(judged.folder(context), MEMBERS), settings["unseen"], seed)
    data = _some(settings, context)
    train, test = (data.take(part) for part in held_out(data, settings["held_out"], seed, "prompt"))
    facts = judged.longer_wins(test, people.seen)
    said, asked = (with_features(part, features, alone=True) for part in (train, test))
    return make_crowd(said, asked, people, seed, adapt=settings["adapt"], facts=facts)


def table(settings: Mapping[str, Any], context: Context, progress: Progress | None = None) -> Table:
    """Features of answers and dialogues; every seed has the same ones."""
    return embedding(texts_of(_some(settings, context), alone=True), cache_dir=context.cache_dir, progress=progress)


def _some(settings: Mapping[str, Any], context: Context) -> Annotated:
    return judged.some_of_each(load(judged.folder(context), MEMBERS), settings["each"])
