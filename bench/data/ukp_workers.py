"""UKPConvArg1 worker by worker: real people who judged which of two arguments convinces more, told apart.

The same judgements as `ukpconvarg1`, before any majority. Four or five workers judged an argument pair and nobody
judged one twice, so no rate of re-judgement is known. What is known instead, by `agreement.py`, is how often people
agree, which bounds a model that gives all the same answer, and how often somebody runs in a circle.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

from bench.data.annotated import Annotated, make_annotated
from bench.data.datafile import read_rows
from bench.data.ukpconvarg1 import ARGUMENTS, HOW_TO_GET, JUDGEMENTS, SOURCE
from bench.errors import UserError

NAME = "ukp_workers"
LEAST = 50  # judgements of everyone who is kept, "equal" among them
WORKERS, COMPARISONS = 234, 43_045
LONGER_WINS = 0.6932  # accuracy of "the argument with more characters is preferred"
# Rates of `agreement` between these people and everybody, and the noise of `consistency`.
AGREEMENT = {"two": 0.7168, "others": 0.7442, "halves": 0.7069, "noise": 0.0356}
_CHOICES = {"a1": 1, "a2": -1}


@lru_cache(maxsize=2)
def load(data_dir: Path, least: int = LEAST) -> Annotated:
    """Every judgement that prefers one argument, by workers with at least `least` judgements of any kind.

    A judgement "equal" is left out, and counted. The prompt is the debate's title and the side to argue for, as in
    `ukpconvarg1`. Raises UserError for a missing, changed or malformed file, a judgement of an unknown argument, and a
    choice other than a1, a2 and equal.
    """
    arguments = read_rows(data_dir, ARGUMENTS, HOW_TO_GET)
    place = {row["arg_id"]: number for number, row in enumerate(arguments)}
    first, second, labels, annotators, prompts = [], [], [], [], []
    left_out = 0
    judgements = read_rows(data_dir, JUDGEMENTS, HOW_TO_GET)
    made_by = Counter(row["worker"] for row in judgements)
    for number, row in enumerate(judgements, start=1):
        where = f"{data_dir / JUDGEMENTS.path}, line {number}"
        if bad := next((row[side] for side in ("a1", "a2") if row[side] not in place), None):
            raise UserError(f"{where}: unknown argument '{bad}'")
        if made_by[row["worker"]] < least:
            continue
        if row["choice"] == "equal":
            left_out += 1
            continue
        if row["choice"] not in _CHOICES:
            raise UserError(f"{where}: choice must be a1, a2 or equal, found {row['choice']!r}")
        argument = arguments[place[row["a1"]]]
        first.append(place[row["a1"]])
        second.append(place[row["a2"]])
        labels.append(_CHOICES[row["choice"]])
        annotators.append(row["worker"])
        prompts.append(f"\n\nHuman: {argument['title']} Argue for: {argument['stance']}\n\nAssistant:")
    return make_annotated(
        NAME,
        items=[f" {row['text']}" for row in arguments],
        first=first,
        second=second,
        labels=labels,
        annotators=annotators,
        prompts=prompts,
        source=SOURCE,
        left_out=left_out,
    )
