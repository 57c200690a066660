"""A pipeline spends its budget once, whoever spends it, and learns from all that was bought."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from bench.compare.pipeline import Pipeline, run
from bench.errors import UserError
from bench.label import Judgements
from bench.learn.policy.completions import Completions
from bench.methods import Slot
from bench.methods.method import Method
from bench.testbeds.pool import Account, Place
from bench.testbeds.testbed import Learnt

HERE = __name__
POOL = [
    Completions(np.array([number], dtype=np.int32), tuple(np.array([token], dtype=np.int32) for token in (1, 2, 3)))
    for number in range(20)
]


def prefer(groups):
    """Of an even prompt people prefer token 1."""
    return Judgements(
        np.array([(1 if group.prompt[0] % 2 == 0 else -1) * (3 - 2 * group.responses[0][0]) for group in groups])
        * np.inf,
        labels_spent=len(groups),
    )


PLACE = Place("a test", 0, None, 0, POOL, prefer, list, lambda *_: [], None, lambda *_: None)


@dataclass
class Ground:
    budget: int
    size: int = len(POOL)
    groups: list = field(default_factory=lambda: POOL)

    def __post_init__(self):
        self.account = Account(PLACE, self.budget)
        self.known = self
        self.seed = 0

    people = property(lambda self: self.account.ask)
    buy = property(lambda self: self.account.buy)
    sold = property(lambda self: self.account.sold)
    spent = property(lambda self: self.account.spent)

    def learn(self, learner, rows, judgements, training):
        even = np.array([POOL[row].prompt[0] % 2 == 0 for row in rows])
        return Learnt({"rows": float(len(set(rows))), "right": float(np.mean(judgements.first == even))}, seconds=2.0)


class First:
    """Rows in their order"""

    def scores(self, groups, known):
        return -np.arange(len(groups), dtype=float)


class Warm(First):
    """Rows in their order, after labels of the last five"""

    def scores(self, groups, known):
        known.people([Completions(group.prompt, group.responses[:2]) for group in groups[-3:]])
        known.people([Completions(group.prompt, group.responses[1::-1]) for group in groups[-5:-3]])
        return super().scores(groups, known)


class People:
    """Nobody else"""

    expands = False

    def label(self, groups, known):
        return known.people(groups)


class Opposite:
    """The opposite of the truth"""

    def label(self, groups, known):
        return Judgements(-prefer(groups).log_odds)


class Learner:
    """Nothing"""

    def objective(self, pairs, known):
        return None


def method(kind, slot):
    return Method(kind.__name__, slot, "", f"{HERE}:{kind.__name__}")


def outcome(select=First, label=People, budget=8):
    ground = Ground(budget)
    pipeline = Pipeline(method(select, Slot.SELECT), method(label, Slot.LABEL), method(Learner, Slot.POLICY))
    return run(pipeline, {}, ground, budget, 0), ground


def test_a_budget_buys_the_rows_of_the_highest_scores():
    found, ground = outcome()
    assert list(ground.sold) == list(range(8))
    assert found.metrics["labels_spent"] == found.metrics["rows"] == 8
    assert found.metrics["right"] == 1


def test_what_a_selector_buys_itself_is_of_the_same_budget_and_is_learnt_from():
    found, ground = outcome(select=Warm)
    assert set(ground.sold) == {15, 16, 17, 18, 19, 0, 1, 2}
    assert found.metrics["labels_spent"] == found.metrics["rows"] == 8
    assert found.metrics["right"] == 1  # also of the pairs that were shown the other way round


def test_a_selector_can_spend_the_whole_budget():
    found, ground = outcome(select=Warm, budget=5)
    assert set(ground.sold) == {15, 16, 17, 18, 19}
    assert found.metrics["labels_spent"] == 5
    with pytest.raises(UserError, match="of a budget of 4 left"):
        outcome(select=Warm, budget=4)


def test_a_labeler_labels_the_rest_and_is_charged_nothing():
    found, ground = outcome(label=Opposite)
    assert ground.spent == found.metrics["labels_spent"] == 8
    assert found.metrics["rows"] == found.metrics["pairs"] == len(POOL)
    assert found.metrics["right"] == 8 / len(POOL)


def test_more_labels_than_the_pool_has_are_refused():
    with pytest.raises(UserError, match="the pool has 20"):
        outcome(budget=21)


def test_the_costs_of_a_method_are_metrics():
    found, _ = outcome()
    assert found.metrics["method_seconds"] > 2.0  # what learning took, by the ground, and choosing and labelling
    assert found.metrics["method_memory_bytes"] >= 0
