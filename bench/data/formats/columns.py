"""One row as a preference, whatever format its columns say that it has."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.data.formats import conversations
from bench.errors import UserError, nearest
from bench.seeds import seed_for

PROMPTS = ("prompt", "instruction")
STRENGTHS = ("score", "margin")  # how much better the chosen answer is
SCORES = (("score_chosen", "score_rejected"), ("chosen-rating", "rejected-rating"), ("chosen_score", "rejected_score"))
ANNOTATOR = "annotator"
ANSWERS = "completions"
TEXTS = ("response", "content", "text", "completion")  # of one of several answers
RATINGS = ("fine-grained_score", "overall_score", "rating", "score")  # the first that an answer has is its score

Value = Any  # of a column: a text, a list of messages, a number, or None
Row = Mapping[str, Value]


@dataclass(frozen=True)
class Preference:
    """What a row says: see Pair. `strength` is how much better `chosen` is, in the source's unit, where it says so."""

    prompt: str
    chosen: str
    rejected: str
    annotator: str | None
    strength: float | None


def check_columns(columns: Collection[str], place: str) -> None:
    """Raises UserError, naming the columns that are missing and the nearest ones, for what is no known format."""
    if {"chosen", "rejected"} <= set(columns) or (ANSWERS in columns and any(name in columns for name in PROMPTS)):
        return
    wanted = PROMPTS[:1] if ANSWERS in columns else ("chosen", "rejected")
    missing = next(name for name in wanted if name not in columns)
    near = nearest(missing, columns)
    hint = f" Is '{near}' meant?" if near else ""
    raise UserError(
        f"{place}: no column '{missing}'; found {', '.join(map(str, columns))}.{hint}\n"
        f"Expected: prompt, chosen, rejected[, {ANNOTATOR}, {STRENGTHS[0]}] (texts, or lists of messages "
        f"{{role, content}}); chosen, rejected that begin alike; or prompt, {ANSWERS} [{{{TEXTS[0]}, {RATINGS[1]}}}]"
    )


def preference(row: Row, place: str) -> Preference | None:
    """What a row says; None where it prefers nothing: equal answers, or several of which none is worse than the best.

    Raises UserError, naming place and column, for a value that is not what its column should have.
    """
    check_columns(row.keys(), place)
    if ANSWERS in row and row.get("chosen") is None:
        return _best_and_lower(row, place)
    prompt, chosen, rejected = _pair(row, place)
    if chosen == rejected:
        return None
    return Preference(prompt, chosen, rejected, _annotator(row, place), _strength(row, place))


def _pair(row: Row, place: str) -> tuple[str, str, str]:
    chosen, rejected = row["chosen"], row["rejected"]
    asked, column = _prompt(row)
    for name, value in (("chosen", chosen), ("rejected", rejected)):
        if value is None:
            raise UserError(f"{place}, column '{name}': is empty")
    if isinstance(chosen, str) and isinstance(rejected, str):
        return _texts(asked, chosen, rejected, f"{place}, column '{column}'")
    for name, value, other in (("chosen", chosen, rejected), ("rejected", rejected, chosen)):
        if isinstance(value, str) or not isinstance(value, Sequence):
            kind = "a text" if isinstance(other, str) else "a list of messages, as the other answer is"
            raise UserError(f"{place}, column '{name}': expected {kind}, found {repr(value)[:60]}")
    places = {name: f"{place}, column '{name}'" for name in ("chosen", "rejected", column)}
    first = conversations.checked(chosen, places["chosen"])
    second = conversations.checked(rejected, places["rejected"])
    before = _before(asked, first, second, places[column])
    shared = len(before) if first[: len(before)] == before and second[: len(before)] == before else 0
    sides = [
        conversations.answered(messages[shared:], places[name]) if len(messages) > shared else _nothing(places[name])
        for name, messages in (("chosen", first), ("rejected", second))
    ]
    return conversations.asked(before, places[column]), sides[0], sides[1]


def _prompt(row: Row) -> tuple[Value, str]:
    """What was asked, None where the row has no such column, and the column's name."""
    column = next((name for name in PROMPTS if row.get(name) is not None), None)
    return (None, "chosen") if column is None else (row[column], column)


def _before(
    asked: Value, first: Sequence[conversations.Message], second: Sequence[conversations.Message], place: str
) -> list[conversations.Message]:
    """The messages of the prompt: as the prompt's column has them, else those that both answers begin with."""
    if asked is not None and not isinstance(asked, str):
        return conversations.checked(asked, place)
    shared = list(first[: conversations.common_messages(first, second)])
    if not shared:
        if asked is None:
            raise UserError(f"{place}: no prompt, and chosen and rejected do not begin with the same message")
        return [{"role": "user", "content": asked}]
    if asked is not None and not any(asked.strip() in message["content"] for message in shared):
        raise UserError(f"{place}: the prompt is not among the messages that both answers begin with: {asked[:40]!r}")
    return shared


def _texts(asked: Value, chosen: str, rejected: str, place: str) -> tuple[str, str, str]:
    """Texts as they are. Where nothing separates a prompt from its answers, an empty line does."""
    if asked is None:
        end = conversations.common_text(chosen, rejected)
        return chosen[:end], chosen[end:], rejected[end:]
    if not isinstance(asked, str):
        return conversations.asked(conversations.checked(asked, place), place), f" {chosen}", f" {rejected}"
    apart = not asked or asked[-1].isspace() or all(text[:1].isspace() for text in (chosen, rejected))
    return (asked, chosen, rejected) if apart else (asked, f"\n\n{chosen}", f"\n\n{rejected}")


def _nothing(place: str) -> str:
    raise UserError(f"{place}: has the messages of the prompt and no answer")


def _best_and_lower(row: Row, place: str) -> Preference | None:
    """The best of several answers is chosen, and one of those with a lower score, drawn at random, is rejected.

    As UltraFeedback was made pairs of (Tunstall et al. 2023, "Zephyr"). The draw is the same for the same texts; of
    several best ones the first is chosen.
    """
    asked, column = _prompt(row)
    if asked is None:
        raise UserError(f"{place}, column '{column}': is empty")
    rated = _rated(row[ANSWERS], f"{place}, column '{ANSWERS}'")
    best, score = max(rated, key=lambda answer: answer[1], default=("", -math.inf))
    lower = [answer for answer in rated if answer[1] < score and answer[0] != best]
    if not lower:
        return None
    drawn = int(np.random.default_rng(seed_for("lower answer", repr(asked), best)).integers(len(lower)))
    worse, other = lower[drawn]
    return Preference(*_texts(asked, best, worse, f"{place}, column '{column}'"), _annotator(row, place), score - other)


def _rated(answers: Value, place: str) -> list[tuple[str, float]]:
    """Texts and scores of the answers that have both."""
    if isinstance(answers, Mapping):  # columns of lists, as older versions of `datasets` give them
        answers = [dict(zip(answers, values, strict=True)) for values in zip(*answers.values(), strict=True)]
    if not isinstance(answers, Sequence) or isinstance(answers, str):
        raise UserError(f"{place}: expected a list of answers, found {repr(answers)[:60]}")
    found = []
    for number, answer in enumerate(answers):
        where = f"{place}, answer {number}"
        if not isinstance(answer, Mapping):
            raise UserError(f"{where}: expected {{{TEXTS[0]}, {RATINGS[1]}}}, found {repr(answer)[:60]}")
        text, score = answer[_one_of(TEXTS, answer, where)], _number(answer[_one_of(RATINGS, answer, where)])
        if isinstance(text, str) and text.strip() and score is not None:
            found.append((text, score))
    return found


def _one_of(names: Sequence[str], answer: Row, place: str) -> str:
    found = next((name for name in names if name in answer), None)
    if found is None:
        near = next((one for name in names if (one := nearest(name, map(str, answer)))), None)
        hint = f". Is '{near}' meant?" if near else ""
        raise UserError(f"{place}: none of {', '.join(names)}; found {', '.join(map(str, answer))}{hint}")
    return found


def _annotator(row: Row, place: str) -> str | None:
    if ANNOTATOR not in row:
        return None
    said = row[ANNOTATOR]
    if not isinstance(said, str | int) or said == "":
        raise UserError(f"{place}, column '{ANNOTATOR}': expected a name or a number, found {said!r}")
    return str(said)


def _strength(row: Row, place: str) -> float | None:
    for name in STRENGTHS:
        if row.get(name) is not None:
            return _required_number(row[name], f"{place}, column '{name}'")
    for chosen, rejected in SCORES:
        if row.get(chosen) is not None and row.get(rejected) is not None:
            of_each = [_required_number(row[name], f"{place}, column '{name}'") for name in (chosen, rejected)]
            return of_each[0] - of_each[1]
    return None


def _required_number(value: Value, place: str) -> float:
    number = _number(value)
    if number is None:
        raise UserError(f"{place}: expected a number, found {value!r}")
    return number


def _number(value: Value) -> float | None:
    """None for what is no finite number; UltraFeedback has ratings as texts, "N/A" among them."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
