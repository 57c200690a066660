"""Crowds of people who judged texts. Real data, read by an encoder without weights."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import TypeAdapter

from bench.data import encoder, features, people_splits, vpl_hh
from bench.data.agreement import agreement
from bench.data.annotated import make_annotated
from bench.data.annotator_splits import People
from bench.domains.crowds import judged
from bench.domains.crowds.crowd import PARTS
from bench.domains.crowds.making import crowd, prepare
from bench.domains.crowds.settings import CrowdSettings, written
from bench.errors import UserError
from bench.spec import Context, Unavailable

SIZES = {"unseen": 0.3, "adapt": 10}
CROWDS = {
    "personas": {
        "topic": "religion",
        "prototypes": 3,
        "statements": 60,
        "members": 4,
        "train": 12,
        "test": 6,
        "conflict": 0.5,
    },
    "ukp_workers": {"train": 12, "test": 6, "held_out": 0.3},
    "jester": {"people": 20, "unit": "item", "train": 15, "test": 6, "held_out": 0.4},
    "vpl_hh": {"each": 20, "held_out": 0.25},
    "dsp": {"queries": 60, "held_out": 0.3},
}
ADAPT = {"dsp": 3}  # of 60 queries everyone has about 12 comparisons
REAL = ("ukp_workers", "jester", "vpl_hh", "dsp")


def settings(name, **changes):
    own = {"name": name, **SIZES, **CROWDS[name], "adapt": ADAPT.get(name, 10), **changes}
    return TypeAdapter(CrowdSettings).validate_python(own)


@pytest.fixture
def context(data_dir, tmp_path, monkeypatch):
    """The data directory, and an encoder that draws features by texts' hashes and says how many it embedded."""
    embedded = []

    def embed(texts, progress=None, partial=None):
        embedded.extend(texts)
        return np.random.default_rng(0).normal(size=(len(texts), 4)).astype(np.float32)

    fake = SimpleNamespace(require=lambda: None, settings=dict, dimension=lambda: 4, embed=embed, embedded=embedded)
    monkeypatch.setitem(features.ENCODERS, "minilm", fake)
    return Context(data_dir, tmp_path, tmp_path / "scratch")


def made(name, context, seed=1000, **changes):
    return crowd(written(settings(name, **changes)), seed, context)


def people_of(part):
    return set(part.comparisons.people)


def pairs(part):
    data = part.comparisons
    return {tuple(two) for two in np.sort(np.stack([data.first, data.second], axis=1), axis=1).tolist()}


@pytest.mark.parametrize("name", CROWDS)
def test_seen_and_unseen_people_are_others_and_nothing_of_the_test_is_in_training(name, context):
    here = made(name, context)
    seen, unseen = people_of(here.train), people_of(here.pool)
    assert not seen & unseen
    assert people_of(here.validation) <= seen
    assert people_of(here.test) <= seen
    assert people_of(here.unseen_test) <= unseen
    learnt = pairs(here.train) | pairs(here.validation) | pairs(here.pool)
    assert not learnt & (pairs(here.test) | pairs(here.unseen_test))
    assert all(len(getattr(here, part)) for part in PARTS)
    assert set(here.few(1).comparisons.counts.values()) == {1}
    assert 0.4 < here.facts["longer_wins"] < 0.9


@pytest.mark.parametrize("name", ["personas", "vpl_hh", "dsp"])
def test_texts_are_embedded_once_for_all_seeds(name, context):
    prepare(written(settings(name)), context, None)
    first = len(features.ENCODERS["minilm"].embedded)
    one, other = (made(name, context, seed) for seed in (1000, 1001))
    assert len(features.ENCODERS["minilm"].embedded) == first > 0
    assert one.train.comparisons.fingerprint != other.train.comparisons.fingerprint


@pytest.mark.parametrize("name", ["personas", "ukp_workers", "vpl_hh"])
def test_same_settings_and_seed_same_crowd(name, context):
    one, again = (made(name, context) for _ in range(2))
    assert all(getattr(one, part).fingerprint == getattr(again, part).fingerprint for part in PARTS)


@pytest.mark.parametrize("name", REAL)
def test_reported_seeds_have_the_committed_split_of_people(name, context, monkeypatch):
    asked = []
    load = people_splits.load
    monkeypatch.setattr(people_splits, "load", lambda *said: asked.append(said[2]) or load(*said))
    here = made(name, context, seed=3)
    assert asked == [3]
    split = load(name, people_splits.LOADERS[name](context.data_dir), 3)
    assert people_of(here.train) <= set(split.seen)
    assert people_of(here.pool) <= set(split.unseen)


def test_other_shares_of_unseen_people_are_drawn(context):
    here = made("dsp", context, seed=3, unseen=0.5, adapt=1)
    assert len(people_of(here.pool)) == 40


def test_no_joke_of_the_test_was_compared_in_training_where_jokes_are_new(context):
    here = made("jester", context)
    jokes = [set(part.comparisons.first) | set(part.comparisons.second) for part in (here.train, here.test)]
    assert not jokes[0] & jokes[1]
    shared = made("jester", context, unit="pair")
    assert set(shared.train.comparisons.first) & set(shared.test.comparisons.first)


def test_what_others_say_is_counted_on_the_tests_pairs_alone(context):
    here = made("ukp_workers", context)
    assert 0.6 < here.facts["agreement_two"] < here.facts["agreement_others"] < 0.85
    assert here.facts["noise_ceiling"] == 1 - here.facts["noise"]


def test_agreements_are_of_everybody_who_judged_a_pair_of_the_test():
    def said(annotators, first, second, labels):
        return make_annotated("made", items="abc", first=first, second=second, labels=labels, annotators=annotators,
                              source="made")  # fmt: skip

    everybody = said("xyzuxy", [0, 1, 0, 0, 1, 1], [1, 0, 1, 1, 2, 2], [1, -1, 1, -1, 1, -1])
    test = everybody.take([0, 3])
    found = judged.agreements(test, everybody, People(("x",), ("u",)))
    of_pair = everybody.take([0, 1, 2, 3])
    assert found["agreement_others"] == agreement(of_pair, ["x"]).others == 1.0
    assert found["agreement_two"] == pytest.approx(2 / 3)
    assert found["unseen_agreement_others"] == found["unseen_agreement_two"] == 0.0


def test_personas_are_drawn_by_the_seed_and_known_where_people_are_pure(context):
    one, other = (made("personas", context, seed) for seed in (1000, 1001))
    assert set(one.groups.values()) != set(other.groups.values())
    assert len(set(one.groups.values())) == 3
    mixed = made("personas", context, concentration=0.3)
    assert not mixed.groups
    assert {len(weights) for weights in mixed.mixtures.values()} == {3}


@pytest.mark.parametrize(("name", "changes", "message"), [
    ("jester", {"people": 6_000}, "crowd.people: 6000 of jester's 4994 people"),
    ("dsp", {"queries": 700}, "crowd.queries: 700 of dsp's 658 queries"),
])  # fmt: skip
def test_more_than_there_is_is_refused(name, changes, message, context):
    with pytest.raises(UserError, match=message):
        made(name, context, **changes)


@pytest.mark.parametrize("name", CROWDS)
def test_without_data_it_says_how_to_get_them(name, tmp_path):
    with pytest.raises(Unavailable, match=r"(?s)needs .*\nIt is made from"):
        settings(name).fingerprints(tmp_path)
    with pytest.raises(Unavailable, match="in a data directory"):
        settings(name).fingerprints(None)


def test_without_the_encoder_it_says_how_to_get_it(data_dir, monkeypatch):
    monkeypatch.setattr(encoder, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match="pip install"):
        settings("dsp").fingerprints(data_dir)


def test_fingerprints_are_of_the_files_and_of_the_encoder(data_dir, monkeypatch):
    monkeypatch.setattr(encoder, "require", lambda: None)
    found = settings("vpl_hh").fingerprints(data_dir)
    assert {file.path: file.sha256 for file in vpl_hh.FILES.values()}.items() <= found.items()
    assert len(found["minilm"]) == 64
