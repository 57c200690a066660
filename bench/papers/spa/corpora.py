"""Texts for the loop: whose prompts, in which order, and which pairs people judged.

`hh_rlhf`: the helpful half, one pair an opening message, in one fixed order: first the pairs that the judge is trained
and tested on, then the seed's, and of the rest the prompts only. These and AlpacaEval's, less those held out for tests,
are the iterations' prompts, shuffled together, so that all iterations ask alike. The harmless half is left out: its
prompts ask for harm, and its preferences are the opposite of the helpful ones.

`ultrafeedback`: SPA's split in three draws (shuffles by 42, 43 and 44), each 60,000 pairs in order, and after them the
6,000 seed pairs of Table 3's 10 %. Tests are AlpacaEval, whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from bench.data import alpaca_eval, hh_rlhf, splits, ultrafeedback
from bench.data.pairs import Pair
from bench.seeds import seed_for

OPENINGS = 2_201  # opening messages of hh_rlhf's helpful half with a pair of two answers
ASKED = alpaca_eval.PROMPTS.rows
DRAWS = (42, 43, 44)  # seeds of SPA's split: the authors', and two of ours
DRAW = 60_000  # pairs of a draw: the seed's, then those of three iterations
LARGEST_SEED = 6_000  # of Table 3

Row = TypeVar("Row")


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
def human_preferences(data_dir: Path, judge: int, held_out: int, seed: int, test: int) -> Corpus:
    """hh_rlhf and AlpacaEval; numbers of pairs (of the judge, of its test, of the seed) and of test prompts.

    Raises UserError for files that are missing or changed.
    """
    first: dict[str, Pair] = {}
    for pair in hh_rlhf.load(data_dir, "hh_helpful").pairs:
        if pair.chosen.strip() and pair.rejected.strip():
            first.setdefault(pair.group, pair)
    people = _shuffled([Asked(pair.id, turns(pair.prompt), pair) for pair in first.values()], hh_rlhf.NAME)
    asked = _shuffled(instructions(data_dir), alpaca_eval.NAME)
    bounds = np.cumsum([judge, held_out, seed])
    rest = [Asked(one.id, one.turns) for one in people[bounds[2] :]]
    return Corpus(
        train=(*people[bounds[1] : bounds[2]], *_shuffled([*asked[test:], *rest], "prompts")),
        test=tuple(asked[:test]),
        judge=tuple(people[: bounds[0]]),
        held_out=tuple(people[bounds[0] : bounds[1]]),
    )


@lru_cache(maxsize=1)
def ultra_feedback(data_dir: Path) -> Corpus:
    """SPA's own pairs, read from `data_dir`/ultrafeedback, and AlpacaEval.

    Raises UserError for files that are missing or changed.
    """
    folder = data_dir / ultrafeedback.NAME
    order = [row for seed in DRAWS for row in _draw(seed)] + list(splits.load("spa-10")["seed"])
    pairs = {pair.id: Asked(pair.id, (Turn("user", pair.prompt),), pair) for pair in ultrafeedback.load(folder).pairs}
    return Corpus(train=tuple(pairs[str(row)] for row in order), test=tuple(instructions(data_dir)))


def _draw(seed: int) -> list[int]:
    split = splits.load("spa", seed)
    return [row for part in ("seed", "iteration_1", "iteration_2", "iteration_3") for row in split[part]]


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


def _shuffled(rows: Sequence[Row], name: str) -> list[Row]:
    order = np.random.default_rng(seed_for("spa", "text", name)).permutation(len(rows))
    return [rows[place] for place in order]
