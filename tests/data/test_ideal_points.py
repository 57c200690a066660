"""People with known ideal points: of two items they prefer the nearer one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest, kstest

from bench.data.ideal_points import Population, make_people, squared
from bench.errors import UserError

SMALL = Population(prototypes=3, dimension=4, people=7, train=20, test=10)


def points(made, part):
    """(n, d): the ideal point of who judged each comparison."""
    return np.array([made.mixtures[person] for person in part.comparisons.annotators]) @ made.prototypes


@pytest.mark.parametrize("concentration", [None, 0.5])
def test_the_nearer_item_is_preferred(concentration):
    made = make_people(replace(SMALL, concentration=concentration), seed=1)
    for part in (made.train, made.test):
        distances = np.linalg.norm(part.items - points(made, part)[:, None], axis=2)
        np.testing.assert_array_equal(part.comparisons.labels, np.sign(distances[:, 1] - distances[:, 0]))


def test_a_linear_reward_of_items_and_their_squared_length_says_all_of_it():
    made = make_people(replace(SMALL, concentration=1.0), seed=2)
    items = squared(made.train).items.astype(float)
    theta = np.concatenate([2 * points(made, made.train), -np.ones((len(made.train), 1))], axis=1)
    margins = np.einsum("nd,nd->n", items[:, 0] - items[:, 1], theta)
    np.testing.assert_array_equal(np.sign(margins), made.train.comparisons.labels)


def test_everyone_says_as_much_as_asked_and_no_two_comparisons_are_the_same():
    made = make_people(SMALL, seed=0)
    assert set(made.train.comparisons.counts.values()) == {20}
    assert set(made.test.comparisons.counts.values()) == {10}
    items = np.concatenate([made.train.items, made.test.items]).reshape(-1, 4)
    assert len(np.unique(items, axis=0)) == 2 * 7 * 30


def test_items_are_standard_normal():
    made = make_people(replace(SMALL, people=20, train=200), seed=0)
    assert kstest(made.train.items.ravel(), "norm").pvalue > 0.01


def test_in_a_partition_everyone_has_one_prototype_and_groups_are_known():
    made = make_people(SMALL, seed=0)
    mixtures = np.array(list(made.mixtures.values()))
    assert set(mixtures.ravel()) == {0.0, 1.0}
    assert made.train.comparisons.groups == {f"person-{n}": str(n % 3) for n in range(7)}
    np.testing.assert_array_equal(mixtures.argmax(axis=1), np.arange(7) % 3)


def test_mixtures_lie_on_the_simplex_and_have_no_groups():
    made = make_people(replace(SMALL, concentration=0.5), seed=0)
    mixtures = np.array(list(made.mixtures.values()))
    np.testing.assert_allclose(mixtures.sum(axis=1), 1)
    assert ((mixtures > 0) & (mixtures < 1)).all()
    assert not made.train.comparisons.groups


def test_a_share_of_answers_is_the_other_way_round():
    noisy, clean = (make_people(replace(SMALL, people=50, flips=flips), seed=3).train for flips in (0.2, 0.0))
    np.testing.assert_array_equal(noisy.items, clean.items)
    flipped = int((noisy.comparisons.labels != clean.comparisons.labels).sum())
    assert binomtest(flipped, 1000, 0.2).pvalue > 0.01


def test_more_people_come_after_fewer_and_more_comparisons_after_the_first():
    few = make_people(SMALL, seed=4)
    many = make_people(replace(SMALL, people=9, train=30), seed=4)
    for person in few.train.comparisons.people:
        own, longer = (
            made.train.take([name == person for name in made.train.comparisons.annotators]) for made in (few, many)
        )
        np.testing.assert_array_equal(own.items, longer.items[:20])
        np.testing.assert_array_equal(own.comparisons.labels, longer.comparisons.labels[:20])


def test_same_seed_same_people_and_another_seed_others():
    assert make_people(SMALL, 5).train.fingerprint == make_people(SMALL, 5).train.fingerprint
    assert make_people(SMALL, 5).train.fingerprint != make_people(SMALL, 6).train.fingerprint


@pytest.mark.parametrize(
    ("key", "value"), [("prototypes", 0), ("people", 0), ("train", 0), ("flips", 0.5), ("concentration", 0.0)]
)
def test_what_no_population_can_have_is_refused_by_name(key, value):
    with pytest.raises(UserError, match=f"{key} must be .*{value}"):
        replace(SMALL, **{key: value})
