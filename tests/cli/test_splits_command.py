"""`prefbench splits`: what a reader sees of the fixed splits."""

import json
import sys

import pytest

from bench import cli
from bench.data import people_splits, splits


@pytest.fixture
def call(monkeypatch, capsys):
    """Run `prefbench splits ...`: (exit code, standard output, standard error)."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["prefbench", "splits", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out = capsys.readouterr()
        return int(stop.value.code or 0), out.out, out.err

    return run


def test_spa_shows_parts_sizes_and_hashes(call) -> None:
    code, out, _ = call("spa")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    for part, rows in splits.load("spa").items():
        assert [part, f"{len(rows):,}", splits.load("spa").sha256[part]] in lines
    assert "Other draws: --seed 43, 44" in out
    assert "this project's" in out


def test_json_holds_the_same(call) -> None:
    shown = json.loads(call("spa", "--json")[1])
    split = splits.load("spa")
    assert (shown["name"], shown["dataset"], shown["seed"]) == ("spa", "ultrafeedback", 42)
    assert shown["parts"] == {
        part: {"size": len(rows), "sha256": split.sha256[part]} for part, rows in split.parts.items()
    }


def test_another_draw_has_other_hashes(call) -> None:
    first, second = (json.loads(call("spa", "--seed", seed, "--json")[1]) for seed in ("42", "43"))
    assert second["seed"] == 43
    assert all(first["parts"][part]["sha256"] != second["parts"][part]["sha256"] for part in first["parts"])


def test_without_a_name_it_lists_all(call) -> None:
    out = call()[1]
    assert all(name in out for name in splits.names())
    assert [entry["name"] for entry in json.loads(call("--json")[1])] == [*splits.names(), *people_splits.names()]


def test_a_split_of_people_shows_how_many_are_seen_and_unseen(call, monkeypatch) -> None:
    monkeypatch.delenv("PREFBENCH_DATA", raising=False)
    shown = json.loads(call("jester", "--seed", "3", "--json")[1])
    assert shown["parts"] == people_splits.parts("jester", 3)
    assert shown["seeds"] == [0, 1, 2, 3, 4]
    assert any("--data-dir" in note for note in shown["notes"])


def test_a_split_of_people_is_held_against_the_data(call, data_dir) -> None:
    shown = json.loads(call("vpl_hh", "--data-dir", str(data_dir), "--json")[1])
    assert any("have these hashes" in note for note in shown["notes"])


def test_published_people_take_no_seed(call) -> None:
    shown = json.loads(call("tldr", "--json")[1])
    assert [shown["parts"][part]["size"] for part in ("seen", "unseen")] == [10, 31]
    code, _, err = call("tldr", "--seed", "1")
    assert code == 2
    assert "takes no seed" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["spaa"], "unknown split 'spaa'. Did you mean 'spa'?"),
        (["spa", "--seed", "45"], "unknown seed '45'"),
        (["made", "--seed", "1"], "takes no seed"),
        (["--seed", "1"], "--seed needs the name of a split"),
    ],
)
def test_a_wrong_name_or_seed_is_told_what_would_be_right(call, arguments, message) -> None:
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_manifest_that_contradicts_its_hashes_is_not_shown(call, tmp_path, monkeypatch) -> None:
    manifest = splits.read("spa")
    manifest["rules"]["seed"]["slices"] = [[0, 1_999]]
    (tmp_path / "spa.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(splits, "FOLDER", tmp_path)
    code, out, err = call("spa")
    assert (code, out) == (2, "")
    assert "part 'seed': ids hash to" in err
