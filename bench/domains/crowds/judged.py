"""What crowds have in common who judged texts: who comes later, how much everyone says, how far they agree."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.data import anthropic_persona, dsp, jester, people_splits, ukpconvarg1, vpl_hh
from bench.data import encoder as minilm
from bench.data.agreement import agreement, consistency
from bench.data.annotated import Annotated, length_differences
from bench.data.annotator_splits import People, split_annotators
from bench.data.datafile import DataFile
from bench.errors import UserError
from bench.seeds import seed_for
from bench.spec import Context, Scalar, Unavailable, canonical

SOURCES: Mapping[str, tuple[Sequence[DataFile], str]] = {  # what a crowd reads, and how to get it
    "personas": ((anthropic_persona.FILE,), anthropic_persona.HOW_TO_GET),
    "ukp_workers": ((ukpconvarg1.ARGUMENTS, ukpconvarg1.JUDGEMENTS), ukpconvarg1.HOW_TO_GET),
    "jester": ((jester.JOKES, jester.RATINGS), jester.HOW_TO_GET),
    "vpl_hh": (tuple(vpl_hh.FILES.values()), vpl_hh.HOW_TO_GET),
    "dsp": ((dsp.FILE,), dsp.HOW_TO_GET),
}


def fingerprints(crowd: str, data_dir: Path | None) -> dict[str, str]:
    """Of the files that a crowd reads, which are checked when they are read, and of the encoder; none is read for it.

    Raises Unavailable, saying how to get it, for a file or an encoder that is not on this machine.
    """
    files, how_to_get = SOURCES[crowd]
    found = {}
    for file in files:
        if data_dir is None or not (data_dir / file.path).is_file():
            place = f"the data directory {data_dir}" if data_dir else "a data directory"
            raise Unavailable(f"needs {file.path} in {place}.\n{how_to_get}")
        found[file.path] = file.sha256
    minilm.require()
    return {**found, "minilm": hashlib.sha256(canonical(minilm.settings()).encode()).hexdigest()}


def folder(context: Context) -> Path:
    """The data directory. Raises UserError where a task has none."""
    if context.data_dir is None:
        raise UserError("this crowd is read from the data directory: name it with --data-dir or PREFBENCH_DATA")
    return context.data_dir


def split(data: Annotated, unseen: float, seed: int) -> People:
    """Who is seen and who comes later: by the committed split where there is one for this share and seed."""
    if unseen == people_splits.UNSEEN and seed in people_splits.SEEDS:
        return people_splits.load(data.name, data, seed)
    return split_annotators(data, unseen, seed)


def some_of_each(data: Annotated, each: int, *axes: Scalar) -> Annotated:
    """Of everyone `each` comparisons, drawn by a stream of their own that `axes` name; all of those who have fewer."""
    kept = []
    for person, own in zip(data.people, data.by_person, strict=True):
        order = np.random.default_rng(seed_for("some of each", data.name, person, *axes)).permutation(len(own))
        kept.append(own[order[:each]])
    return data.take(np.sort(np.concatenate(kept)))


def longer_wins(test: Annotated, people: Sequence[str]) -> dict[str, float]:
    """What "the text with more characters is preferred" is worth on the test of `people`; equal lengths count half."""
    own = test.of(person for person in people if person in test.counts)
    return {"longer_wins": float((1 + np.sign(length_differences(own) * own.labels)).mean() / 2)}


def agreements(test: Annotated, everybody: Annotated, people: People) -> dict[str, float]:
    """How often others say the same of the test's pairs: what bounds a model that gives all people one answer.

    `test` is what models are tested on, `everybody` all judgements of those pairs.
    """
    pairs = everybody.take(np.isin(_pairs(everybody), np.unique(_pairs(test))))
    there = set(test.people)
    seen, unseen = (
        agreement(pairs, [person for person in those if person in there]) for those in (people.seen, people.unseen)
    )
    return {
        "agreement_two": seen.two,
        "agreement_others": seen.others,
        "unseen_agreement_two": unseen.two,
        "unseen_agreement_others": unseen.others,
    }


def noise(data: Annotated) -> dict[str, float]:
    """The rate of answers against somebody's own order, by circles, and what it leaves: that bounds a model of each."""
    rate = consistency(data).noise
    return {"noise": rate, "noise_ceiling": 1 - rate}


def _pairs(data: Annotated) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(n,): a number for each pair of items, the same in either order."""
    low, high = np.minimum(data.first, data.second), np.maximum(data.first, data.second)
    return np.asarray(low * len(data.items) + high)
