"""Preferences that run in circles, and the testbed that is made of them."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from bench.compare.pipeline import Pipeline, run
from bench.data.cyclic import (
    KINDS,
    STATES,
    CyclicWorld,
    bayes_ceiling,
    bradley_terry_ceiling,
    preferred,
)
from bench.errors import UserError
from bench.methods import Slot
from bench.methods.registry import method
from bench.spec import Context, Profile
from bench.testbeds.cyclic import TESTBED

HERE = Context(None, Path("cache"), Path("scratch"))
SETTINGS = TESTBED.settings(Profile.EMBEDDED)


def ground(seed=10000, budget=400, **changed):
    return TESTBED.source.open({**SETTINGS, **changed}, Slot.REWARD, seed, budget, HERE)


def outcome(name, budget, seed=10000, hyper=None, **changed):
    pipeline = Pipeline(method("random", Slot.SELECT), method("people", Slot.LABEL), method(name, Slot.REWARD))
    return run(pipeline, {"learn": hyper or {}}, ground(seed, budget, **changed), budget, seed).metrics


def test_log_odds_are_skew_symmetric_of_rank_4():
    matrix = CyclicWorld(0).log_odds()
    np.testing.assert_array_equal(matrix, -matrix.T)
    assert np.linalg.matrix_rank(matrix) == 4


def test_kinds_beat_each_other_in_a_circle():
    of_first_quality = CyclicWorld(0, cyclic=1.0, strength=2.0).log_odds()[:: STATES // KINDS, :: STATES // KINDS]
    np.testing.assert_array_equal(of_first_quality, 2.0 * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]))


def test_labels_come_as_often_as_their_chance():
    world = CyclicWorld(3)
    made = world.comparisons(100_000)
    chance = 1 / (1 + np.exp(-world.log_odds()[made.states[:, 0], made.states[:, 1]]))
    surprise = (made.labels > 0) - chance
    assert abs(surprise.mean()) < 4 * np.sqrt((chance * (1 - chance)).mean() / len(chance))
    assert (made.states[:, 0] != made.states[:, 1]).all()


def test_features_tell_kind_and_quality():
    """They are a rotation: as far apart as items are, and least squares find what they mean on new items."""
    world = CyclicWorld(1)
    made, new = world.comparisons(2000), world.comparisons(2500)
    first, second = made.items[:, 0], new.items[2000:, 1]
    meant = np.eye(STATES)[made.states[:, 0]]
    found = np.linalg.lstsq(np.column_stack([first, np.ones(2000)]), meant @ world.log_odds(), rcond=None)[0]
    said = np.column_stack([second, np.ones(500)]) @ found
    np.testing.assert_allclose(said, world.log_odds()[new.states[2000:, 1]], atol=1e-8)
    assert np.var(first, axis=0).mean() == pytest.approx(1.0, abs=0.05)


def test_the_test_has_every_pair_in_both_orders_with_the_shares_of_its_chance():
    world = CyclicWorld(2)
    made = world.balanced(40)
    wins = preferred(made)
    off = ~np.eye(STATES, dtype=bool)
    assert ((wins + wins.T)[off] == 40).all()
    np.testing.assert_allclose((wins / 40)[off], 1 / (1 + np.exp(-world.log_odds()[off])), atol=0.5 / 40 + 1e-9)
    assert np.bincount(made.states[:, 0]).tolist() == np.bincount(made.states[:, 1]).tolist()


def test_the_ceiling_of_rewards_is_that_of_the_best_order_of_all():
    wins = np.random.default_rng(0).integers(0, 30, size=(6, 6)) * (1 - np.eye(6))
    orders = (np.triu(wins[np.ix_(order, order)], k=1).sum() for order in map(list, permutations(range(6))))
    assert bradley_terry_ceiling(wins) == pytest.approx(max(orders) / wins.sum())


def test_of_a_pure_circle_the_best_reward_gets_two_pairs_of_three_right():
    share = 1 / (1 + np.exp(-2.0))
    wins = np.array([[0, 1 - share, share], [share, 0, 1 - share], [1 - share, share, 0]])
    assert bayes_ceiling(wins) == pytest.approx(share)
    assert bradley_terry_ceiling(wins) == pytest.approx((1 + share) / 3)


def test_without_a_circle_the_two_ceilings_are_one():
    wins = preferred(CyclicWorld(0, cyclic=0.0).balanced(40))
    assert bradley_terry_ceiling(wins) == pytest.approx(bayes_ceiling(wins))


def test_whoever_knows_the_states_reaches_the_ceiling():
    class Knows:
        def fit(self, X, labels, *, annotators, prompts=None):
            return self

        def decision_function(self, X, *, annotators, prompts=None):
            made = CyclicWorld(7).balanced(40)
            return CyclicWorld(7).log_odds()[made.states[:, 0], made.states[:, 1]]

    here = ground(seed=7)
    metrics = here.learn(Knows(), [0, 1], here.buy([0, 1]), {}).metrics
    assert metrics["accuracy"] == pytest.approx(metrics["bayes_ceiling"], abs=1e-3)


def test_a_general_preference_model_learns_what_no_reward_can():
    """At 1600 labels, with settings of the validation seeds; both beside their ceilings."""
    gpm = outcome("gpm", 1600, seed=10001)
    bradley_terry = outcome("bt", 1600, seed=10001)
    measure = TESTBED.measures[Slot.REWARD]
    assert {*measure.beside, *measure.landmarks} <= bradley_terry.keys()
    assert gpm["bayes_ceiling"] - 0.05 < gpm["accuracy"] <= gpm["bayes_ceiling"]
    assert gpm["accuracy"] > gpm["bradley_terry_ceiling"] + 0.1
    assert bradley_terry["accuracy"] <= bradley_terry["bradley_terry_ceiling"]


def test_without_a_circle_rewards_learn_all_there_is():
    metrics = outcome("bt", 1600, cyclic=0.0)
    assert metrics["accuracy"] > metrics["bayes_ceiling"] - 0.02


def test_a_seed_fixes_everything_and_another_changes_it():
    one, again, other = (ground(seed) for seed in (10000, 10000, 10001))
    assert (one.buy(range(400)).log_odds == again.buy(range(400)).log_odds).all()
    assert (ground().buy(range(400)).log_odds != other.buy(range(400)).log_odds).any()


@pytest.mark.parametrize(("name", "value"), [("cyclic", 1.5), ("strength", 0.0), ("dimension", 3)])
def test_settings_that_make_no_sense_are_named(name, value):
    with pytest.raises(UserError, match=name):
        ground(**{name: value})


def test_an_odd_number_of_copies_is_refused():
    with pytest.raises(UserError, match="8 is one"):
        CyclicWorld(0).balanced(7)
