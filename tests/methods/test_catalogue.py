"""Every row of the catalogue: that it names what there is, and reads as a table's row."""

import subprocess
import sys
from collections import Counter

import pytest

from bench.learn.policy.losses import LOSSES
from bench.methods.catalogue import BUILT_IN
from bench.methods.checks.attempt import attempt
from bench.methods.checks.ground import SmallKnown
from bench.methods.method import MARKS, TRAINING, Slot
from bench.methods.registry import methods
from bench.methods.space import trials

every_method = pytest.mark.parametrize("method", BUILT_IN, ids=lambda method: f"{method.slot}-{method.name}")


def test_a_name_stands_for_one_method_of_its_slot():
    assert [key for key, count in Counter((one.slot, one.name) for one in BUILT_IN).items() if count > 1] == []


def test_every_slot_has_methods():
    assert {one.slot for one in BUILT_IN} == set(Slot)


@every_method
def test_its_class_is_there_and_has_the_function_of_its_slot(method):
    assert callable(getattr(method.load(), MARKS[method.slot]))


@every_method
def test_it_is_made_by_default_and_by_all_that_its_space_can_give(method):
    assert set(method.space) <= {*method.hyper_parameters(), *TRAINING}
    for hyper in trials(method.space, 4, "test", method.name):
        method.make(seed=3, **{name: value for name, value in hyper.items() if name not in TRAINING})


@every_method
def test_its_line_is_one_short_line_of_a_table(method):
    assert 0 < len(method.line) < 90
    assert "\n" not in method.line
    assert not method.line.endswith(".")


@every_method
def test_its_row_says_as_its_class_does_how_many_responses_it_learns_from(method):
    assert method.lists == getattr(method.load(), "lists", 2)


@pytest.mark.parametrize(
    "method", [one for one in BUILT_IN if one.slot != Slot.REWARD], ids=lambda method: f"{method.slot}-{method.name}"
)
def test_its_row_says_whether_it_reads_the_reward_model_at_hand(method, monkeypatch):
    read = []
    rewards = SmallKnown.rewards
    monkeypatch.setattr(SmallKnown, "rewards", lambda known, groups: read.append(1) or rewards(known, groups))
    attempt(method.slot, method.make(seed=0))
    assert bool(read) == method.reads_rewards


def test_every_loss_is_a_method():
    assert set(LOSSES) - {one.name for one in methods(Slot.POLICY)} <= {"sparse_po"}  # without a mask it is DPO


@pytest.mark.parametrize("heavy", ["torch", "transformers", "sklearn", "scipy", "pandas"])
def test_reading_the_catalogue_loads_nothing_heavy(heavy):
    code = f"import sys, bench.methods.catalogue, bench.methods.registry; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
