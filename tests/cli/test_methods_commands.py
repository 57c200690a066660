"""`prefbench methods`, `tasks`, `new method` and `check`, as a user types them."""

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.errors import UserError
from bench.methods.method import Slot
from bench.methods.registry import methods
from bench.testbeds import registry

BAD = Path(__file__).parent.parent / "methods" / "bad_methods.py"


@pytest.fixture
def typed(monkeypatch, tmp_path):
    """What a command prints, and its exit code, in an empty folder without a data directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFBENCH_DATA", raising=False)

    def run(*words):
        found = CliRunner().invoke(app, words, env={"COLUMNS": "100"})
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found.output, found.exit_code

    return run


def names(output):
    """The first word of every line that begins with one."""
    return set(re.findall(r"^(\w+)  ", output, flags=re.MULTILINE))


def test_methods_lists_every_method_of_every_slot_within_a_hundred_columns(typed):
    output, code = typed("methods")
    assert code == 0
    assert {one.name for one in methods()} <= names(output)
    assert max(map(len, output.splitlines())) <= 100


def test_methods_of_a_slot_are_no_others(typed):
    output, _ = typed("methods", "--slot", "label")
    assert names(output) == {one.name for one in methods(Slot.LABEL)}
    assert "Kim et al. 2025 (SPA), Eq. 13; tuned: length_penalty" in output


def test_a_slot_that_does_not_exist_is_named_with_the_nearest(typed):
    with pytest.raises(UserError, match="Did you mean 'policy'"):
        typed("methods", "--slot", "polcy")


def test_a_broken_package_is_listed_with_its_reason_and_the_others_are_there(typed, monkeypatch, tmp_path):
    folder = tmp_path / "somebodys-0.1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys\nVersion: 0.1\n")
    (folder / "entry_points.txt").write_text("[prefbench.methods]\ntheirs = no_such_module:Theirs\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert metadata.distribution("somebodys").version == "0.1"
    output, code = typed("methods")
    assert code == 0
    assert "broken theirs of somebodys 0.1" in output
    assert "ModuleNotFoundError" in output
    assert {one.name for one in methods()} <= names(output)


ODD = '''
class Odd:
    """Does [/bold] and [beta] things."""

    def scores(self, groups, known):
        raise ValueError("[/red] is no [markup]")


def pairs():
    """Pairs of [/bold] people."""
    return "nowhere.jsonl"


def fails():
    """Pairs that cannot be had."""
    raise OSError("[/no] disk")
'''
ENTRIES = """[prefbench.methods]
odd = odd_test_package:Odd
[prefbench.datasets]
bracketed = odd_test_package:pairs
failing = odd_test_package:fails
gone = odd_test_package:Gone
"""


@pytest.fixture
def odd(monkeypatch, tmp_path):
    """A package whose words look like markup, and some of whose data cannot be had."""
    folder = tmp_path / "odd-0.1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 0.1\n")
    (folder / "entry_points.txt").write_text(ENTRIES)
    (tmp_path / "odd_test_package.py").write_text(ODD)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "odd_test_package", raising=False)


@pytest.mark.usefixtures("odd")
def test_what_a_user_writes_is_printed_as_it_is(typed):
    output, code = typed("methods", "--slot", "select")
    assert code == 0
    assert "Does [/bold] and [beta] things" in output
    output, code = typed("check", "odd")
    assert code == 1
    assert "Does [/bold] and [beta] things" in output
    assert "ValueError: [/red] is no [markup]" in output


@pytest.mark.usefixtures("odd")
def test_data_that_a_package_cannot_bring_are_told_beside_the_tasks_that_run(typed):
    output, code = typed("tasks")
    assert code == 0
    assert {"world", "bracketed", "failing"} <= names(output)
    assert "Pairs of [/bold] people" in output
    said = " ".join(output.split())
    assert "not here: the dataset 'failing': odd_test_package:fails failed: OSError: [/no] disk" in said
    assert "broken gone of odd 0.1: odd_test_package:Gone does not load: AttributeError" in said


def test_methods_that_read_the_reward_model_at_hand_are_marked(typed):
    output, _ = typed("methods", "--slot", "select")
    assert output.count("reads the reward model at hand") == 4
    assert "learnt from other labels, which no comparison counts" in output
    output, _ = typed("methods", "--slot", "reward")
    assert "reward model at hand" not in output


def test_tasks_say_what_is_at_hand_there_and_name_a_dataset_once(typed):
    output, _ = typed("tasks")
    assert "at hand: a reward model that learnt from" in output
    assert len(re.findall(r"^hh  ", output, flags=re.MULTILINE)) == 1


def test_tasks_lists_every_testbed_and_what_keeps_it_from_running_here(typed):
    output, code = typed("tasks")
    assert code == 0
    assert {one.name for one in registry.testbeds()} <= names(output)
    assert re.search(r"^world .* yes *$", output, flags=re.MULTILINE)
    assert re.search(r"^hh .* no *$", output, flags=re.MULTILINE)
    assert "not here: needs a data directory" in output
    assert max(map(len, output.splitlines())) <= 100


def test_tasks_at_a_profile_says_which_are_not_there(typed):
    output, _ = typed("tasks", "--profile", "paper")
    assert "there is none at the profile paper" in output


def test_a_new_method_can_be_checked_with_the_command_that_is_printed(typed):
    output, code = typed("new", "method", "my_dpo", "--slot", "policy")
    assert code == 0
    command = re.search(r"prefbench (check \S+)", output)[1]
    assert command == "check my_dpo.py:MyDpo"
    output, code = typed(*command.split())
    assert code == 0
    assert "all hold" in output


def test_a_method_that_breaks_the_contract_is_told_why_and_exits_with_one(typed):
    output, code = typed("check", f"{BAD}:CouplesPairs")
    assert code == 1
    assert "failed    a pair's loss is its own" in output
    assert "couples_batch" in output
    assert "not made  takes hyper-parameters from its space (it has no space)" in output


def test_a_built_in_one_is_checked_by_name_and_one_of_two_slots_by_its_slot(typed):
    assert typed("check", "reward_gap")[1] == 0
    assert typed("check", "random", "--slot", "label")[1] == 0
    with pytest.raises(UserError, match="select and label: say which with --slot"):
        typed("check", "random")
    with pytest.raises(UserError, match="Did you mean 'simpo'"):
        typed("check", "simp")


def test_a_file_is_held_to_the_slot_that_is_named(typed):
    with pytest.raises(UserError, match="belongs to the slot 'policy'"):
        typed("check", f"{BAD}:CouplesPairs", "--slot", "reward")
