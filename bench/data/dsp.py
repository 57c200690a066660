"""Domain-specific preferences (Cheng et al. 2023): four domains, each for the answer that was written for it.

A language model answered every query once plainly and once for each domain. Somebody of a domain prefers its own answer
to each of the other four, so people of two domains contradict each other on two answers of one query. Nobody judged
anything: labels say who an answer was written for.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from bench.data.annotated import Annotated, deal, make_annotated
from bench.data.datafile import DataFile, read_rows
from bench.errors import UserError
from bench.seeds import seed_for

NAME = "dsp"
DOMAINS = ("academy", "business", "entertainment", "literature")
ANSWERS = (*DOMAINS, "normal")  # the last one is nobody's
FILE = DataFile(
    "dsp/domain_specific_preference_test.jsonl.gz",
    "93ef11dedfb2875f6b294258d0c6aeba00d3ca573ab58b273a4d28b1304d9066",
    ("query", "responses"),
    rows=661,
    of_content=True,
)
LEFT_OUT = 144  # comparisons of two answers that are the same text
LONGER_WINS = 0.5995  # accuracy of "the answer with more characters is preferred"
SOURCE = "Linear95/DSP at ec099cf332cfdac0d1b0d644844ba60459144092, data/domain_specific_preference.test.json"
HOW_TO_GET = (
    f"It is made from {SOURCE}: the rows as they are.\n"
    "Give the folder that contains dsp/ with --data-dir or PREFBENCH_DATA."
)


@lru_cache(maxsize=2)
def load(data_dir: Path, members: int = 1) -> Annotated:
    """A domain's answer against each other one to the same query, by `members` people a domain, dealt out among them.

    Two answers that are the same text are not compared. Which of two is first is tossed. The groups are known: the
    domains. Raises UserError for fewer than 1 member, and for a missing, changed or malformed file.
    """
    items, prompts, rows = [], [], []
    left_out = 0
    for number, row in enumerate(read_rows(data_dir, FILE, HOW_TO_GET)):
        answers = row["responses"]
        if sorted(answers) != sorted(ANSWERS):
            raise UserError(f"{data_dir / FILE.path}, line {number + 1}: expected answers of {', '.join(ANSWERS)}")
        items += [f" {answers[name]}" for name in ANSWERS]
        for domain in DOMAINS:
            for other in (name for name in ANSWERS if name != domain):
                if answers[domain] == answers[other]:
                    left_out += 1
                    continue
                base = number * len(ANSWERS)
                rows.append((base + ANSWERS.index(domain), base + ANSWERS.index(other), domain))
                prompts.append(f"\n\nHuman: {row['query']}\n\nAssistant:")
    own, others, groups = zip(*rows, strict=True)
    swap = np.random.default_rng(seed_for(NAME, "sides")).random(len(rows)) < 0.5
    people = deal(groups, members, NAME)
    return make_annotated(
        NAME,
        items=items,
        first=np.where(swap, others, own),
        second=np.where(swap, own, others),
        labels=np.where(swap, -1, 1),
        annotators=people,
        prompts=prompts,
        groups=dict(zip(people, groups, strict=True)),
        source=SOURCE,
        left_out=left_out,
    )
