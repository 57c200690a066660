"""`prefbench methods`, `tasks`, `new method` and `check`, as a user types them."""

import re
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
