"""People who differ as testbeds: what is bought, what a method reads, and what it is judged by."""

import math
from pathlib import Path

import numpy as np
import pytest

from bench.compare.pipeline import Pipeline, run
from bench.errors import UserError
from bench.methods import Slot
from bench.methods.registry import method
from bench.spec import Context, Profile, Unavailable
from bench.testbeds.crowds import ACCURACY, TESTBEDS

BY_NAME = {testbed.name: testbed for testbed in TESTBEDS}
IDEAL = BY_NAME["ideal_points"]
TINY = {
    **IDEAL.settings(Profile.EMBEDDED),
    "crowd": {**IDEAL.settings(Profile.EMBEDDED)["crowd"], "people": 12, "train": 50},
}


@pytest.fixture
def context(tmp_path):
    return Context(None, tmp_path / "cache", tmp_path / "scratch")


def opened(context, budget=100, seed=0, settings=TINY):
    return IDEAL.source.open(settings, Slot.REWARD, seed, budget, context)


def pipeline(learner):
    return Pipeline(method("random", Slot.SELECT), method("people", Slot.LABEL), method(learner, Slot.REWARD))


class Reader:
    """Keeps what it is given, and decides nothing."""

    def __init__(self, reads=None, decisions=np.zeros):
        if reads is not None:
            self.reads = reads
        self.decisions = decisions

    def fit(self, X, labels, *, annotators, prompts=None):
        self.X, self.labels, self.annotators, self.prompts = X, labels, annotators, prompts
        return self

    def decision_function(self, X, *, annotators, prompts=None):
        self.asked = X, annotators, prompts
        return self.decisions(len(X))


def found(outcome):
    """All but what it cost."""
    return {name: value for name, value in outcome.metrics.items() if not name.startswith("method_")}


def learnt(ground, learner, rows=(3, 0, 8)):
    return ground.learn(learner, rows, ground.buy(rows), {})


@pytest.mark.parametrize("learner", ["bt", "sparse"])
def test_a_linear_model_learns_more_of_known_ideal_points_than_chance(context, learner):
    outcome = run(pipeline(learner), {}, opened(context, 400), 400, 0)
    assert outcome.metrics["accuracy"] - 3 * outcome.metrics["accuracy_error"] > 0.5
    assert outcome.metrics["labels_spent"] == outcome.metrics["pairs"] == 400


def test_the_same_seed_is_the_same_ground_and_another_seed_another(context):
    first, again, other = (found(run(pipeline("bt"), {}, opened(context, seed=s), 100, s)) for s in (0, 0, 1))
    assert first == again
    assert first["accuracy"] != other["accuracy"]


def test_bought_comparisons_are_the_rows_of_the_pool_in_their_order(context):
    ground = opened(context)
    judgements = ground.buy([3, 0, 8])
    assert ground.spent == judgements.labels_spent == 3
    learner = Reader()
    ground.learn(learner, [3, 0, 8], judgements, {})
    everything = Reader()
    other = opened(context, budget=10_000)
    learnt(other, everything, range(other.size))
    np.testing.assert_array_equal(learner.X, everything.X[[3, 0, 8]])
    np.testing.assert_array_equal(learner.labels, everything.labels[[3, 0, 8]])
    assert learner.annotators == [everything.annotators[row] for row in (3, 0, 8)]
    assert set(everything.labels) == {1, -1}


def test_nothing_is_bought_beyond_the_budget_or_outside_the_pool(context):
    ground = opened(context, budget=5)
    ground.buy([0, 1, 2])
    with pytest.raises(UserError, match="3 of the budget of 5 are spent"):
        ground.buy([3, 4, 5])
    with pytest.raises(UserError, match=f"row {ground.size}: the pool has {ground.size} rows"):
        ground.buy([ground.size])
    assert ground.spent == 3


def test_the_same_people_are_judged_on_comparisons_that_are_not_in_the_pool(context):
    learner, ground = Reader(), opened(context, budget=10_000)
    learnt(ground, learner, range(ground.size))
    items, annotators, _ = learner.asked
    assert set(annotators) == set(learner.annotators)
    assert not {row.tobytes() for row in items} & {row.tobytes() for row in learner.X}


def test_who_decides_nothing_is_right_half_of_the_time_for_everybody(context):
    metrics = learnt(opened(context), Reader()).metrics
    assert metrics["accuracy"] == metrics["accuracy_by_person"] == 0.5
    assert metrics["accuracy_error"] == 0.0


def test_errors_have_people_as_clusters(context):
    """One person's comparisons all right and the others' all wrong: the spread of two means, however many each has."""
    here = opened(context)

    class OnePerson(Reader):
        def decision_function(self, X, *, annotators, prompts=None):
            truth = here._test.labels
            return np.where(np.array(annotators) == annotators[0], truth, -truth)

    metrics = learnt(here, OnePerson()).metrics
    people = len(set(here._test.clusters))
    assert metrics["accuracy"] == pytest.approx(1 / people)
    means = np.array([1.0] + [0.0] * (people - 1))
    assert metrics["accuracy_error"] == pytest.approx(means.std(ddof=1) / math.sqrt(people))


def test_a_linear_model_gets_squares_and_one_of_items_gets_items_alone(context):
    linear, items = Reader(), Reader("items")
    learnt(opened(context), linear)
    learnt(opened(context), items)
    dimension = TINY["crowd"]["dimension"]
    assert linear.X.shape[2] == dimension + 1
    np.testing.assert_allclose(linear.X[..., -1], (items.X**2).sum(axis=2), rtol=1e-5)
    assert items.X.shape[2] == dimension
    assert items.prompts is None  # nothing was asked


def test_a_method_that_reads_something_else_is_told_what_there_is(context):
    with pytest.raises(UserError, match=r"unknown value of reads 'linaer'\. Did you mean 'linear'"):
        learnt(opened(context), Reader("linaer"))


@pytest.mark.parametrize(
    ("decisions", "message"),
    [(lambda n: np.zeros((n, 1)), "shape"), (lambda n: np.full(n, np.nan), "comparison 0 it is not a number")],
)
def test_log_odds_that_are_none_are_refused(context, decisions, message):
    with pytest.raises(UserError, match=message):
        learnt(opened(context), Reader(decisions=decisions))


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"ideal_points"}))
def test_without_data_it_says_what_it_needs(name):
    testbed = BY_NAME[name]
    with pytest.raises(Unavailable, match=r"needs .* in a data directory"):
        testbed.source.fingerprints(testbed.settings(Profile.EMBEDDED), None)


@pytest.mark.parametrize("testbed", TESTBEDS, ids=lambda testbed: testbed.name)
def test_settings_of_every_profile_are_those_of_a_crowd(testbed):
    from pydantic import TypeAdapter

    from bench.domains.crowds.settings import CrowdSettings, written

    for profile in testbed.at:
        settings = testbed.settings(profile)["crowd"]
        read = TypeAdapter(CrowdSettings).validate_python(settings)
        assert {key: settings[key] for key in written(read)} == written(read)  # nothing is left to a default


@pytest.mark.parametrize("name", ["jester", "dsp"])
def test_real_people_have_a_pool_for_the_largest_budget(data_dir, tmp_path, monkeypatch, name):
    """Features are made up here: an encoder takes a minute for them."""
    _made_up_features(monkeypatch)
    testbed, context = BY_NAME[name], Context(data_dir, tmp_path, tmp_path)
    ground = testbed.source.open(testbed.settings(Profile.EMBEDDED), Slot.REWARD, 0, testbed.budgets[-1], context)
    outcome = run(pipeline("bt"), {}, ground, testbed.budgets[-1], 0)
    assert ground.size >= testbed.budgets[-1]
    assert 0.4 < outcome.metrics["longer_wins"] < 0.8
    assert {*ACCURACY.beside} <= outcome.metrics.keys()
    assert not any(metric.startswith("unseen") for metric in outcome.metrics)


def test_prompts_are_beside_items_where_something_was_asked(data_dir, tmp_path, monkeypatch):
    _made_up_features(monkeypatch)
    testbed, context = BY_NAME["dsp"], Context(data_dir, tmp_path, tmp_path)
    items, linear = Reader("items"), Reader("linear")
    for learner in (items, linear):
        learnt(testbed.source.open(testbed.settings(Profile.EMBEDDED), Slot.REWARD, 0, 3, context), learner)
    assert items.prompts.shape == (3, 8)
    assert items.asked[2].shape == (len(items.asked[0]), 8)
    assert linear.prompts is None


def _made_up_features(monkeypatch):
    def table(texts, encoder, name, cache_dir: Path, progress=None):
        return np.random.default_rng(0).normal(size=(len(texts), 8)).astype(np.float32)

    monkeypatch.setattr("bench.data.encoded.text_table", table)
