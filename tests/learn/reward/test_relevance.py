"""Relevance as a reward, held in check by length and repetition."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.reward.relevance import nearness, regularised_relevance
from bench.methods.relevance import RegularisedRelevance


def test_reward_is_the_product_of_relevance_length_and_different_trigrams():
    """a b a b a b: trigrams aba, bab, aba, bab, two of four different."""
    np.testing.assert_allclose(regularised_relevance([0.5], ["ababab"]), [0.5 * 0.06 * 2 / 4])


def test_fewer_than_three_tokens_repeat_nothing():
    np.testing.assert_allclose(regularised_relevance([1.0, 1.0, 1.0], ["", "a", "aa"]), [0.0, 0.01, 0.02])


def test_saying_it_again_and_again_gains_nothing_but_saying_more_does():
    text = list(range(50))
    once, twice, more = regularised_relevance([0.8] * 3, [text, text + text, list(range(100))])
    assert twice == pytest.approx(once * 2 * 50 / 98)
    assert more == pytest.approx(2 * once)


def test_nearness_is_half_of_one_and_the_cosine_of_what_differs_from_the_mean():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(6, 4)) + 100, rng.normal(size=(6, 4)) + 100
    mean = np.concatenate([first, second]).mean(axis=0)
    expected = (1 + np.diag(cosine_similarity(first - mean, second - mean))) / 2
    np.testing.assert_allclose(nearness(first, second), expected)


def test_texts_that_are_all_alike_are_neither_near_nor_far():
    np.testing.assert_array_equal(nearness(np.ones((3, 2)), np.ones((3, 2))), 0.5)


@pytest.mark.parametrize(
    ("relevance", "message"),
    [([0.1], "one of each of the 2"), ([0.1, -0.2], "relevance 1 is -0.2"), ([0.1, np.nan], "nan")],
)
def test_bad_relevance_is_refused(relevance, message):
    with pytest.raises(UserError, match=message):
        regularised_relevance(relevance, ["ab", "c"])


def one_hot(groups):
    """A text is the share of each token in it."""
    return np.array([np.bincount(group.prompt, minlength=8) / len(group.prompt) for group in groups])


def ids(*tokens):
    return np.array(tokens, dtype=np.int32)


def test_the_labeler_prefers_what_is_on_topic_and_not_what_repeats():
    known = SimpleNamespace(embed=one_hot, end=7)
    on_topic = Completions(ids(1, 2), (ids(1, 2, 3, 7), ids(4, 5, 6, 7)))
    repeats = Completions(ids(4, 5, 6), (ids(4, 4, 4, 4, 4, 4, 7), ids(4, 5, 6, 5, 4, 6, 7)))
    judged = RegularisedRelevance().label([on_topic, repeats], known)
    assert (np.sign(judged.log_odds) == [1, -1]).all()
    assert judged.labels_spent == 0


def test_the_end_token_is_no_part_of_the_text():
    known = SimpleNamespace(embed=lambda groups: np.zeros((len(groups), 2)), end=7)
    group = Completions(ids(1), (ids(1, 2, 3, 7), ids(1, 2, 3)))
    assert RegularisedRelevance().label([group], known).log_odds == 0


def test_a_group_of_three_is_refused():
    with pytest.raises(UserError, match="3 responses"):
        RegularisedRelevance().label([Completions(ids(1), (ids(1), ids(2), ids(3)))], SimpleNamespace(end=7))
