"""Jester: ratings of 100 jokes by 5,000 people (Goldberg et al. 2001), as comparisons of jokes by the same person.

Nobody rated a joke twice, so how well people agree with themselves is not known, and no ceiling can be given: of two
ratings of one person that differ by the margin or more, the order is taken as that person's preference. The
comparisons of one person never contradict each other, as they come from one list of ratings. Some jokes are offensive.
"""

from __future__ import annotations

import gzip
import itertools
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.data.annotated import Annotated, Places, make_annotated
from bench.data.datafile import DataFile, check_file, read_rows
from bench.errors import UserError
from bench.seeds import seed_for

NAME = "jester"
JOKES = DataFile(
    "jester5k/jokes.jsonl.gz",
    "3f7443b53719003fe959c30bcf55dd8ab8b8180af6c4a2101086343f515430c0",
    ("joke", "text"),
    rows=100,
    of_content=True,
)
RATINGS = DataFile(
    "jester5k/ratings.csv.gz",
    "34dfc720d2cd8063fb531f1a76d10cb1d227b325ad355e261760dac33b1a5095",
    ("user", "joke", "rating"),
    rows=363_209,
)
SOURCE = (
    "the data set Jester5k of the R package recommenderlab (mhahsler/recommenderlab at "
    "c737fca94bc58652e750b03a3737ac7d9952f71b, data/Jester5k.rda), from Goldberg et al. 2001"
)
HOW_TO_GET = (
    f"It is made from {SOURCE}: the jokes {{joke, text}}, and one line user,joke,rating for every rating, users and "
    "jokes numbered from 0.\nGive the folder that contains jester5k/ with --data-dir or PREFBENCH_DATA."
)
LONGER_WINS = 0.6250  # accuracy of "the joke with more characters is preferred", on these comparisons
PEOPLE, COMPARISONS = 4_994, 299_427  # by the defaults below; six people have no two ratings that far apart
MARGIN = 2.0  # of ratings that go from -10 to 10: what differs by less is no preference
EACH = 60  # comparisons of everyone who has so many

Array = NDArray[np.float64]


@lru_cache(maxsize=2)
def load(data_dir: Path, margin: float = MARGIN, each: int = EACH, seed: int = 0) -> Annotated:
    """For everyone `each` pairs of jokes whose ratings differ by at least `margin`, drawn among all such pairs.

    Fewer for somebody who has fewer; more for all begin with the ones that fewer give. Which joke is first is tossed.
    Raises UserError for a margin that is not positive, `each` below 1, and a missing, changed or malformed file.
    """
    if not margin > 0:
        raise UserError(f"margin must be positive, got {margin}; {MARGIN} is the default")
    if each < 1:
        raise UserError(f"each must be at least 1, got {each}; {EACH} is the default")
    jokes = sorted(read_rows(data_dir, JOKES, HOW_TO_GET), key=lambda row: int(row["joke"]))
    users, rated, given = ratings(data_dir)
    bounds = np.searchsorted(users, np.arange(users[-1] + 2))
    columns = []
    for user, (start, stop) in enumerate(itertools.pairwise(bounds)):
        random = np.random.default_rng(seed_for(NAME, "pairs", seed, user))
        pairs = _pairs(given[start:stop], margin, each, random)
        columns.append(np.column_stack([rated[start:stop][pairs[:, 0]], rated[start:stop][pairs[:, 1]], pairs[:, 2]]))
    first, second, labels = np.concatenate(columns).T
    return make_annotated(
        NAME,
        items=[row["text"] for row in jokes],
        first=first,
        second=second,
        labels=labels,
        annotators=[f"user-{user}" for user, rows in enumerate(columns) for _ in rows],
        source=f"pairs of ratings of {SOURCE}",
    )


def ratings(data_dir: Path) -> tuple[Places, Places, Array]:
    """Users in ascending order, the jokes they rated, and the ratings, from -10 to 10; (n,) each.

    Raises UserError for a missing or changed file.
    """
    path = data_dir / RATINGS.path
    check_file(path, RATINGS.sha256, HOW_TO_GET)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        table = np.loadtxt(lines, delimiter=",", skiprows=1)
    return table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2]


def _pairs(given: Array, margin: float, each: int, random: np.random.Generator) -> Places:
    """(pairs, 3): places of the first and the second rating, and +1 where the first is the higher one."""
    first, second = np.triu_indices(len(given), k=1)
    swap = random.random(len(first)) < 0.5
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    difference = given[first] - given[second]
    order = random.permutation(len(first))
    kept = order[abs(difference[order]) >= margin][:each]
    return np.column_stack([first[kept], second[kept], np.where(difference[kept] > 0, 1, -1)])
