"""Arena-Hard v0.1 from local files, in both schemas that its authors have published."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

import pytest

from bench.data import arena_hard
from bench.data.arena_hard import ANSWERS, QUESTIONS, Question, load, require
from bench.data.fingerprint import sha256_rows
from bench.errors import UserError
from bench.spec import Unavailable

NEWER = {"category": "arena-hard-v0.1", "cluster": "Baking"}
MADE = tuple(Question(f"{number:02d}", f"What is {number}?", f"It is {number}.") for number in range(3))


def rows(schema: str) -> tuple[list[dict], list[dict]]:
    """Questions and answers with the fields of one year's files."""
    if schema == "2024":
        return (
            [{"question_id": one.uid, **NEWER, "turns": [{"content": one.prompt}]} for one in MADE],
            [
                {
                    "question_id": one.uid,
                    "answer_id": f"a-{one.uid}",
                    "model_id": "gpt-4-0314",
                    "choices": [{"index": 0, "turns": [{"content": one.baseline, "token_len": 4}]}],
                    "tstamp": 1711397284.1,
                }
                for one in MADE
            ],
        )
    return (
        [{"uid": one.uid, **NEWER, "prompt": one.prompt} for one in MADE],
        [
            {
                "uid": one.uid,
                "ans_id": f"a-{one.uid}",
                "model": "gpt-4-0314",
                "messages": [
                    {"content": one.prompt, "role": "user"},
                    {"content": {"answer": one.baseline}, "role": "assistant"},
                ],
                "tstamp": 1711397284.1,
            }
            for one in MADE
        ],
    )


def write(folder: Path, questions: list[dict], answers: list[dict]) -> Path:
    for path, found in ((QUESTIONS, questions), (ANSWERS, answers)):
        place = folder / arena_hard.NAME / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("".join(json.dumps(row) + "\n" for row in found), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _of_what_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    load.cache_clear()
    monkeypatch.setattr(arena_hard, "SHA256", sha256_rows(map(astuple, MADE)))


@pytest.mark.parametrize("schema", ["2024", "2025"])
def test_prompts_and_answers_are_the_same_in_either_schema_and_whatever_order(tmp_path: Path, schema: str) -> None:
    questions, answers = rows(schema)
    assert load(write(tmp_path, questions[::-1], answers)) == MADE
    assert require(tmp_path) == arena_hard.SHA256


def test_other_texts_than_the_published_ones_are_refused(tmp_path: Path) -> None:
    questions, answers = rows("2025")
    questions[1]["prompt"] += " "
    with pytest.raises(UserError, match=r"not those of Arena-Hard v0\.1 \(500 prompts\)\nexpected sha256"):
        load(write(tmp_path, questions, answers))


@pytest.mark.parametrize(
    ("questions", "answers", "message"),
    [
        (
            [{"uid": "00", "text": "?"}],
            [],
            r"question\.jsonl, line 1: neither of Arena-Hard's schemas \(KeyError\('turns'",
        ),
        (rows("2025")[0], [{"uid": "00", "messages": []}], r"gpt-4-0314\.jsonl, line 1: neither .* \(IndexError"),
        (rows("2025")[0], rows("2025")[1][:1], "no answer to the prompt 01, nor to 1 others"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, questions, answers, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load(write(tmp_path, questions, answers))


def test_a_line_that_is_cut_off_is_named(tmp_path: Path) -> None:
    write(tmp_path, *rows("2025"))
    with (tmp_path / arena_hard.NAME / QUESTIONS).open("a") as lines:
        lines.write('{"uid": "0')
    with pytest.raises(UserError, match=r"question\.jsonl, line 4: not valid JSON"):
        load(tmp_path)


def test_where_there_is_nothing_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"hf download lmarena-ai/arena-hard-auto data/arena-hard-v0\.1/question"):
        require(tmp_path)
    with pytest.raises(Unavailable, match="name one with --data-dir"):
        require(None)


def test_the_published_files_are_those_that_the_hash_is_of(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (data_dir / arena_hard.NAME).is_dir():
        pytest.skip("the data directory has no arena_hard")
    monkeypatch.undo()
    found = load(data_dir)
    assert len(found) == arena_hard.PROMPTS
    assert all(one.prompt.strip() and one.baseline.strip() for one in found)
