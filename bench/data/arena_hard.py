"""Arena-Hard v0.1: 500 prompts of Chatbot Arena's users, with the answers of GPT-4-0314 that others are compared with.

Li et al. 2024 (arXiv 2406.11939). The released repository and the hub's dataset have one layout, and two schemas over
time: `question_id` with `turns` (2024), `uid` with `prompt` and `messages` (since 2025). Both are read, by what they
hold. That it is the same in both was checked on the repository's files at e0a8ea1d (2024) and 196f6b88 (2025): 500
prompts of one turn, an answer to each, and after parsing the same texts. Files between the two differ in whitespace;
they are refused, as anything is that hashes otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.data.datafile import named
from bench.data.fingerprint import sha256_rows
from bench.errors import UserError
from bench.spec import Unavailable

NAME = "arena_hard"
REPO = "lmarena-ai/arena-hard-auto"
BASELINE = "gpt-4-0314"
PROMPTS = 500
QUESTIONS = "data/arena-hard-v0.1/question.jsonl"  # in the dataset's folder
ANSWERS = f"data/arena-hard-v0.1/model_answer/{BASELINE}.jsonl"
SHA256 = "155c5eeddad67df14e5b3bd532562032dba49cab14a7bc2e9de9367ba0da3ce9"  # of questions with answers, by uid


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, and the baseline's answer to it."""

    uid: str
    prompt: str
    baseline: str


def require(data_dir: Path | None) -> str:
    """The hash that `load` holds the files to. Raises Unavailable, with how to get them, where they are not here."""
    folder = named(data_dir) / NAME
    if missing := [path for path in (QUESTIONS, ANSWERS) if not (folder / path).is_file()]:
        raise Unavailable(
            f"needs {' and '.join(missing)} in the folder {folder}: run `hf download {REPO} {QUESTIONS} {ANSWERS} "
            f"--repo-type dataset --local-dir {folder}`"
        )
    return SHA256


@lru_cache(maxsize=1)
def load(data_dir: Path) -> tuple[Question, ...]:
    """The 500 in the order of their uids.

    Raises Unavailable as `require` does; UserError for a line that is not of either schema, a prompt without an answer
    of the baseline, and for other texts than the published ones.
    """
    require(data_dir)
    folder = data_dir / NAME
    prompts, answers = (dict(_texts(folder / path, read)) for path, read in ((QUESTIONS, _prompt), (ANSWERS, _answer)))
    if lacking := sorted(prompts.keys() - answers.keys()):
        raise UserError(f"{folder / ANSWERS}: no answer to the prompt {lacking[0]}, nor to {len(lacking) - 1} others")
    found = tuple(Question(uid, prompts[uid], answers[uid]) for uid in sorted(prompts))
    if (hashed := sha256_rows(map(astuple, found))) != SHA256:
        raise UserError(
            f"{folder}: {len(found):,} prompts with answers that are not those of Arena-Hard v0.1 ({PROMPTS} prompts)\n"
            f"expected sha256 {SHA256}\nfound    sha256 {hashed}"
        )
    return found


def _texts(path: Path, read: Callable[[Mapping[str, Any]], str]) -> Iterator[tuple[str, str]]:
    """Uid and text of every line."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                yield str(row["uid"] if "uid" in row else row["question_id"]), str(read(row))
            except json.JSONDecodeError as error:
                raise UserError(f"{path}, line {number}: not valid JSON ({error})") from error
            except (KeyError, IndexError, TypeError) as error:
                raise UserError(f"{path}, line {number}: neither of Arena-Hard's schemas ({error!r})") from error


def _prompt(row: Mapping[str, Any]) -> Any:
    return row["prompt"] if "prompt" in row else row["turns"][0]["content"]


def _answer(row: Mapping[str, Any]) -> Any:
    return row["messages"][-1]["content"]["answer"] if "messages" in row else row["choices"][0]["turns"][0]["content"]
