"""Crowds: who is seen and who comes later, and what each part holds."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from bench.data.annotator_splits import People, split_annotators
from bench.data.ideal_points import Population, make_people, squared
from bench.domains.crowds.crowd import PARTS, comparisons, make_crowd, rank_within
from bench.domains.crowds.making import crowd
from bench.errors import UserError
from bench.spec import Context

MADE = make_people(Population(prototypes=2, dimension=3, people=10, train=20, test=6), seed=0)
PEOPLE = split_annotators(MADE.train.comparisons, 0.4, seed=0)
CONTEXT = Context(None, Path("unused"), Path("unused"))
SETTINGS = {
    "name": "ideal_points", "prototypes": 2, "dimension": 3, "people": 10, "train": 20, "test": 6, "unseen": 0.4,
    "adapt": 5, "concentration": None, "flips": 0.0,
}  # fmt: skip


def made(**options):
    return make_crowd(MADE.train, MADE.test, PEOPLE, 7, **{"adapt": 5, "mixtures": MADE.mixtures, **options})


def people_of(part):
    return set(part.comparisons.people)


def test_seen_people_train_and_are_tested_and_unseen_people_come_later():
    here = made()
    assert people_of(here.train) == people_of(here.validation) == people_of(here.test) == set(PEOPLE.seen)
    assert people_of(here.pool) == people_of(here.unseen_test) == set(PEOPLE.unseen)
    assert not set(PEOPLE.seen) & set(PEOPLE.unseen)


def test_no_comparison_is_in_two_parts():
    parts = [getattr(made(), part) for part in PARTS]
    items = [{row.tobytes() for row in part.items} for part in parts]
    assert all(len(own) == len(part) for own, part in zip(items, parts, strict=True))
    assert not any(one & other for one, other in combinations(items, 2))


@pytest.mark.parametrize(("share", "held"), [(0.0, 0), (0.1, 2), (0.11, 3)])
def test_a_share_of_everyones_is_held_out_rounded_up(share, held):
    here = made(validation=share)
    assert len(here.validation) == held * len(PEOPLE.seen)
    assert set(here.train.comparisons.counts.values()) == {20 - held}


def test_the_pool_has_as_many_of_each_as_may_be_adapted_to():
    assert set(made(adapt=8).pool.comparisons.counts.values()) == {8}


def test_fewer_comparisons_are_among_more():
    here = made()
    two, five = here.few(2), here.few(5)
    assert set(two.comparisons.counts.values()) == {2}
    assert len(five) == len(here.pool)
    assert {row.tobytes() for row in two.items} < {row.tobytes() for row in five.items}


def test_more_than_somebody_has_is_refused():
    with pytest.raises(UserError, match="6 comparisons of every unseen person: somebody has 5"):
        made().few(6)


def test_unseen_people_with_too_few_are_not_in_the_crowd():
    rows = np.ones(len(MADE.train), dtype=bool)
    silent = PEOPLE.unseen[0]
    own = np.flatnonzero([person == silent for person in MADE.train.comparisons.annotators])
    rows[own[3:]] = False
    here = make_crowd(MADE.train.take(rows), MADE.test, PEOPLE, 7, adapt=5)
    assert people_of(here.pool) == people_of(here.unseen_test) == set(PEOPLE.unseen) - {silent}


def test_where_nobody_has_enough_the_most_is_named():
    with pytest.raises(UserError, match="no unseen person has 21 comparisons to adapt to; the most is 20"):
        made(adapt=21)


def test_a_persons_order_does_not_change_with_who_else_there_is():
    fewer = MADE.train.take([person != PEOPLE.seen[0] for person in MADE.train.comparisons.annotators])
    here = make_crowd(fewer, MADE.test, People(PEOPLE.seen[1:], PEOPLE.unseen), 7, adapt=5)
    np.testing.assert_array_equal(here.pool.items, made().pool.items)


def test_another_seed_adapts_to_others():
    other = make_crowd(MADE.train, MADE.test, PEOPLE, 8, adapt=5)
    assert {row.tobytes() for row in other.pool.items} != {row.tobytes() for row in made().pool.items}


def test_ranks_count_a_persons_earlier_comparisons():
    np.testing.assert_array_equal(rank_within(np.array([2, 0, 2, 2, 0, 5])), [0, 0, 1, 2, 1, 0])


def test_described_has_the_features_that_a_linear_model_needs_in_every_part():
    here = made(linear=squared)
    described = here.described()
    for part in PARTS:
        before, after = getattr(here, part).items, getattr(described, part).items
        np.testing.assert_array_equal(after[:, :, :3], before)
        np.testing.assert_allclose(after[:, :, 3], (before**2).sum(axis=2), rtol=1e-6)
    assert described.described() is described


def test_models_are_given_prompts_only_where_something_was_asked():
    said = comparisons(made().train)
    assert said.prompts is None
    assert list(said.annotators) == made().train.comparisons.annotators


def test_the_crowd_of_a_tasks_settings_knows_groups_and_mixtures():
    here = crowd(SETTINGS, 3, CONTEXT)
    assert len(here.train.comparisons.people) == len(here.pool.comparisons.people) + 2 == 6
    assert set(here.train.comparisons.counts.values()) == {20}  # nothing is held out
    assert set(here.groups) == set(here.mixtures)
    assert here.described().train.items.shape[2] == 4


def test_same_settings_and_seed_same_crowd():
    one, same, other = (crowd(SETTINGS, seed, CONTEXT) for seed in (3, 3, 4))
    assert [getattr(one, part).fingerprint for part in PARTS] == [getattr(same, part).fingerprint for part in PARTS]
    assert one.train.fingerprint != other.train.fingerprint


def test_an_unknown_crowd_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match="ideal_points"):
        crowd({**SETTINGS, "name": "ideal_point"}, 0, CONTEXT)
