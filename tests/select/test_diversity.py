"""k-centre greedy: against a plain version of itself, its guarantee by brute force, and what may not matter to it."""

from itertools import combinations

import numpy as np
import pytest
from groups import GROUPS
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.spatial.distance import cdist

from bench.errors import UserError
from bench.select import Diversity, choose
from bench.select.diversity import k_centre_greedy

SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=8)
POINTS = arrays(np.float64, SHAPES, elements=st.floats(-10, 10, width=16))


def radius(points, centres):
    """The largest distance of a point to the nearest centre."""
    return cdist(points, points[list(centres)]).min(axis=1).max()


@settings(deadline=None)
@given(POINTS, st.data())
def test_the_radius_is_at_most_twice_the_least_possible(points, data):
    budget = data.draw(st.integers(1, len(points)))
    best = min(radius(points, centres) for centres in combinations(range(len(points)), budget))
    assert radius(points, k_centre_greedy(points, budget)) <= 2 * best + 1e-6


def test_it_picks_what_the_plain_algorithm_picks():
    points = np.random.default_rng(0).normal(size=(60, 5)) + 100
    picked = [int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmin())]
    while len(picked) < 60:
        picked.append(int(cdist(points, points[picked]).min(axis=1).argmax()))
    assert k_centre_greedy(points, 60).tolist() == picked


@settings(deadline=None)
@given(POINTS)
def test_every_prompt_is_picked_once_even_where_all_are_alike(points):
    for some in (points, np.repeat(points[:1], len(points), axis=0)):
        assert sorted(k_centre_greedy(some, len(some))) == list(range(len(some)))


@settings(deadline=None)
@given(POINTS, st.randoms())
def test_the_order_of_prompts_does_not_matter(points, random):
    order = random.sample(range(len(points)), len(points))
    budget = len(points) // 2 or 1
    np.testing.assert_array_equal(
        points[order][k_centre_greedy(points[order], budget)], points[k_centre_greedy(points, budget)]
    )


def test_a_larger_budget_goes_on_where_a_smaller_one_ended():
    points = np.random.default_rng(1).normal(size=(40, 3))
    np.testing.assert_array_equal(k_centre_greedy(points, 25)[:10], k_centre_greedy(points, 10))


def test_one_of_each_cluster_comes_first():
    random = np.random.default_rng(2)
    cluster = np.repeat(np.arange(8), 10)
    points = 100 * random.normal(size=(8, 16))[cluster] + random.normal(size=(80, 16))
    assert sorted(cluster[k_centre_greedy(points, 8)]) == list(range(8))


def test_scores_are_minus_the_order_and_the_unpicked_share_the_lowest():
    points = np.random.default_rng(3).normal(size=(len(GROUPS), 3))
    picked = k_centre_greedy(points, 3)
    scores = Diversity(lambda groups: points, budget=3).scores(GROUPS)
    assert scores[picked].tolist() == [0, -1, -2]
    assert set(np.delete(scores, picked)) == {-3}
    assert choose(Diversity(lambda groups: points).scores(GROUPS), 3).tolist() == picked.tolist()


def test_what_has_no_centres_is_an_error():
    with pytest.raises(UserError, match="embedding of prompt 1 is not finite"):
        k_centre_greedy(np.array([[0.0], [np.nan]]), 1)
    with pytest.raises(UserError, match="a budget of 9 for 8 prompts; the nearest valid value is 8"):
        Diversity(lambda groups: np.ones((8, 2)), budget=9).scores(GROUPS)
    with pytest.raises(UserError, match=r"8 groups were given, and embeddings of shape \(7, 2\)"):
        Diversity(lambda groups: np.ones((7, 2))).scores(GROUPS)
