"""All preferences of a user's file, folder or hub dataset, with who said it and how strongly where that is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.data.fingerprint import sha256_rows
from bench.data.formats.columns import Preference, preference
from bench.data.formats.rows import HUB, Row, hub_rows, rows
from bench.data.pairs import Dataset, Pair, make_dataset
from bench.errors import UserError


@dataclass(frozen=True)
class Preferences:
    """Pairs, and beside each of them who judged it and how strongly."""

    dataset: Dataset
    annotators: tuple[str, ...] = ()  # (n,); none where the source does not tell people apart
    strengths: tuple[float | None, ...] = ()  # (n,): how much better `chosen` is, in the source's unit; or none
    left_out: int = 0  # rows that prefer nothing

    @property
    def fingerprint(self) -> str:
        """sha256 of the pairs, and of who judged them and how strongly."""
        return sha256_rows([self.dataset.fingerprint, list(self.annotators), list(self.strengths)])


def preferences(reference: str | Path) -> Preferences:
    """Of a file, a folder, or `hub:org/name[:split]`; see the package for formats.

    The id of a pair is the number of its row; its group is its prompt, or both its answers where there is none.
    Raises UserError as `rows`, `hub_rows` and `columns.preference` do, for a source without any preference, and for
    annotators that some rows have and others have not.
    """
    name = str(reference)
    if name.startswith(HUB):
        return _made(name.removeprefix(HUB), name, hub_rows(name))
    path = Path(reference)
    return _made(path.name, name, rows(path))


def _made(name: str, source: str, found: Iterable[Row]) -> Preferences:
    said: dict[str, Preference] = {}
    count = 0
    for place, row in found:
        one = preference(row, place)
        if one is not None:
            if said and (one.annotator is None) != (next(iter(said.values())).annotator is None):
                raise UserError(f"{place}: annotators are known of some rows and not of others; give one for each")
            said[str(count)] = one
        count += 1
    if not said:
        raise UserError(f"{source}: no preferences; of its {count:,} rows each prefers neither answer")
    pairs = [
        Pair(number, one.prompt or "\n".join(sorted((one.chosen, one.rejected))), one.prompt, one.chosen, one.rejected)
        for number, one in said.items()
    ]
    known = [one.annotator for one in said.values() if one.annotator is not None]
    strengths = [one.strength for one in said.values()]
    return Preferences(
        make_dataset(name, pairs, f"a dataset of the user, {name}"),
        tuple(known),
        tuple(strengths) if any(one is not None for one in strengths) else (),
        count - len(said),
    )
