"""Texts of a study: whose prompts, in which order, and which pairs people judged.

`hh_rlhf`: the helpful half, one pair an opening message, in one order a study: first the pairs that the judge is
trained and tested on, then those that training begins with, and of the rest the prompts only. These and AlpacaEval's,
less those held out for tests, are shuffled together, so that all parts of them ask alike. The harmless half is left
out: its prompts ask for harm, and its preferences are the opposite of the helpful ones.

`ultrafeedback`: pairs in the order that the study gives. Tests are AlpacaEval, whole. The four answers that a pair was
made from are in another dataset, which has the same prompts by their texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from bench.data import alpaca_eval, hh_rlhf, ultrafeedback, ultrafeedback_completions
from bench.data.pairs import Pair
from bench.seeds import seed_for

OPENINGS = 2_201  # opening messages of hh_rlhf's helpful half with a pair of two answers
ASKED = alpaca_eval.PROMPTS.rows

Row = TypeVar("Row")
Rows = Callable[[], Sequence[int]]  # row numbers of UltraFeedback, any of them repeatedly


@dataclass(frozen=True)
class Turn:
    """A message of a conversation."""

    role: str  # user or assistant
    content: str


@dataclass(frozen=True)
class Asked:
    """A prompt, and the pair of answers that people judged, where they did."""

    id: str
    turns: tuple[Turn, ...]
    pair: Pair | None = None


@dataclass(frozen=True)
class Corpus:
    """Prompts by part, and pairs for a judge that has to be trained."""

    train: tuple[Asked, ...]
    test: tuple[Asked, ...]
    judge: tuple[Asked, ...] = ()  # pairs that it learns from
    held_out: tuple[Asked, ...] = ()  # pairs that it is tested on


@lru_cache(maxsize=2)
def human_preferences(data_dir: Path, judge: int, held_out: int, pairs: int, test: int, *, study: str) -> Corpus:
    """hh_rlhf and AlpacaEval; numbers of pairs (of the judge, of its test, of training) and of test prompts.

    `study` names the orders. Raises UserError for files that are missing or changed.
    """
    first: dict[str, Pair] = {}
    for pair in hh_rlhf.load(data_dir, "hh_helpful").pairs:
        if pair.chosen.strip() and pair.rejected.strip():
            first.setdefault(pair.group, pair)
    people = _shuffled([Asked(pair.id, turns(pair.prompt), pair) for pair in first.values()], study, hh_rlhf.NAME)
    asked = _shuffled(instructions(data_dir), study, alpaca_eval.NAME)
    bounds = np.cumsum([judge, held_out, pairs])
    rest = [Asked(one.id, one.turns) for one in people[bounds[2] :]]
    return Corpus(
        train=(*people[bounds[1] : bounds[2]], *_shuffled([*asked[test:], *rest], study, "prompts")),
        test=tuple(asked[:test]),
        judge=tuple(people[: bounds[0]]),
        held_out=tuple(people[bounds[0] : bounds[1]]),
    )


def ultrafeedback_rows() -> Sequence[int]:
    """All, in the file's order."""
    return range(ultrafeedback.HUB.rows["train"])


@lru_cache(maxsize=1)
def ultra_feedback(data_dir: Path, rows: Rows) -> Corpus:
    """The pairs of `rows`, read from `data_dir`/ultrafeedback, in their order, and AlpacaEval.

    Raises UserError for files that are missing or changed.
    """
    folder = data_dir / ultrafeedback.NAME
    pairs = {pair.id: Asked(pair.id, (Turn("user", pair.prompt),), pair) for pair in ultrafeedback.load(folder).pairs}
    return Corpus(train=tuple(pairs[str(row)] for row in rows()), test=tuple(instructions(data_dir)))


@lru_cache(maxsize=1)
def four_answers(data_dir: Path) -> Mapping[str, tuple[str, ...]]:
    """The four answers of language models to each prompt of UltraFeedback, by its text less space around it.

    Of a prompt that is there twice, the first four. Read from `data_dir`/ultrafeedback-completions; raises UserError
    as its loader does.
    """
    found: dict[str, tuple[str, ...]] = {}
    for rated in ultrafeedback_completions.load(data_dir / ultrafeedback_completions.NAME).prompts:
        found.setdefault(rated.prompt.strip(), tuple(answer.text for answer in rated.answers))
    return found


def instructions(data_dir: Path) -> list[Asked]:
    """AlpacaEval's prompts in its order. Raises UserError as its loader does."""
    return [
        Asked(f"{alpaca_eval.NAME}/{number}", (Turn("user", text),))
        for number, text in enumerate(alpaca_eval.prompts(data_dir))
    ]


def turns(dialogue: str) -> tuple[Turn, ...]:
    """The messages of an hh_rlhf prompt, which ends where the assistant is to answer.

    Empty messages are left out, and neighbours of one speaker joined, as chat templates want them to alternate.
    """
    roles = {"Human": "user", "Assistant": "assistant"}
    _, *parts = re.split(r"\n\n(Human|Assistant):", dialogue)
    found: list[Turn] = []
    for speaker, text in zip(parts[::2], parts[1::2], strict=True):
        turn = Turn(roles[speaker], text.strip())
        if found and found[-1].role == turn.role and turn.content:
            found[-1] = Turn(turn.role, f"{found[-1].content}\n\n{turn.content}")
        elif turn.content:
            found.append(turn)
    return tuple(found)


def _shuffled(rows: Sequence[Row], study: str, name: str) -> list[Row]:
    order = np.random.default_rng(seed_for(study, "text", name)).permutation(len(rows))
    return [rows[place] for place in order]
