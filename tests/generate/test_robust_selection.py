"""Robust Preference Selection: directions on a cap of the sphere, and the best response for the user's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from bench.errors import UserError
from bench.generate.robust_selection import neighbours, robust_selection

ANGLE = math.radians(30)


def angles(direction, found):
    return np.arccos(np.clip(found @ direction / np.linalg.norm(direction), -1, 1))


@pytest.mark.parametrize("dimensions", [2, 3, 5, 12])
def test_neighbours_are_unit_vectors_within_the_angle_spread_as_the_area_of_the_sphere(dimensions):
    """The density of the angle phi on a sphere of d dimensions is proportional to sin(phi)^(d - 2)."""
    direction = np.random.default_rng(0).normal(size=dimensions)
    found = neighbours(direction, 1500, angle=ANGLE, seed=0)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    tilts = angles(direction, found)
    assert tilts.max() <= ANGLE + 1e-7

    def below(angle):
        return integrate.quad(lambda phi: math.sin(phi) ** (dimensions - 2), 0, angle)[0]

    assert stats.kstest(tilts, np.vectorize(lambda angle: below(angle) / below(ANGLE))).pvalue > 1e-3


def test_neighbours_lean_to_no_side():
    direction = np.array([1.0, 0.0, 0.0])
    found = neighbours(direction, 1500, angle=ANGLE, seed=1)
    assert stats.kstest(np.arctan2(found[:, 2], found[:, 1]), stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > 1e-3


def test_with_angle_zero_all_are_the_direction_itself():
    np.testing.assert_allclose(neighbours([3.0, 4.0], 3, angle=0, seed=0), [[0.6, 0.8]] * 3)


def test_a_draw_depends_on_seed_and_place_alone():
    few, many = (neighbours([1.0, 2.0, 0.0], count, angle=ANGLE, seed=4) for count in (3, 8))
    np.testing.assert_array_equal(many[:3], few)
    assert not np.allclose(neighbours([1.0, 2.0, 0.0], 3, angle=ANGLE, seed=5), few)


def covered(slope):
    """A policy of two attributes on one prompt: under a direction at angle phi, 1 + slope phi long, and that way."""

    def respond(direction, draw):
        phi = math.atan2(direction[1], direction[0])
        return [(1 + slope * phi) * direction]

    return respond


def mean_worth(slope, angle, count=5, seeds=400):
    """Of the response that is taken for the direction (1, 0)."""
    found = [
        robust_selection(covered(slope), np.array, [1.0, 0.0], count=count, angle=angle, seed=seed)[0][0]
        for seed in range(seeds)
    ]
    return np.mean(found), np.std(found) / math.sqrt(seeds)


def test_where_one_side_is_better_covered_it_gains_what_the_best_of_k_angles_is_worth():
    """Closed form: (1 + 2 phi) cos(phi) rises on [-A, A], so the largest of k uniform angles is taken."""

    def weighed(phi):
        return (1 + 2 * phi) * math.cos(phi) * 5 * ((phi + ANGLE) / (2 * ANGLE)) ** 4 / (2 * ANGLE)

    expected = integrate.quad(weighed, -ANGLE, ANGLE)[0]
    mean, error = mean_worth(2.0, ANGLE)
    assert abs(mean - expected) < 4 * error
    assert mean - 4 * error > mean_worth(2.0, 0.0)[0] == 1.0


def test_where_all_directions_are_served_alike_it_loses_against_the_direction_itself():
    """Closed form: cos(phi) is largest at the least of k angles |phi|, uniform on [0, A]."""
    expected = integrate.quad(lambda phi: math.cos(phi) * 5 * (1 - phi / ANGLE) ** 4 / ANGLE, 0, ANGLE)[0]
    mean, error = mean_worth(0.0, ANGLE)
    assert abs(mean - expected) < 4 * error
    assert mean + 4 * error < mean_worth(0.0, 0.0)[0] == 1.0


def test_every_prompt_gets_its_own_best_response_for_the_users_direction_and_the_first_of_equals():
    worths = np.array([[[1.0, 9.0], [0.0, 0.0]], [[2.0, 0.0], [0.0, 5.0]], [[2.0, 1.0], [3.0, 0.0]]])

    def respond(direction, draw):
        return [f"{draw}{prompt}" for prompt in (0, 1)]

    def worth(responses):
        return np.array([worths[int(one[0]), int(one[1])] for one in responses])

    assert robust_selection(respond, worth, [2.0, 0.0], count=3, angle=ANGLE, seed=0) == ["10", "21"]
    assert robust_selection(respond, worth, [0.0, 1.0], count=3, angle=ANGLE, seed=0) == ["00", "11"]


def test_every_draw_is_under_its_own_neighbour():
    asked = []

    def respond(direction, draw):
        asked.append((draw, direction))
        return ["response"]

    robust_selection(respond, lambda _: [[0.0, 0.0]], [1.0, 1.0], count=4, angle=ANGLE, seed=2)
    assert [draw for draw, _ in asked] == [0, 1, 2, 3]
    np.testing.assert_allclose([one for _, one in asked], neighbours([1.0, 1.0], 4, angle=ANGLE, seed=2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"direction": [0.0, 0.0]}, "direction: expected"),
        ({"direction": [1.0]}, "d >= 2"),
        ({"direction": [1.0, math.nan]}, "direction: expected"),
        ({"count": 0}, "count: must be at least 1, got 0"),
        ({"angle": 2.0}, r"angle: must lie in \[0, pi / 2\]"),
        ({"angle": -0.1}, "angle: must lie"),
        ({"direction": [1.0, 0.0, 0.0]}, "attributes of shape .* 3 weights"),
    ],
)
def test_what_cannot_be_asked_is_refused(change, message):
    settings = {"direction": [1.0, 0.0], "count": 2, "angle": ANGLE, "seed": 0, **change}
    with pytest.raises(UserError, match=message):
        robust_selection(lambda direction, draw: ["one"], lambda _: [[1.0, 0.0]], **settings)
