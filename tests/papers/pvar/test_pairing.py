"""How a prompt gives a pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from bench.learn.policy.reference import reference_log_probs
from bench.papers.pvar import methods, pairing
from bench.papers.pvar.pairing import PAIRS, pairs_of, reference_of

ALL = np.arange(24)


def gaps(lab, places, model="large"):
    rewards = lab.rewards("wide", model)
    rows = np.arange(len(rewards))
    return rewards[rows, places[:, 0]] - rewards[rows, places[:, 1]]


@pytest.mark.parametrize("pairs", PAIRS)
def test_a_pair_has_two_different_responses(lab, pairs):
    places = PAIRS[pairs](lab, "wide", "large")
    assert places.shape == (24, 2)
    assert (places[:, 0] != places[:, 1]).all()


def test_best_against_worst_has_the_largest_gap_there_is(lab):
    places = PAIRS["best_worst"](lab, "wide", "large")
    np.testing.assert_array_equal(gaps(lab, places), np.ptp(lab.rewards("wide", "large"), axis=1))


@pytest.mark.parametrize("pairs", ["equal_gap", "equal_length"])
def test_a_reward_model_puts_the_better_response_first(lab, pairs):
    assert (gaps(lab, PAIRS[pairs](lab, "wide", "large")) >= 0).all()


def test_equal_gaps_are_as_near_to_each_other_as_pairs_allow(lab):
    found = gaps(lab, PAIRS["equal_gap"](lab, "wide", "large"))
    rewards = lab.rewards("wide", "large")
    wanted = np.median(np.ptp(rewards, axis=1)) / 2
    for row, values in enumerate(rewards):
        least = min(abs(abs(values[i] - values[j]) - wanted) for i, j in combinations(range(4), 2))
        assert abs(found[row] - wanted) == pytest.approx(least)


def test_equal_lengths_are_as_near_to_each_other_as_pairs_allow(lab):
    _, pairs, _ = pairs_of(lab, "equal_length", "wide", "large", ALL)
    for pair, group in zip(pairs, lab.pool("wide")[1], strict=True):
        lengths = [len(y) for y in group.responses]
        least = min(abs(one - other) for one, other in combinations(lengths, 2))
        assert abs(len(pair.responses[0]) - len(pair.responses[1])) == least


def test_only_pairs_that_people_order_cost_labels(lab):
    spent = {name: pairs_of(lab, name, "wide", "large", ALL[:7])[2] for name in PAIRS}
    assert spent == {"best_worst": 0, "random_labelled": 7, "equal_gap": 0, "equal_length": 0}


def test_a_prompts_own_pair_and_its_label_do_not_depend_on_what_else_is_chosen(lab):
    alone = pairs_of(lab, "random_labelled", "wide", "large", ALL[5:6])[1][0]
    among = pairs_of(lab, "random_labelled", "wide", "tiny", ALL)[1][5]
    for one, other in zip(alone.responses, among.responses, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("pairs", PAIRS)
def test_the_reference_of_a_pair_is_that_of_its_responses(lab, pairs):
    rows = np.array([3, 5, 11, 20])
    _, two, _ = pairs_of(lab, pairs, "wide", "large", rows)
    found, expected = reference_of(lab, "wide", rows, two), reference_log_probs(lab.sft, two, cache_dir=None)
    found.check(lab.sft, two)
    for one, other in zip((*found.tokens, *found.sums), (*expected.tokens, *expected.sums), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_every_way_has_a_name_for_a_reader():
    assert set(pairing.PAIRS) == set(methods.PAIRS)
