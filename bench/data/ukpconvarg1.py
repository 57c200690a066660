"""Which of two arguments is more convincing: crowd judgements of Habernal and Gurevych (ACL 2016)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.data.datafile import DataFile, read_rows
from bench.data.pairs import Dataset, Pair, make_dataset
from bench.errors import UserError

NAME = "ukpconvarg1"
ARGUMENTS = DataFile(
    "ukpconvarg1/arguments.jsonl.gz",
    "b4b8cc780f5c21e1de318f2b016e6bc1fe9985b62ab150f7f05bddead907c39f",
    ("arg_id", "title", "stance", "text"),
    rows=1_052,
)
JUDGEMENTS = DataFile(
    "ukpconvarg1/judgements.jsonl.gz",
    "4cf5e3780932dd0a94f19be37ceca7814f1ee1dfb9506d3757771b7a8290c348",
    ("worker", "a1", "a2", "choice"),
    rows=84_445,
)
SOURCE = (
    "UKPLab/acl2016-convincing-arguments at ca9d24e41b8805ff2e1d3585d552b49bb64a65f7, data/UKPConvArg1-full-XML "
    "(Habernal and Gurevych, ACL 2016)"
)
HOW_TO_GET = (
    f"It is made from {SOURCE}: arguments {{arg_id, topic, title, stance, text}} and one row per judgement "
    "{worker, topic, a1, a2, choice in a1|a2|equal}.\n"
    "Give the folder that contains ukpconvarg1/ with --data-dir or PREFBENCH_DATA."
)


@dataclass(frozen=True)
class Majority:
    """How the judgements of every argument pair came out."""

    decided: int  # more than half of its judgements name one argument: a pair of the dataset
    equal: int  # more than half say "equal": dropped
    split: int  # no choice has more than half: dropped


MAJORITY = Majority(decided=12_029, equal=2_127, split=2_771)
GROUPS = 16
LONGER_WINS = 0.7540  # accuracy of "the argument with more characters is preferred"


def load(data_dir: Path) -> Dataset:
    """One pair for each argument pair whose judgements have a strict majority for one argument.

    Strict: more than half of all its judgements (4 or 5), "equal" among them. The id is the number of the argument
    pair in the file, dropped ones counted. The group is the debate, with both of its sides.
    Raises UserError for a missing, changed or malformed file, or a judgement of an unknown argument.
    """
    arguments = {row["arg_id"]: row for row in read_rows(data_dir, ARGUMENTS, HOW_TO_GET)}
    judgements = read_rows(data_dir, JUDGEMENTS, HOW_TO_GET)
    for number, row in enumerate(judgements, start=1):
        for side in ("a1", "a2"):
            if row[side] not in arguments:
                raise UserError(f"{data_dir / JUDGEMENTS.path}, line {number}: unknown argument '{row[side]}'")
    return make_dataset(NAME, _decided(arguments, tally(judgements)), SOURCE)


def tally(judgements: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Counter[str]]:
    """For every argument pair (a1, a2), in order of appearance, how often each choice was made."""
    votes: dict[tuple[str, str], Counter[str]] = {}
    for row in judgements:
        votes.setdefault((row["a1"], row["a2"]), Counter())[row["choice"]] += 1
    return votes


def strict_majority(votes: Counter[str]) -> str | None:
    """The choice that more than half of the votes are for; None when there is none."""
    choice, count = votes.most_common(1)[0]
    return choice if 2 * count > votes.total() else None


def count_majorities(votes: Iterable[Counter[str]]) -> Majority:
    """How many argument pairs are decided, equal by majority, or without a majority."""
    outcomes = Counter(strict_majority(vote) for vote in votes)
    return Majority(decided=outcomes["a1"] + outcomes["a2"], equal=outcomes["equal"], split=outcomes[None])


def _decided(
    arguments: Mapping[str, Mapping[str, str]], votes: Mapping[tuple[str, str], Counter[str]]
) -> Iterable[Pair]:
    for number, (sides, vote) in enumerate(votes.items()):
        winner = strict_majority(vote)
        if winner not in ("a1", "a2"):
            continue
        first, second = (arguments[side] for side in sides)
        chosen, rejected = (first, second) if winner == "a1" else (second, first)
        prompt = f"\n\nHuman: {first['title']} Argue for: {first['stance']}\n\nAssistant:"
        yield Pair(f"ukp/{number}", first["title"], prompt, f" {chosen['text']}", f" {rejected['text']}")
