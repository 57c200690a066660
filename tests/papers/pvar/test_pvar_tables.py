"""Which policies each experiment compares."""

from __future__ import annotations

from itertools import product

import pytest
from tiny_pvar import PAPER, planned, read

from bench.errors import UserError
from bench.papers.pvar.methods import BASELINES, METHODS, MODELS, PAIRS, SPREADS
from bench.papers.pvar.tables import ORDER

EXPERIMENTS = [experiment.name for experiment in PAPER.experiments if experiment.name in (
    "order", "growth", "models", "human", "selectors", "losses", "efficiency", "confounds")]  # fmt: skip


def policies(experiment):
    """The tasks that train a policy."""
    return [task for task in planned(experiment) if "row" in task.settings]


def conditions(experiment, *columns, **keep):
    tasks = [task for task in planned(experiment) if keep.items() <= {**task.condition, "method": task.method}.items()]
    return sorted(tuple(task.condition.get(name, task.method) for name in columns) for task in tasks)


def test_order_has_every_size_pair_and_spread_and_the_whole_pool():
    expected = product(("best_worst", "random_labelled"), SPREADS, ORDER, (0.1, 0.3, 0.5))
    whole = product(("best_worst", "random_labelled"), SPREADS, ["all"], [1.0])
    found = conditions("order", "pairs", "spread", "method", "fraction")
    assert found == sorted([*expected, *whole])


def test_every_reward_model_chooses_for_both_pairs():
    expected = product(("best_worst", "random_labelled"), MODELS, ORDER)
    assert conditions("models", "pairs", "model", "method") == sorted(expected)


def test_all_selectors_have_the_same_budget_of_paid_labels():
    tasks = planned("selectors")
    assert {task.condition["fraction"] for task in tasks} == {0.3}
    assert {task.condition["pairs"] for task in tasks} == {"random_labelled"}
    assert {task.method for task in tasks} == {"random", "pvar", *BASELINES}
    assert conditions("selectors", "model", method="pvar") == [("gold",), ("large",)]


def test_human_labels_are_a_tenth_against_all():
    found = conditions("human", "method", "fraction", "pairs")
    assert ("pvar", 0.1, "random_labelled") in found
    assert ("all", 1.0, "random_labelled") in found


def test_a_loss_has_its_own_rate_and_hyper_parameters():
    rows = {task.condition["loss"]: task.settings["row"] for task in planned("losses")}
    assert set(rows) == {"dpo", "ipo", "kto", "simpo", "orpo"}
    assert rows["dpo"]["hyper"] == {"beta": 0.1}
    assert rows["simpo"]["hyper"] == {"beta": 2.0, "gamma": 1.0}


def test_dpo_on_what_a_reward_model_ordered_has_another_rate_than_on_paid_labels():
    rates = read().learning_rate
    for task in policies("confounds"):
        assert task.settings["row"]["learning_rate"] == rates.best_worst[0.3]
    for task in planned("human"):
        assert task.settings["row"]["learning_rate"] == rates.random_labelled[task.condition["fraction"]]


def test_a_size_without_a_rate_has_that_of_the_nearest():
    rates = read(learning_rate={"best_worst": {0.1: 3.0, 0.3: 2.0, 1.0: 1.0}, "random_labelled": {1.0: 5.0}})
    found = [rates.learning_rate.of("equal_gap", size) for size in (0.05, 0.1, 0.2, 0.5, 0.6, 1.0)]
    assert found == [3.0, 3.0, 2.0, 2.0, 1.0, 1.0]
    assert rates.learning_rate.of("random_labelled", 0.1) == 5.0


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_name_is_one_that_there_is(experiment):
    for task in policies(experiment):
        row = task.settings["row"]
        assert row["method"] in METHODS
        assert row["pairs"] in PAIRS
        assert row["spread"] in SPREADS
        assert row["model"] in MODELS


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_no_cell_is_planned_twice(experiment):
    cells = [task.cell for task in planned(experiment, seeds=(0, 1))]
    assert len(set(cells)) == len(cells)


def test_workers_begin_with_a_seed_each():
    assert [task.seed for task in planned(seeds=(0, 1, 2))[:6]] == [0, 1, 2, 0, 1, 2]


def test_a_wrong_policy_is_named():
    with pytest.raises(UserError, match="policy"):
        read(policy="huge")
