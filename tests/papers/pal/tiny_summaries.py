"""A simulated TL;DR of a few hundred comparisons, read by a language model that learns in seconds."""

from __future__ import annotations

import json

from bench import papers
from bench.data import tldr, world_tldr
from bench.files import validate
from bench.papers.pal.summaries import SummariesConfig
from bench.run import config
from bench.run.config import merge
from bench.spec import Context, Profile, Request, Variant

LEAST = 12  # rows of an unseen worker, where the recipe wants a hundred
SOURCE = {"name": "world", "policy": "tiny", "train": 30, "test": 3, "unseen": LEAST, "post": 1}
COUNTS = [1, 4]
PAPER = papers.load("pal")


def few_rows(monkeypatch):
    monkeypatch.setattr(tldr, "LEAST_UNSEEN", LEAST)


def settings(experiment="tldr", profile=Profile.EMBEDDED, **changes):
    """The shipped settings, smaller."""
    shipped = config.load(PAPER, PAPER.experiment(experiment), profile).model_dump(mode="json", exclude_unset=True)
    if profile is Profile.EMBEDDED:
        shipped["source"] = SOURCE
    return validate(SummariesConfig, merge({**shipped, "counts": COUNTS}, changes), "made up")


def planned(
    experiment="tldr", variant=Variant.CORRECTED, profile=Profile.EMBEDDED, data_dir=None, seeds=(0,), **changes
):
    request = Request(variant, profile, settings(experiment, profile, **changes), seeds, data_dir, None)
    return list(PAPER.experiment(experiment).plan(request))


def one(tasks, method, **condition):
    """The task at a condition."""
    (found,) = (task for task in tasks if task.method == method and condition.items() <= dict(task.condition).items())
    return found


def hub_folder(folder, monkeypatch, seed=0):
    """Rows in the hub's schema as JSON lines."""
    few_rows(monkeypatch)
    (folder / "tldr").mkdir()
    sizes = world_tldr.Sizes(train=30, test=3, unseen=LEAST, post=1)
    for split, rows in zip(("train", "validation"), world_tldr.rows(sizes, seed), strict=True):
        lines = "\n".join(json.dumps(row) for row in rows)
        (folder / "tldr" / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def context(tmp_path, data_dir=None):
    return Context(data_dir, tmp_path / "cache", tmp_path / "scratch")
