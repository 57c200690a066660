"""How well PVar is known from n responses."""

from __future__ import annotations

import pytest
from tiny_pvar import planned, read

from bench.errors import UserError
from bench.papers.pvar import world
from bench.papers.pvar.estimated import estimated

SIZES = {"prompts": 20, "samples": 8, "sizes": [2, 4]}


def test_more_responses_know_it_better(context):
    found = {
        task.condition["n"]: estimated(task, context).metrics
        for task in planned("estimation", **SIZES)
        if task.condition["model"] == "gold"
    }
    assert found[4]["variance"] < found[2]["variance"]
    assert found[4]["rank_with_all"] > found[2]["rank_with_all"]
    assert "overlap_with_others_0.3" in found[2]


def test_all_sizes_read_the_same_responses(context, monkeypatch):
    tasks = planned("estimation", **SIZES)
    for task in tasks:
        estimated(task, context)
    monkeypatch.setattr(world, "sample", None)
    for task in tasks:
        estimated(task, context)


def test_an_estimate_needs_as_many_others_to_be_held_against():
    with pytest.raises(UserError, match="8 responses against as many others of 12 samples"):
        read("estimation", samples=12, sizes=[4, 8])
