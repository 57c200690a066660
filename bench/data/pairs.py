"""The one record of text preferences: a prompt with a preferred and a less preferred answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from bench.data.fingerprint import sha256_rows
from bench.errors import UserError


@dataclass(frozen=True, slots=True)
class Pair:
    """One comparison of two answers to one prompt.

    `prompt + chosen` and `prompt + rejected` are the two texts a reward model reads: an answer carries the space
    that separates it from its prompt.
    """

    id: str  # unique in its dataset and stable: the row of the source file it comes from
    group: str  # what may not cross the parts of a split: an opening message, a debate, a post
    prompt: str
    chosen: str  # the preferred answer
    rejected: str


@dataclass(frozen=True)
class Dataset:
    """An ordered set of pairs, with a hash of its content and a sentence on where it comes from."""

    name: str
    pairs: tuple[Pair, ...]
    fingerprint: str  # sha256 over the rows (id, group, prompt, chosen, rejected)
    source: str

    def take(self, ids: Iterable[str]) -> tuple[Pair, ...]:
        """The pairs with these ids, in the order of `ids`. Raises UserError for an id the dataset lacks."""
        by_id = {pair.id: pair for pair in self.pairs}
        try:
            return tuple(by_id[id_] for id_ in ids)
        except KeyError as missing:
            raise UserError(f"{self.name}: no pair with id {missing} among {len(self.pairs):,} pairs") from missing


def make_dataset(name: str, pairs: Iterable[Pair], source: str) -> Dataset:
    """A dataset with its fingerprint. Raises UserError when two pairs share an id."""
    rows = tuple(pairs)
    seen: set[str] = set()
    for pair in rows:
        if pair.id in seen:
            raise UserError(f"{name}: two pairs have the id '{pair.id}'")
        seen.add(pair.id)
    return Dataset(name, rows, sha256_rows(astuple(pair) for pair in rows), source)
