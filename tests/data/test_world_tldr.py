"""A TL;DR of the known-truth world: PAL's own recipe runs on its rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bench.data import tldr, world_tldr
from bench.data.annotated import length_differences
from bench.data.world import encode
from bench.errors import UserError

SIZES = world_tldr.Sizes(train=24, test=4, unseen=100, post=3)


@pytest.fixture(scope="module")
def rows():
    return world_tldr.rows(SIZES, seed=1000)


@pytest.fixture(scope="module")
def found(rows):
    return tldr.from_rows(*rows, tldr.published())


def test_the_recipe_finds_the_published_workers_by_rank_and_group(found):
    recipe = tldr.published()
    assert set(found.train.people) == set(recipe.seen)
    assert Counter(found.unseen.groups.values()) == {"majority": 22, "minority": 9}
    assert {worker for worker, group in found.test.groups.items() if group == "minority"} == set(recipe.seen[3:6])


def test_only_the_sizes_differ_from_the_published_data(found):
    assert len(found.differences) == 3
    assert all("comparisons, the paper's has" in line for line in found.differences)


def test_workers_have_the_rows_that_the_sizes_say_but_for_those_left_out_for_their_post(found):
    counts = (found.train.counts, found.validation.counts)
    of_each = [sum(part[worker] for part in counts) for worker in tldr.published().seen]
    assert of_each == [24 - 2 * rank for rank in range(10)]
    assert set(found.test.counts.values()) == {4}
    assert set(found.unseen.counts.values()) == {100}


def test_the_majority_prefers_more_characters_and_the_second_of_two_as_long(found):
    said = found.unseen
    sign = np.where(length_differences(said) > 0, 1, -1)
    minority = np.array([said.groups[person] == "minority" for person in said.annotators])
    sign[minority] = np.where(length_differences(said) < 0, 1, -1)[minority]
    assert (said.labels == sign).all()


def test_a_length_in_characters_is_nearly_that_in_tokens(found):
    said = found.unseen
    tokens = np.array([len(encode(item)) for item in said.items])
    same = np.sign(tokens[said.first] - tokens[said.second]) == np.sign(length_differences(said))
    assert 0.85 < same.mean() < 0.97


def test_posts_and_summaries_have_many_lengths(found):
    for texts in (found.unseen.items, [prompt[len(tldr.BEFORE) : -len(tldr.AFTER)] for prompt in found.unseen.prompts]):
        lengths = {len(encode(text)) for text in texts}
        assert len(lengths) > 12


def test_rows_are_the_same_for_the_same_seed_and_no_other(rows):
    assert world_tldr.rows(SIZES, seed=1000) == rows
    assert world_tldr.rows(SIZES, seed=1001)[0] != rows[0]


def test_some_rows_are_such_as_the_recipe_leaves_out(rows):
    train = rows[0]
    assert any("ppo" in summary["policy"] for row in train for summary in row["summaries"])
    assert any(row["info"]["post"] is None for row in train)
    assert any(row["worker"] is None for row in train)


@pytest.mark.parametrize(
    ("sizes", "wrong"),
    [
        (world_tldr.Sizes(train=18, test=4, unseen=100), "train must be at least 19"),
        (world_tldr.Sizes(train=24, test=0, unseen=100), "test at least 1"),
        (world_tldr.Sizes(train=24, test=4, unseen=99), "unseen must be at least 100"),
    ],
)
def test_sizes_that_the_recipe_cannot_use_are_refused(sizes, wrong):
    with pytest.raises(UserError, match=wrong):
        world_tldr.rows(sizes, seed=0)
