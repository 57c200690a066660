"""What is recorded of people who judged texts: numbers and hashed names, and nothing of what they read."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench import papers
from bench.data import encoder, features, vpl_hh
from bench.run import config
from bench.spec import Context, Profile, Request, Variant

SEED = 1000
LEAST = 12  # characters of a text that are looked for: shorter ones, such as "I", are in any record


@pytest.fixture
def context(data_dir, tmp_path, monkeypatch):
    """The data directory, and an encoder that draws features."""

    def embed(texts, progress=None, partial=None):
        return np.random.default_rng(0).normal(size=(len(texts), 4)).astype(np.float32)

    fake = SimpleNamespace(require=lambda: None, settings=dict, dimension=lambda: 4, embed=embed)
    monkeypatch.setitem(features.ENCODERS, "minilm", fake)
    monkeypatch.setattr(encoder, "require", lambda: None)
    return Context(data_dir, tmp_path, tmp_path / "scratch")


def planned(experiment, context):
    known = papers.load("pal").experiment(experiment)
    settings = config.load(papers.load("pal"), known, Profile.EMBEDDED)
    folders = (context.data_dir, context.cache_dir)
    return known, list(known.plan(Request(Variant.CORRECTED, Profile.EMBEDDED, settings, (SEED,), *folders)))


@pytest.fixture
def recorded(context):
    """Of the first task of the two opposed groups: its spec and its outcome."""
    known, tasks = planned("groups", context)
    task = next(task for task in tasks if task.condition["dataset"] == vpl_hh.NAME and task.condition.get("K") == 2)
    model = {**task.settings["model"], "projector": {"layers": 0}}
    task = replace(task, settings={**task.settings, "model": model, "counts": [1]})
    known.prepare([task], context, None)
    return task, known.execute(task, context)


def test_nothing_that_anybody_wrote_is_in_a_record(recorded, context):
    task, outcome = recorded
    written = json.dumps([task.spec(), asdict(outcome)])
    data = vpl_hh.load(context.data_dir, 20)
    parts = (text.strip()[:LEAST] for text in (*data.items, *data.prompts))
    assert not any(part in written for part in parts if len(part) == LEAST)


def test_people_are_recorded_by_hashed_names(recorded):
    _, outcome = recorded
    names = outcome.notes["people"].split()
    assert len(names) == len(outcome.curves["weight_1"]) == 28
    assert all(set(name) <= set("0123456789abcdef") for name in names)


def test_a_plan_names_data_by_hashes_alone(context):
    for experiment in ("personas", "people", "groups"):
        for task in planned(experiment, context)[1]:
            assert all(len(value) == 64 for value in task.data.values())
            assert not any(Path(str(value)).is_absolute() for value in task.condition.values())


def test_every_method_is_compared_on_every_crowd_that_has_what_it_reads(context):
    for experiment in ("personas", "people", "groups"):
        crowds = {}
        for task in planned(experiment, context)[1]:
            crowds.setdefault(json.dumps(task.settings["crowd"]), set()).add(task.method)
        for crowd, methods in crowds.items():
            known = json.loads(crowd)
            prompts, new_jokes = known["name"] in ("ukp_workers", "vpl_hh", "dsp"), known.get("unit") == "item"
            assert len(methods) == 10 + prompts - new_jokes
            assert ("pal_b" in methods) == prompts
            assert ("sparse_deviations" not in methods) == new_jokes  # left out for time
