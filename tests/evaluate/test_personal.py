"""Accuracies of personal reward models, and whether groups of people are found."""

from __future__ import annotations

import numpy as np
import pytest

from bench.evaluate.personal import accuracy, accuracy_by_person, correct, groups_found


def test_a_decision_is_right_where_its_sign_is_the_labels_and_half_right_where_it_has_none():
    np.testing.assert_array_equal(correct([2.0, -0.1, 0.0, 3.0], [1, -1, 1, -1]), [1, 1, 0.5, 0])


def test_accuracy_is_pooled_over_comparisons_and_not_over_people():
    decisions, labels, people = [1, 1, 1, -1], [1, 1, 1, 1], ["a", "a", "a", "b"]
    assert accuracy(decisions, labels) == 0.75
    assert accuracy_by_person(decisions, labels, people) == {"a": 1.0, "b": 0.0}


def test_people_keep_the_order_in_which_they_first_occur():
    assert list(accuracy_by_person([1, 1, 1], [1, 1, 1], ["b", "a", "b"])) == ["b", "a"]


def weights(groups):
    """One-hot weights of people in these groups."""
    return {str(person): np.eye(3)[group] for person, group in enumerate(groups)}


def test_the_same_division_under_other_names_is_found_wholly():
    assert groups_found(weights([2, 2, 0, 0, 1, 1]), dict(zip("012345", "aabbcc", strict=True))) == 1.0


def test_the_largest_weight_counts_and_people_of_unknown_group_do_not():
    found = {**weights([0, 0, 1, 1]), "stranger": np.array([0.0, 0.0, 1.0])}
    found["0"] = np.array([0.4, 0.3, 0.3])
    assert groups_found(found, dict(zip("0123", "aabb", strict=True))) == 1.0


def test_two_of_three_groups_merged_is_what_hubert_and_arabie_say():
    # 15 pairs; 3 in the same group in truth, 7 in the fit, 3 in both: (3 - 3*7/15) / ((3 + 7)/2 - 3*7/15) = 4/9
    merged = groups_found(weights([0, 0, 0, 0, 1, 1]), dict(zip("012345", "aabbcc", strict=True)))
    assert merged == pytest.approx(4 / 9)


def test_a_random_division_is_worth_about_nothing():
    rng = np.random.default_rng(0)
    found = weights(rng.integers(3, size=600))
    assert abs(groups_found(found, {person: str(rng.integers(3)) for person in found})) < 0.02
