"""Who learns from which pairs of a dataset, and who is tested on which: by group, so that nothing leaks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from bench.data.pairs import Dataset, Pair
from bench.errors import UserError
from bench.seeds import seed_for

STUDY = "compare-texts"
LEAST_GROUPS = 6  # one for a pool, two for tests, whose spread can then be seen, and as many as both for the SFT policy


@dataclass(frozen=True)
class Parts:
    """Pairs of a dataset; no group is in two parts."""

    sft: tuple[Pair, ...]  # the same for every seed
    pool: tuple[Pair, ...]
    test: tuple[Pair, ...]


def parts(dataset: Dataset, seed: int, *, sft: int, pool: int, test: int) -> Parts:
    """A third of the groups for `sft`; of the rest, which `seed` shuffles, a third for `test`, and the others `pool`.

    The numbers are the most pairs of each. Pairs with an empty text, and pairs of two equal answers, are left out.
    Raises UserError for a dataset of fewer than 6 groups.
    """
    usable = [pair for pair in dataset.pairs if _tells(pair)]
    groups = list(dict.fromkeys(pair.group for pair in usable))
    if len(groups) < LEAST_GROUPS:
        raise UserError(
            f"{dataset.name}: {len(groups)} groups of pairs with text; policies need at least {LEAST_GROUPS}"
        )
    everybody = _shuffled(groups, "sft", dataset.fingerprint)
    third = len(groups) // 3
    rest = _shuffled(everybody[third:], "seed", dataset.fingerprint, seed)
    tested = len(rest) // 3
    return Parts(
        _of(usable, everybody[:third], sft), _of(usable, rest[tested:], pool), _of(usable, rest[:tested], test)
    )


def _tells(pair: Pair) -> bool:
    return all(text.strip() for text in (pair.prompt, pair.chosen, pair.rejected)) and pair.chosen != pair.rejected


def _of(pairs: Collection[Pair], groups: list[str], most: int) -> tuple[Pair, ...]:
    """The pairs of these groups, group by group."""
    place = {group: number for number, group in enumerate(groups)}
    found = sorted((pair for pair in pairs if pair.group in place), key=lambda pair: place[pair.group])
    return tuple(found[:most])


def _shuffled(groups: list[str], *name: str | int) -> list[str]:
    order = np.random.default_rng(seed_for(STUDY, *name)).permutation(len(groups))
    return [groups[place] for place in order]
