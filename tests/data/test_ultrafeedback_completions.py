"""UltraFeedback's four answers a prompt, from local files with the hub's names and fields."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest

from bench.data import registry, ultrafeedback_completions
from bench.data.ultrafeedback_completions import FILES, Answer, load
from bench.errors import UserError


def completion(number: int, at: int) -> dict[str, Any]:
    rated = {"Rating": "4", "Rationale": "It does what was asked."}
    typed = {**rated, "Type": ["1"], "Rationale For Rating": "No error."}
    return {
        "annotations": {
            "helpfulness": typed,
            "honesty": rated,
            "instruction_following": rated,
            "truthfulness": typed,
        },
        "custom_system_prompt": "You are a helpful assistant.",
        "model": f"model-{at}",
        "principle": "helpfulness",
        "response": f"Answer {at} to {number}.",
        "critique": "Well done.",
        "overall_score": 7.5 if at else 8,  # a whole number is an integer in JSON
        "fine-grained_score": 4.25 - at,
    }


def row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "source": "evol_instruct",
        "instruction": f"Question {number}?",
        "models": [f"model-{at}" for at in range(4)],
        "completions": [completion(number, at) for at in range(4)],
        "correct_answers": ["None"],
        "incorrect_answers": ["None"],
        **changes,
    }


def changed(number: int, **changes: Any) -> dict[str, Any]:
    """A row whose second answer is another."""
    rated = row(number)
    rated["completions"][1] |= changes
    return rated


def write(folder: Path, files: dict[str, list[dict[str, Any]]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in files.items():
        (folder / name).write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return folder


def one_file(folder: Path, *rows: dict[str, Any]) -> Path:
    """All six, five of them empty."""
    return write(folder, {name: list(rows) if name == FILES[0] else [] for name in FILES})


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("hub"))


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    found = load(write(tmp_path, {name: [row(number)] for number, name in reversed(list(enumerate(FILES)))}))
    assert [one.id for one in found.prompts] == ["0", "1", "2", "3", "4", "5"]
    assert [one.prompt for one in found.prompts] == [f"Question {number}?" for number in range(6)]
    assert found.left_out == 0


def test_a_prompt_has_its_answers_with_both_scores_in_the_files_order(tmp_path: Path) -> None:
    (one,) = load(one_file(tmp_path, row(3))).prompts
    assert one.source == "evol_instruct"
    assert one.answers[0] == Answer("model-0", "Answer 0 to 3.", 4.25, 8.0)
    assert [answer.rating for answer in one.answers] == [4.25, 3.25, 2.25, 1.25]
    assert [answer.overall for answer in one.answers] == [8.0, 7.5, 7.5, 7.5]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_split_as_one_table_is_read_too_and_is_the_same(tmp_path: Path, kind: str) -> None:
    rows = [row(number) for number in range(3)]
    if kind == "parquet":
        (tmp_path / "table").mkdir()
        datasets.Dataset.from_list(rows).to_parquet(tmp_path / "table" / "train-00000-of-00001.parquet")
    else:
        write(tmp_path / "table", {"train.jsonl": rows})
    table, files = load(tmp_path / "table"), load(one_file(tmp_path / "files", *rows))
    assert table == files


@pytest.mark.parametrize(
    "broken",
    [
        changed(1, response=""),
        changed(1, response=None),
        changed(1, overall_score=None),
        changed(1, **{"fine-grained_score": None}),
        changed(1, **{"fine-grained_score": float("nan")}),
        row(1, completions=row(1)["completions"][:3]),
        row(1, completions=[]),
        row(1, instruction=" "),
    ],
    ids=["empty", "no text", "no overall score", "no rating", "nan", "three answers", "no answer", "no prompt"],
)
def test_a_prompt_without_four_whole_answers_is_left_out_and_counted(tmp_path: Path, broken: dict[str, Any]) -> None:
    found = load(one_file(tmp_path, row(0), broken, row(2)))
    assert [one.id for one in found.prompts] == ["0", "2"]  # ids stay those of the rows
    assert found.left_out == 1


def test_the_fingerprint_is_of_what_is_read(tmp_path: Path) -> None:
    first = load(one_file(tmp_path / "a", row(0))).fingerprint
    assert load(one_file(tmp_path / "b", changed(0, critique="Other words."))).fingerprint == first
    assert load(one_file(tmp_path / "c", changed(0, overall_score=1.0))).fingerprint != first


def test_a_folder_with_some_of_the_files_is_refused(tmp_path: Path) -> None:
    files = {name: [row(0)] for name in FILES if name not in ("flan.jsonl", "sharegpt.jsonl")}
    with pytest.raises(UserError, match=r"flan\.jsonl, sharegpt\.jsonl of openbmb/UltraFeedback is missing"):
        load(write(tmp_path, files))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(0), {"prompt": "p"}], r"row 1: field 'source' is missing; found prompt"),
        ([changed(0, response=3)], r"row 0, completion 1, field 'response': expected a text, found 3"),
        ([changed(0, overall_score="8")], r"completion 1, field 'overall_score': expected a number, found '8'"),
        ([row(0, completions="none")], r"row 0, field 'completions': expected a list, found 'none'"),
        ([row(0, completions=[{"response": "x"}])], r"completion 0: field 'model' is missing; found response"),
    ],
)
def test_another_schema_is_refused_by_row_and_field(tmp_path: Path, rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load(one_file(tmp_path, *rows))


def test_a_line_that_is_cut_is_named(tmp_path: Path) -> None:
    one_file(tmp_path, row(0))
    (tmp_path / FILES[0]).write_text(json.dumps(row(0)) + '\n{"source": "cu', encoding="utf-8")
    with pytest.raises(UserError, match=r"evol_instruct\.jsonl, line 2: not valid JSON"):
        load(tmp_path)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        load(tmp_path / "absent")
    with pytest.raises(UserError, match="no file for split 'train'"):
        load(tmp_path)


def test_a_hub_copy_of_another_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = datasets.Dataset.from_list([row(0)])
    monkeypatch.setattr(datasets, "load_dataset", lambda repo, split: grown)
    with pytest.raises(UserError, match="1 rows on the hub today, 63,967"):
        load()
    monkeypatch.setattr(ultrafeedback_completions, "HUB", replace(ultrafeedback_completions.HUB, rows={"train": 1}))
    assert [one.id for one in load().prompts] == ["0"]


def test_the_registry_says_how_to_get_it(tmp_path: Path) -> None:
    said = registry.how_to_get(ultrafeedback_completions.NAME, tmp_path)
    assert "hf download openbmb/UltraFeedback --repo-type dataset" in said
    with pytest.raises(UserError, match=r"use bench\.data\.ultrafeedback_completions\.load"):
        registry.load_text(ultrafeedback_completions.NAME, tmp_path)
