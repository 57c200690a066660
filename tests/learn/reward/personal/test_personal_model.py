"""What models of people who differ read of their input."""

import numpy as np
import pytest

from bench.errors import UserError
from bench.learn.reward.personal.model import UNKNOWN, Annotators, check_annotators, check_items, differences


def test_annotators_have_their_place_in_the_order_of_meeting():
    known = Annotators.met(["b", "a", "b", 7])
    assert known.known == ("b", "a", 7)
    assert known.places(["a", "b", "c", 7]).tolist() == [1, 0, UNKNOWN, 2]


def test_differences_are_of_the_first_item_less_the_second():
    items = np.arange(12.0).reshape(2, 2, 3)
    assert differences(check_items(items)).tolist() == [[-3.0] * 3] * 2


@pytest.mark.parametrize(
    ("X", "says"),
    [(np.zeros((3, 4)), "n, 2, d"), (np.zeros((3, 3, 4)), "n, 2, d"), (np.zeros((0, 2, 4)), "n, 2, d")],
)
def test_items_of_another_shape_are_an_error(X, says):
    with pytest.raises(UserError, match=says):
        check_items(X)


def test_other_features_than_in_the_fit_are_an_error():
    with pytest.raises(UserError, match="fitted on 5 features, got 4"):
        check_items(np.zeros((3, 2, 4)), 5)


def test_features_that_are_no_numbers_are_an_error():
    items = np.zeros((3, 2, 4))
    items[1, 0, 2] = np.nan
    with pytest.raises(UserError, match="comparison 1"):
        check_items(items)


def test_there_is_an_annotator_for_every_comparison():
    with pytest.raises(UserError, match="2 for 3 comparisons"):
        check_annotators(["a", "b"], 3)
