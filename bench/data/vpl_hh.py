"""Pairs of HH-RLHF's test splits labelled again for two people who want opposite things (Poddar et al. 2024).

One is for the more helpful answer, the other for the more harmless one; labels are theirs, not those of HH-RLHF's
workers. No prompt is judged by both. The dialogues contain harmful and offensive text: nothing here prints any.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from bench.data.annotated import Annotated, deal, make_annotated
from bench.data.datafile import DataFile, read_rows
from bench.errors import UserError
from bench.seeds import seed_for

NAME = "vpl_hh"
_FIELDS = ("prompt", "responses", "label", "objective")
FILES = {
    "helpful": DataFile(
        "vpl_hh/helpful_test.jsonl.gz",
        "771d59f483e5da50a85240bae00f7e419d716959c51dfce142bf792ec3b39f1e",
        _FIELDS,
        rows=2_157,
        of_content=True,
    ),
    "harmless": DataFile(
        "vpl_hh/harmless_test.jsonl.gz",
        "25d10ef002a4aea78c64b25d9fc180d8298b23903d954db743aab4172b8c1fd7",
        _FIELDS,
        rows=1_886,
        of_content=True,
    ),
}
LONGER_WINS = {"helpful": 0.6268, "harmless": 0.4403}  # accuracy of "the answer with more characters is preferred"
SOURCE = (
    "WEIRDLabUW/vpl_llm at fdfdfa767752b5af7f89f2e6ab6989c1953062c9, data/relabeled_hh_rlhf/{helpful,harmless}/test, "
    "from Anthropic's HH-RLHF"
)
HOW_TO_GET = (
    f"It is made from {SOURCE}: the rows of each as they are.\n"
    "Give the folder that contains vpl_hh/ with --data-dir or PREFBENCH_DATA."
)


@lru_cache(maxsize=2)
def load(data_dir: Path, members: int = 1) -> Annotated:
    """The 4,043 comparisons by two groups of `members` people each, among whom those of a group are dealt out.

    The groups are known: "helpful" and "harmless". An item is an answer, its prompt the dialogue before it. Which of
    two is first is tossed: in the file it says something, as the harmless one's choice is the first in two of three.
    Raises UserError for fewer than 1 member, and for a missing, changed or malformed file.
    """
    items, prompts, labels, groups = [], [], [], []
    for group, file in FILES.items():
        for number, row in enumerate(read_rows(data_dir, file, HOW_TO_GET), start=1):
            if row["objective"] != group or row["label"] not in (0, 1) or len(row["responses"]) != 2:
                raise UserError(
                    f"{data_dir / file.path}, line {number}: expected two responses, a label 0 or 1 and the objective "
                    f"'{group}', found {len(row['responses'])}, {row['label']!r} and {row['objective']!r}"
                )
            items += [f" {answer}" for answer in row["responses"]]
            prompts.append(f"{row['prompt']}\n\nAssistant:")
            labels.append(1 if row["label"] == 0 else -1)
            groups.append(group)
    swap = np.random.default_rng(seed_for(NAME, "sides")).random(len(labels)) < 0.5
    pairs = np.arange(len(items)).reshape(-1, 2)
    people = deal(groups, members, NAME)
    return make_annotated(
        NAME,
        items=items,
        first=np.where(swap, pairs[:, 1], pairs[:, 0]),
        second=np.where(swap, pairs[:, 0], pairs[:, 1]),
        labels=np.where(swap, -1, 1) * np.array(labels),
        annotators=people,
        prompts=prompts,
        groups=dict(zip(people, groups, strict=True)),
        source=SOURCE,
    )
