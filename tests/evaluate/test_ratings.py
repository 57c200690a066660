"""Ratings against rankings of the same items."""

import csv
import gzip

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from bench.data.jester import load
from bench.errors import UserError
from bench.evaluate.ratings import consistency, preferences

#            consistent, both tie, rating ties, ranking ties, opposite
BY_RATINGS = [1, -1, 0, 0, 1, -1]
BY_RANKINGS = [1, -1, 0, -1, 0, 1]


def test_the_higher_mark_is_preferred_and_equal_marks_are_a_tie():
    assert preferences([5, 3, 5], [0, 1, 0], [1, 2, 2]).tolist() == [1, -1, 0]


def test_marks_within_the_margin_are_a_tie():
    assert preferences([5.0, 3.0, 2.5], [0, 0, 1], [1, 2, 2], margin=2.0).tolist() == [0, 1, 0]


def test_turning_a_pair_round_turns_its_preference_round():
    rng = np.random.default_rng(0)
    marks, first, second = rng.integers(1, 8, 20), rng.integers(20, size=50), rng.integers(20, size=50)
    np.testing.assert_array_equal(preferences(marks, second, first), -preferences(marks, first, second))


def test_every_pair_is_in_one_place_of_the_table():
    found = consistency(BY_RATINGS, BY_RANKINGS)
    assert found.table.tolist() == [[1, 1, 0], [0, 1, 1], [1, 0, 1]]
    assert found.consistent == pytest.approx(3 / 6)
    assert found.opposite == pytest.approx(1 / 6)
    assert found.one_tie == pytest.approx(2 / 6)
    assert found.consistent + found.opposite + found.one_tie == pytest.approx(1)
    assert found.decided == pytest.approx(2 / 3)


def test_what_goes_beyond_chance_is_cohens_kappa():
    rng = np.random.default_rng(1)
    ours = rng.integers(-1, 2, 300)
    theirs = np.where(rng.random(300) < 0.6, ours, rng.integers(-1, 2, 300))
    assert consistency(ours, theirs).kappa == pytest.approx(cohen_kappa_score(ours, theirs))
    assert consistency(ours, ours).kappa == pytest.approx(1)


def test_pairs_of_one_person_are_no_independent_evidence():
    """The same pairs said twice have the same error as said once; taken one by one they would seem surer."""
    rng = np.random.default_rng(2)
    ours, theirs = rng.choice([-1, 1], 50), rng.choice([-1, 1], 50)
    once = consistency(ours, theirs).error
    twice = np.tile(ours, 2), np.tile(theirs, 2)
    assert consistency(*twice, clusters=list(range(50)) * 2).error == pytest.approx(once)
    assert consistency(*twice).error < 0.8 * once


def test_a_person_who_rates_with_noise_disagrees_with_themselves_as_often_as_noise_says():
    """Marks and choices with independent Gaussian noise of one size: P(same order) = 1/2 + (arcsin r) / pi, r = 1/2."""
    rng = np.random.default_rng(3)
    worth = rng.normal(size=(200_000, 2))
    marks, chosen = (worth + rng.normal(size=worth.shape) for _ in range(2))
    by_marks = preferences(marks.ravel(), np.arange(0, 400_000, 2), np.arange(1, 400_000, 2))
    found = consistency(by_marks, np.sign(chosen[:, 0] - chosen[:, 1]))
    assert found.consistent == pytest.approx(0.5 + np.arcsin(0.5) / np.pi, abs=4 * found.error)


def test_nothing_but_ties_is_consistent_and_no_evidence():
    found = consistency([0, 0], [0, 0])
    assert found.consistent == 1
    assert np.isnan(found.decided)
    assert np.isnan(found.kappa)


def test_jesters_comparisons_are_what_its_ratings_say(data_dir):
    """The comparisons that the suite learns from, against the file of ratings."""
    with gzip.open(data_dir / "jester5k" / "ratings.csv.gz", "rt", encoding="utf-8") as lines:
        rated = {(row["user"], int(row["joke"])): float(row["rating"]) for row in csv.DictReader(lines)}
    data = load(data_dir)
    people = [person.removeprefix("user-") for person in data.annotators[:5000]]
    pairs = [[(who, int(joke)) for joke in two] for who, *two in zip(people, data.first, data.second, strict=False)]
    marks = [rated[item] for pair in pairs for item in pair]
    said = preferences(marks, np.arange(0, 10_000, 2), np.arange(1, 10_000, 2), margin=1.99)
    found = consistency(said, data.labels[:5000], clusters=people)
    assert found.consistent == 1
    assert found.table.sum() == 5000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, np.nan], [0], [1]), "item 1 has no rating"),
        (([1.0, 2.0], [0], [2]), "names item 2; there are 2 ratings"),
        (([1.0, 2.0], [0, 1], [1]), r"shapes \(2,\) and \(1,\)"),
        (([1.0, 2.0], [0], [1], -1.0), "margin"),
    ],
)
def test_ratings_that_say_nothing_of_a_pair_are_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        preferences(*arguments)


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [([1], [1, 0], "1 pairs by ratings and 2"), ([], [], "at least one"), ([2], [1], "by_ratings")],
)
def test_feedback_that_does_not_go_together_is_refused(ours, theirs, message):
    with pytest.raises(UserError, match=message):
        consistency(ours, theirs)
