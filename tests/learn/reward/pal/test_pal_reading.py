"""Which tokens are read: the released windows against their code's rule, and those without padding."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import UserError
from bench.learn.reward.pal.reading import (
    AS_RELEASED,
    CORRECTED,
    Asked,
    Reading,
    Weighting,
    Window,
    read,
    token_weights,
)


def ids(*values):
    return np.array(values, dtype=np.int32)


def released(first, second, length, padding, pad_id=1):
    """rm_dataset_utils.get_divergence in plain python, on padded lists."""
    rows = [list(row) + [padding] * (length - len(row)) for row in (first, second)]
    different = [place for place in range(length) if rows[0][place] != rows[1][place]]
    if not different:
        return list(range(length - 1, length))
    ends = []
    for row in rows:
        found = [place for place, token in enumerate(row) if token == pad_id]
        ends.append(found[1] if len(found) > 1 else length)
    return list(range(different[0], max(ends)))


def reading(**changes):
    return Reading(**{"window": Window.PADDED, "asked": Asked.SAME_PLACE, "taken_for_padding": 1, **changes})


@pytest.mark.parametrize("padding", [1, 0])
def test_windows_as_released(padding):
    draw = np.random.default_rng(1000)
    for _ in range(200):
        prefix = draw.integers(2, 5, draw.integers(0, 3))
        first, second = (np.append(prefix, draw.integers(0, 5, draw.integers(1, 6))).astype(np.int32) for _ in "ab")
        found = read(first, second, 4, reading(max_length=10), padding)
        assert found.first.tolist() == released(first, second, 10, padding)
        assert np.array_equal(found.first, found.second)
        assert np.array_equal(found.first, found.prompt)


def test_the_released_window_has_one_token_of_padding_and_all_of_the_shorter():
    found = read(ids(5, 6, 7), ids(5, 8, 9, 9, 9), 4, reading(max_length=12), padding=1)
    assert found.first.tolist() == [1, 2, 3, 4, 5]  # 3.. are padding of the first, 5 is padding of both


def test_where_padding_has_another_id_the_released_window_ends_at_the_fixed_length():
    wrong = read(ids(5, 6), ids(5, 8, 9), 4, reading(max_length=9), padding=0)
    assert wrong.first.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    right = read(ids(5, 6), ids(5, 8, 9), 4, reading(max_length=9, taken_for_padding=None), padding=0)
    assert right.first.tolist() == [1, 2, 3]


def test_without_padding_a_response_that_has_ended_stays_at_its_last_token():
    found = read(ids(5, 6, 7), ids(5, 8, 9, 9, 9), 4, CORRECTED, padding=1)
    assert found.first.tolist() == [1, 2, 2, 2]
    assert found.second.tolist() == [1, 2, 3, 4]
    assert found.prompt.tolist() == [3, 3, 3, 3]


def test_a_response_that_continues_the_other_differs_where_that_ends():
    found = read(ids(5, 6), ids(5, 6, 7), 1, CORRECTED, padding=1)
    assert (found.first.tolist(), found.second.tolist()) == ([1], [2])


def test_equal_responses_are_compared_at_their_last_token():
    found = read(ids(5, 6), ids(5, 6), 1, CORRECTED, padding=1)
    assert (found.first.tolist(), found.second.tolist()) == ([1], [1])


def test_the_fixed_end_is_the_last_position():
    found = read(ids(5), ids(6, 7), 3, Reading(Asked.SAME_PLACE, Window.FIXED_END, max_length=8), padding=1)
    assert (found.first.tolist(), found.second.tolist(), found.prompt.tolist()) == ([7], [7], [7])


def test_weights_of_tokens_add_up_to_one_and_grow_as_named():
    assert token_weights(3, Weighting.CUMULATIVE).tolist() == pytest.approx([1 / 6, 2 / 6, 3 / 6])
    assert token_weights(4, Weighting.MEAN).tolist() == [0.25] * 4


def test_of_last_tokens_nothing_else_is_read():
    found = read(ids(5, 6, 7), ids(5, 8, 9, 9, 9), 4, Reading(weighting=Weighting.LAST), padding=1)
    assert (found.first.tolist(), found.second.tolist(), found.weights.tolist()) == ([2], [4], [1.0])


def test_a_window_can_be_empty_where_the_id_taken_for_padding_is_a_word():
    assert len(read(ids(1, 1, 5, 6), ids(1, 1, 5, 7), 2, reading(max_length=8), padding=0).first) == 0


def test_what_is_released_and_what_is_corrected_differ_in_four_ways():
    assert (AS_RELEASED.asked, AS_RELEASED.window, AS_RELEASED.taken_for_padding) == ("same_place", "padded", 1)
    assert (CORRECTED.asked, CORRECTED.window, CORRECTED.taken_for_padding) == ("last", "own_tokens", None)
    assert (AS_RELEASED.max_length, CORRECTED.max_length) == (512, 600)
    assert AS_RELEASED.weighting == CORRECTED.weighting == "cumulative"


def test_a_length_of_none_is_an_error():
    with pytest.raises(UserError, match="max_length must be at least 1"):
        Reading(max_length=0)
