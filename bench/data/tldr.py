"""Reddit TL;DR as PAL uses it: comparisons of summaries by workers who are told apart (Stiennon et al. 2020).

PAL's recipe, from its released code: rows of the supervised policies, the ten workers with most rows as seen users and
31 others as unseen ones. The workers' own choices are not used. Labels are made: a majority prefers the summary with
more characters, a minority the one with fewer, and both the second of two that are equally long. What the workers
chose, which PAL never looks at, is there as `labels="human"`.

No copy of the data was at hand. The fields and their types are those of copies on the hub that keep them, and so are
the numbers of rows; the sizes of the parts are the paper's. `load` says what differs from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from bench.data import people_splits
from bench.data.annotated import Annotated, make_annotated
from bench.data.annotator_splits import Adaptation
from bench.data.hub import HubDataset, read_split
from bench.errors import UserError, unknown

NAME = "tldr"
HUB = HubDataset(
    "openai/summarize_from_feedback",
    fields={
        "info": "{id, post, title, subreddit, site, article: string}",
        "summaries": "list of {text, policy, note: string}",
        "choice": "int32",
        "worker": "string",
        "batch": "string",
        "split": "string",
        "extra": "{confidence: int32}",
    },
    rows={"train": 92_858, "validation": 86_086},
)
HOW_TO_GET = (
    f"{HUB.repo}, configuration `comparisons`, is a script that newer versions of `datasets` do not run; the hub "
    'has its tables as parquet. Save them: `table = datasets.load_dataset("openai/summarize_from_feedback", '
    '"comparisons", revision="refs/convert/parquet")`, then `table[split].to_parquet(f"tldr/{split}.parquet")` for the '
    "splits train and validation, and name that folder."
)
BEFORE, AFTER = "Human: ", " Assistant:"  # a post, as PAL asks
END = "<|endoftext|>"  # PAL writes it after every text, as plain characters
LEAST_UNSEEN = 100  # rows in the validation split, of an unseen worker
SPLIT_SEED = 42  # of all of PAL's splits
_SEEN = 10
_VALIDATION_SHARE = 0.1

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Recipe:
    """Who the published workers are, and how many comparisons there are of the seen ones."""

    seen: tuple[str, ...]  # by rank
    minority_ranks: tuple[int, ...]
    unseen_majority: tuple[str, ...]
    unseen_minority: tuple[str, ...]
    sizes: Mapping[str, int]
    counts: tuple[int, ...]  # comparisons of an unseen worker to adapt to


@dataclass(frozen=True)
class Tldr:
    """The comparisons; groups are "majority" and "minority"."""

    train: Annotated
    validation: Annotated
    test: Annotated
    unseen: Annotated  # all comparisons of the unseen workers: `adaptation` divides them
    differences: tuple[str, ...]  # what is not as published, in sentences


@lru_cache(maxsize=1)
def published() -> Recipe:
    """The committed recipe."""
    manifest = people_splits.read(NAME)
    return Recipe(
        seen=tuple(manifest["seen"]),
        minority_ranks=tuple(manifest["minority_ranks"]),
        unseen_majority=tuple(manifest["unseen"]["majority"]),
        unseen_minority=tuple(manifest["unseen"]["minority"]),
        sizes=manifest["sizes"],
        counts=tuple(manifest["counts"]),
    )


def load(folder: Path, labels: str = "length", split_seed: int = SPLIT_SEED) -> Tldr:
    """From a folder with the splits train and validation as parquet or JSON lines; never from the hub.

    Raises UserError as `hub.read_split` and `from_rows` do.
    """
    if not folder.is_dir():
        raise UserError(f"no folder {folder}\n{HOW_TO_GET}")
    rows = {split: [row for _, row in read_split(HUB, split, folder, None)] for split in HUB.rows}
    sizes = [
        f"{split} has {len(rows[split]):,} rows, on the hub it has {expected:,}"
        for split, expected in HUB.rows.items()
        if len(rows[split]) != expected
    ]
    found = from_rows(rows["train"], rows["validation"], published(), labels, split_seed)
    return Tldr(found.train, found.validation, found.test, found.unseen, (*sizes, *found.differences))


def from_rows(
    train: Iterable[Row],
    validation: Iterable[Row],
    recipe: Recipe,
    labels: str = "length",
    split_seed: int = SPLIT_SEED,
) -> Tldr:
    """The recipe on rows in the hub's schema, whatever their number.

    The seen workers are the most frequent ones of the rows; of equally frequent ones, those that the recipe names come
    first. An unseen worker is of the majority if the recipe says so, else of the minority. Rows without a post or a
    summary are dropped after workers are counted, as PAL does. `labels` is "length" or "human"; another `split_seed`
    than PAL's holds other comparisons of the seen workers out for validation.
    Raises UserError for other labels, a choice other than 0 and 1, fewer than ten workers, and no unseen ones.
    """
    if labels not in _LABELS:
        raise unknown("labels", labels, _LABELS, NAME)
    pools = [[row for row in rows if _supervised(row)] for rows in (train, validation)]
    seen = _most_frequent(pools[0], recipe)
    groups = {worker: "minority" if rank in recipe.minority_ranks else "majority" for rank, worker in enumerate(seen)}
    later = Counter(row["worker"] for row in pools[1] if row["worker"] not in groups)
    unseen = [worker for worker, count in later.items() if worker is not None and count >= LEAST_UNSEEN]
    if not unseen:
        raise UserError(f"{NAME}: no worker but the seen ones has {LEAST_UNSEEN} rows in the validation split")
    others = {worker: "majority" if worker in recipe.unseen_majority else "minority" for worker in unseen}
    fitted, test = (_comparisons(pool, groups, labels) for pool in pools)
    kept, held = train_test_split(
        np.arange(len(fitted)), test_size=_VALIDATION_SHARE, random_state=split_seed, stratify=fitted.annotators
    )
    parts = {"train": fitted.take(kept), "validation": fitted.take(held), "test": test}
    return Tldr(
        **parts,
        unseen=_comparisons(pools[1], others, labels),
        differences=tuple(_differences(recipe, seen, others, parts)),
    )


def adaptation(unseen: Annotated, count: int) -> Adaptation:
    """PAL's draw: `count` comparisons of every unseen worker, and all of their others for the test, which thus changes.

    Workers in alphabetical order, and each one's comparisons as scikit-learn draws them with seed 42, so that those of
    a smaller count are among those of a larger one. Raises UserError for a worker who has no comparison to spare:
    workers are counted before rows without a text are dropped, so the largest count can fail, as in the released code.
    """
    train, test = [], []
    for person in sorted(unseen.people):
        own = np.flatnonzero(unseen.judged == unseen.people.index(person))
        if len(own) <= count:
            raise UserError(f"{NAME}: an unseen worker has {len(own)} comparisons, {count} are to be adapted to")
        few, rest = train_test_split(own, train_size=count, random_state=SPLIT_SEED)
        train.append(few)
        test.append(rest)
    return Adaptation(np.concatenate(train), np.concatenate(test))


def _supervised(row: Row) -> bool:
    policies = [summary["policy"] or "" for summary in row["summaries"]]
    return len(policies) == 2 and all("sup" in policy and "ppo" not in policy for policy in policies)


def _most_frequent(rows: Sequence[Row], recipe: Recipe) -> list[str]:
    counts = Counter(row["worker"] for row in rows if row["worker"] is not None)
    if len(counts) < _SEEN:
        raise UserError(f"{NAME}: {_SEEN} seen workers are needed, {len(counts)} have rows of supervised policies")
    named = {worker: rank for rank, worker in enumerate(recipe.seen)}
    return sorted(counts, key=lambda worker: (-counts[worker], named.get(worker, _SEEN)))[:_SEEN]


def _comparisons(rows: Iterable[Row], groups: Mapping[str, str], labels: str) -> Annotated:
    """What these workers judged. Summaries of one post that read alike are one item, but not within a comparison."""
    place: dict[tuple[str, str, bool], int] = {}
    first, second, preferred, workers, prompts = [], [], [], [], []
    for row in rows:
        worker, post = row["worker"], row["info"]["post"]
        texts = [summary["text"] for summary in row["summaries"]]
        if worker not in groups or post is None or None in texts:
            continue
        first.append(place.setdefault((post, texts[0], False), len(place)))
        second.append(place.setdefault((post, texts[1], texts[0] == texts[1]), len(place)))
        preferred.append(_LABELS[labels](row, groups[worker]))
        workers.append(worker)
        prompts.append(f"{BEFORE}{post}{AFTER}")
    return make_annotated(
        NAME,
        items=[f" {text}" for _, text, _ in place],
        first=first,
        second=second,
        labels=preferred,
        annotators=workers,
        prompts=prompts,
        groups=groups,
        source=f"{HUB.repo}, labels of {labels}",
    )


def _by_length(row: Row, group: str) -> int:
    """Characters, not words or tokens; of two that are equally long the second is preferred."""
    longer, shorter = (len(summary["text"]) for summary in row["summaries"])
    if group == "minority":
        longer, shorter = shorter, longer
    return 1 if longer > shorter else -1


def _by_human(row: Row, group: str) -> int:
    if row["choice"] not in (0, 1):
        raise UserError(f"{NAME}: choice must be 0 or 1, found {row['choice']!r} by a worker of the {group}")
    return 1 if row["choice"] == 0 else -1


_LABELS: Mapping[str, Callable[[Row, str], int]] = {"length": _by_length, "human": _by_human}


def _differences(
    recipe: Recipe, seen: Sequence[str], others: Mapping[str, str], parts: Mapping[str, Annotated]
) -> Iterable[str]:
    if tuple(seen) != recipe.seen:
        common = len(set(seen) & set(recipe.seen))
        yield f"the ten workers with most rows are not the published ones by rank; {common} are among those"
    for group, published_ones in (("majority", recipe.unseen_majority), ("minority", recipe.unseen_minority)):
        found = {worker for worker, theirs in others.items() if theirs == group}
        if found != set(published_ones):
            common = len(found & set(published_ones))
            yield f"{len(found)} unseen workers of the {group}, {common} among the {len(published_ones)} published ones"
    for part, expected in recipe.sizes.items():
        if len(parts[part]) != expected:
            yield f"{part} has {len(parts[part]):,} comparisons, the paper's has {expected:,}"
