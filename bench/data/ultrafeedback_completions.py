"""UltraFeedback as its authors publish it: four answers of language models to each prompt, rated by GPT-4.

Cui et al. 2023. The hub has it as JSON lines, one file a source. An answer has two scores: `fine-grained_score`, the
mean of GPT-4's ratings (1 to 5) of helpfulness, honesty, instruction following and truthfulness, and `overall_score`
(1 to 10), which GPT-4 gave with a critique and the authors corrected in December 2023.

No copy was at hand. From public programs and reports that read one: the names of the six files, the fields read here
and their types, the answers in all (255,865, of which some 250 are empty), and the rows of four files (sharegpt
19,949, ultrachat 9,929, false_qa 2,339, truthful_qa 811). Not verified: that there are 63,967 rows, with which the
number of answers agrees (three short of four each), and that the hub has the files in the order of their names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.data.fingerprint import sha256_rows
from bench.data.hub import HubDataset, read_split
from bench.errors import UserError

NAME = "ultrafeedback-completions"
HUB = HubDataset(
    "openbmb/UltraFeedback",
    fields={
        "source": "string",
        "instruction": "string",
        "completions": "list of {model: string, response: string, fine-grained_score: float64, overall_score: float64}",
    },
    rows={"train": 63_967},
)
FILES = tuple(f"{name}.jsonl" for name in ("evol_instruct", "false_qa", "flan", "sharegpt", "truthful_qa", "ultrachat"))
ANSWERS = 4  # to a prompt
_NUMBER = (int, float)
_PROMPT: Mapping[str, Any] = {"source": str, "instruction": str, "completions": list}  # read of a row
_ANSWER: Mapping[str, Any] = {  # and of an answer; there are more
    "model": str,
    "response": str,
    "fine-grained_score": _NUMBER,
    "overall_score": _NUMBER,
}
_NAMES: Mapping[Any, str] = {str: "a text", list: "a list", _NUMBER: "a number"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A language model's, and what GPT-4 thinks of it."""

    model: str
    text: str
    rating: float  # the mean over four aspects, 1 to 5
    overall: float  # 1 to 10


@dataclass(frozen=True, slots=True)
class Rated:
    """A prompt with its four answers, in the file's order."""

    id: str  # the number of its row, over all files
    source: str  # where the prompt comes from, such as sharegpt; truthful_qa is a benchmark's test set
    prompt: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class RatedDataset:
    """All prompts that have four answers with text and both scores."""

    prompts: tuple[Rated, ...]
    left_out: int  # prompts that lack an answer, the text of one, or a score
    fingerprint: str  # sha256 over the prompts (id, source, prompt, answers)
    source: str


def load(path: Path | None = None) -> RatedDataset:
    """From the hub, or from a local folder: the six files as the hub has them, or one split as `hub.read_split` reads.

    Raises UserError as that does, for a folder with some of the six files only, and for a row without a field that is
    read here or with one of another type, naming row and field.
    """
    rows = list(_files(path) if path is not None and _has_files(path) else read_split(HUB, "train", path, None))
    found = [one for number, row in rows if (one := _rated(number, row)) is not None]
    return RatedDataset(
        tuple(found), len(rows) - len(found), sha256_rows(asdict(one) for one in found), f"{HUB.repo}, split train"
    )


def _has_files(folder: Path) -> bool:
    return any((folder / name).is_file() for name in FILES)


def _files(folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row numbers and rows of all files, in the order of their names."""
    if missing := [name for name in FILES if not (folder / name).is_file()]:
        raise UserError(f"{folder}: {', '.join(missing)} of {HUB.repo} is missing, other files of it are there")
    number = 0
    for name in FILES:
        with (folder / name).open(encoding="utf-8") as lines:
            for line_number, line in enumerate(lines, start=1):
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    raise UserError(f"{folder / name}, line {line_number}: not valid JSON ({error})") from error
                yield number, row
                number += 1


def _rated(number: int, row: Mapping[str, Any]) -> Rated | None:
    """None for a prompt that lacks what all are to have."""
    place = f"{HUB.repo}, row {number}"
    source, prompt, completions = (_value(row, name, kind, place) for name, kind in _PROMPT.items())
    answers = [_answer(each, f"{place}, completion {at}") for at, each in enumerate(completions or ())]
    whole = tuple(answer for answer in answers if answer is not None)
    if not (prompt or "").strip() or not len(answers) == len(whole) == ANSWERS:
        return None
    return Rated(str(number), source or "", prompt, whole)


def _answer(row: Mapping[str, Any], place: str) -> Answer | None:
    """None for one without text or without a score."""
    model, text, *scores = (_value(row, name, kind, place) for name, kind in _ANSWER.items())
    if not (text or "").strip() or not all(score is not None and math.isfinite(score) for score in scores):
        return None
    return Answer(model or "", text, *map(float, scores))


def _value(row: Mapping[str, Any], name: str, kind: type | tuple[type, ...], place: str) -> Any:
    """Of a field that must be there, and hold nothing or a value of that type."""
    if name not in row:
        raise UserError(f"{place}: field '{name}' is missing; found {', '.join(map(str, row))}")
    value = row[name]
    if value is not None and not isinstance(value, kind):
        raise UserError(f"{place}, field '{name}': expected {_NAMES[kind]}, found {repr(value)[:60]}")
    return value
