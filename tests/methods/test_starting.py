"""A starting file already is a method: the known one that its first line names."""

import numpy as np
import pytest

from bench.errors import UserError
from bench.methods.checks import verdicts
from bench.methods.checks.attempt import attempt
from bench.methods.checks.comparisons import Problem
from bench.methods.method import Slot
from bench.methods.registry import from_file, method
from bench.methods.starting import write


@pytest.fixture
def started(tmp_path):
    def start(slot):
        path, kind = write("my_method", slot, tmp_path)
        return from_file(f"{path}:{kind}")

    return start


@pytest.mark.parametrize("slot", list(Slot))
def test_it_is_a_method_of_its_slot_that_holds_to_the_contract(slot, started):
    found = started(slot)
    assert found.slot == slot
    assert found.line.endswith("until you change it")
    assert [one for one in verdicts(found) if one.ok is not True] == []


def test_that_of_a_policy_is_dpo_to_the_bit(started):
    own = attempt(Slot.POLICY, started(Slot.POLICY).make(seed=0, beta=0.3)).output
    assert np.array_equal(own, attempt(Slot.POLICY, method("dpo", Slot.POLICY).make(seed=0, beta=0.3)).output)
    assert not np.array_equal(own, attempt(Slot.POLICY, method("dpo", Slot.POLICY).make(seed=0, beta=0.2)).output)


def test_that_of_rewards_is_the_ridge_of_the_catalogue(started):
    problem = Problem.of("plain")
    own = problem.decisions(started(Slot.REWARD).make(seed=0, ridge=2.0))
    np.testing.assert_allclose(own, problem.decisions(method("bt", Slot.REWARD).make(seed=0, ridge=2.0)), atol=1e-4)


def test_that_of_selectors_ranks_as_the_variance_of_rewards(started):
    own = attempt(Slot.SELECT, started(Slot.SELECT).make(seed=0)).output
    known = attempt(Slot.SELECT, method("reward_variance", Slot.SELECT).make(seed=0)).output
    np.testing.assert_allclose(own, known * 2 / 3)  # of three responses; theirs is unbiased


def test_a_file_that_is_there_is_left_as_it_is(tmp_path):
    (tmp_path / "mine.py").write_text("precious")
    with pytest.raises(UserError, match="there already"):
        write("mine", Slot.POLICY, tmp_path)
    assert (tmp_path / "mine.py").read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "words"), [("my-dpo", "'my_dpo' can"), ("my_dpo.py", "'my_dpo' can"), ("class", "class"), ("2nd", "2nd")]
)
def test_a_name_that_no_module_can_have_is_refused(name, words, tmp_path):
    with pytest.raises(UserError, match=words):
        write(name, Slot.POLICY, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_class_is_named_after_the_file(tmp_path):
    assert write("my_dpo", Slot.POLICY, tmp_path)[1] == "MyDpo"
