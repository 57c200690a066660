"""What of fixed data is for validation seeds alone, so that nothing is tuned on what is reported.

It follows from what was compared, not from a seed: a quarter is set aside once and for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.errors import UserError
from bench.seeds import seed_for
from bench.testbeds.testbed import VALIDATION

SHARE = 0.25
LEAST = 2  # groups of either kind: one to learn from, and one for a test


def set_aside(key: str) -> bool:
    """Whether what is named so is for validation: a quarter of all names is."""
    return _number(key) < SHARE * 2**63


def rows_of(groups: Sequence[str], seed: int, name: str) -> list[int]:
    """Of rows in `groups` (n,), those that this seed may see: whole groups, whichever seed of its kind it is.

    Groups are set aside in the order of their hashes, as many as fit into a quarter of the rows, and two at least.
    Raises UserError for fewer than four groups.
    """
    sizes = Counter(groups)
    if len(sizes) < 2:
        raise UserError(f"{name}: all {len(groups):,} pairs have the same prompt; none can be held out for a test")
    if len(sizes) < 2 * LEAST:
        raise UserError(
            f"{name}: {len(sizes)} prompts with pairs; at least {2 * LEAST} are needed: {LEAST} for validation, and "
            f"{LEAST} others for what is reported"
        )
    room = round(SHARE * len(groups))
    aside: set[str] = set()
    for group in sorted(sizes, key=_number)[:-LEAST]:
        if len(aside) < LEAST or sizes[group] <= room:
            aside.add(group)
            room -= sizes[group]
    return [row for row, group in enumerate(groups) if (group in aside) == (seed >= VALIDATION)]


def _number(key: str) -> int:
    """63 bits."""
    return seed_for("set aside for validation", key)
