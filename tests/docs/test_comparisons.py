"""docs/comparisons.md names commands that still mean what they say: their methods and tasks exist and go together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.compare.entrants import pipelines, require_runs
from bench.methods.method import Slot
from bench.testbeds.registry import testbed as found_testbed

PAGE = (Path(__file__).parents[2] / "docs" / "comparisons.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"`(?:prefbench compare|nox -s compare --) ([^`]+)`", PAGE)


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) >= 9


@pytest.mark.parametrize("command", COMMANDS)
def test_methods_and_tasks_of_a_command_exist_and_go_together(command: str) -> None:
    words = command.split()
    given = {option: value.split(",") for option, value in zip(words[::2], words[1::2], strict=True)}
    lists = {place: given.get(f"--{place}", []) for place in ("select", "label", "learn")}
    slot = Slot(given["--slot"][0]) if "--slot" in given else None
    if slot is not None:
        place = str(slot) if slot in (Slot.SELECT, Slot.LABEL) else "learn"
        lists[place] = [name for name in given["--methods"] if ".py" not in name]
    made = pipelines(*lists.values(), slot if slot in (Slot.REWARD, Slot.POLICY) else None)
    for name in given["--tasks"]:
        require_runs(made, found_testbed(name, made[0].learn.slot))


def test_every_entrant_of_a_table_is_a_method() -> None:
    rows = {part for row in re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE) for part in row.split(" + ")}
    named = {name for command in COMMANDS for words in command.split() for name in words.split(",")}
    assert rows - {"MyMethod"} <= named
