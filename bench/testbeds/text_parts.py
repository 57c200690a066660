"""Who learns from which pairs of a dataset, and who is tested on which: by group, so that nothing leaks.

A quarter of what the SFT policy leaves is for validation seeds alone, which see nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.data.pairs import Dataset, Pair
from bench.errors import UserError
from bench.seeds import seed_for
from bench.testbeds.text_policies import HELD_OUT
from bench.testbeds.validation import rows_of

STUDY = "compare-texts"
TESTED = 5  # groups in every test that is reported, at least: of fewer, no spread can be seen


@dataclass(frozen=True)
class Parts:
    """Pairs of a dataset; no group is in two parts."""

    sft: tuple[Pair, ...]  # the same for every seed
    pool: tuple[Pair, ...]
    test: tuple[Pair, ...]


def parts(dataset: Dataset, seed: int, *, sft: int, pool: int, test: int) -> Parts:
    """A third of the groups for `sft`; of those of the rest that `seed` may see, a quarter for `test`, the others
    `pool`.

    The numbers are the most pairs of each; they are taken from all groups in turn. Pairs with an empty text, and pairs
    of two equal answers, are left out. Raises UserError for a dataset of too few groups for tests of TESTED.
    """
    usable = [pair for pair in dataset.pairs if _tells(pair)]
    groups = list(dict.fromkeys(pair.group for pair in usable))
    everybody = _shuffled(groups, "sft", dataset.fingerprint)
    shown = everybody[: len(groups) // 3]
    theirs = set(shown)
    others = [pair.group for pair in usable if pair.group not in theirs]
    reported, seen = ({others[row] for row in rows_of(others, kind, dataset.name)} for kind in (0, seed))
    if (tests := round(HELD_OUT * len(reported))) < TESTED:
        raise UserError(
            f"{dataset.name}: {len(groups)} prompts with pairs leave {tests} for a test of policies, and {TESTED} are "
            f"the least; some {round(2 * TESTED / HELD_OUT)} prompts are enough"
        )
    rest = _shuffled([group for group in everybody if group in seen], "seed", dataset.fingerprint, seed)
    tested = max(1, round(HELD_OUT * len(rest)))
    order = np.random.default_rng(seed_for(STUDY, "turns", dataset.fingerprint)).permutation(len(usable))
    drawn = [usable[place] for place in order]
    return Parts(_of(drawn, shown, sft), _of(drawn, rest[tested:], pool), _of(drawn, rest[:tested], test))


def _tells(pair: Pair) -> bool:
    return all(text.strip() for text in (pair.prompt, pair.chosen, pair.rejected)) and pair.chosen != pair.rejected


def _of(pairs: Sequence[Pair], groups: Sequence[str], most: int) -> tuple[Pair, ...]:
    """The first pairs of all these groups, then their second ones, and so on until there are so many."""
    place = {group: number for number, group in enumerate(groups)}
    had: Counter[str] = Counter()
    turns = []
    for pair in pairs:
        if pair.group in place:
            turns.append((had[pair.group], place[pair.group], pair))
            had[pair.group] += 1
    return tuple(pair for *_, pair in sorted(turns, key=lambda turn: turn[:2])[:most])


def _shuffled(groups: list[str], *name: str | int) -> list[str]:
    order = np.random.default_rng(seed_for(STUDY, *name)).permutation(len(groups))
    return [groups[place] for place in order]
