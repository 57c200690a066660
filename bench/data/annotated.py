"""The one record of preferences by people who are told apart: who compared which two items, and how.

The signs are those of all reward models here: a label is +1 where the first item was preferred, and -1 where the second
was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError, unknown
from bench.seeds import seed_for
from bench.spec import Scalar, canonical

Places = NDArray[np.int64]
NO_PROMPT = -1  # the place of the prompt of a comparison that has none

_HASH_DIGITS = 12


@dataclass(frozen=True, eq=False)
class Annotated:
    """Comparisons of two items each. Items, prompts and people are listed once, comparisons name them by place."""

    name: str
    items: tuple[str, ...]  # texts; where only features are published, ids
    prompts: tuple[str, ...]  # what was asked
    people: tuple[str, ...]  # who judged, as the source names them
    asked: Places  # (n,): places in `prompts`, or NO_PROMPT
    first: Places  # (n,): places in `items`
    second: Places  # (n,)
    labels: Places  # (n,): +1 or -1
    judged: Places  # (n,): places in `people`
    source: str
    groups: Mapping[str, str] = field(default_factory=dict)  # of every person, where it is known
    left_out: int = 0  # judgements of the source that prefer neither, and are not here

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def annotators(self) -> list[str]:
        """(n,): who judged each comparison."""
        return [self.people[place] for place in self.judged]

    @property
    def counts(self) -> dict[str, int]:
        """Comparisons of everyone, in the order of `people`."""
        found = np.bincount(self.judged, minlength=len(self.people))
        return dict(zip(self.people, found.tolist(), strict=True))

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of all that is in it, comparisons in their order."""
        listed = [self.name, self.items, self.prompts, self.people, sorted(self.groups.items())]
        digest = hashlib.sha256(canonical(listed).encode())
        for column in (self.asked, self.first, self.second, self.labels, self.judged):
            digest.update(column.astype("<i8").tobytes())
        return digest.hexdigest()

    @property
    def by_person(self) -> tuple[Places, ...]:
        """Everyone's own comparisons, as places in their order; person by person as in `people`."""
        order = np.argsort(self.judged, kind="stable")
        bounds = np.searchsorted(self.judged[order], np.arange(1, len(self.people)))
        return tuple(np.split(order, bounds))

    def take(self, which: ArrayLike) -> Annotated:
        """The comparisons at these places, or where a mask is true, in that order. Items and prompts keep places.

        People without a comparison are no longer listed.
        """
        chosen = np.asarray(which)
        judged = self.judged[chosen]
        still = np.unique(judged)
        people = tuple(self.people[place] for place in still)
        return replace(
            self,
            people=people,
            asked=self.asked[chosen],
            first=self.first[chosen],
            second=self.second[chosen],
            labels=self.labels[chosen],
            judged=np.searchsorted(still, judged),
            groups={person: self.groups[person] for person in people if self.groups},
        )

    def of(self, people: Iterable[str]) -> Annotated:
        """What these people judged. Raises UserError for somebody who is not in it."""
        place = {person: number for number, person in enumerate(self.people)}
        wanted = []
        for person in people:
            if person not in place:
                raise unknown("annotator", person, self.people[:20], self.name)
            wanted.append(place[person])
        return self.take(np.isin(self.judged, wanted))

    def readings(self) -> tuple[tuple[str, ...], Places]:
        """What a reward model reads: texts, an item after its prompt, and (n, 2) the places of a comparison's two."""
        seen: dict[tuple[int, int], int] = {}
        places = np.empty((len(self), 2), dtype=np.int64)
        for row, (asked, *two) in enumerate(zip(self.asked, self.first, self.second, strict=True)):
            for side, item in enumerate(two):
                places[row, side] = seen.setdefault((int(asked), int(item)), len(seen))
        texts = (("" if asked == NO_PROMPT else self.prompts[asked]) + self.items[item] for asked, item in seen)
        return tuple(texts), places


def make_annotated(
    name: str,
    *,
    items: Sequence[str],
    first: ArrayLike,
    second: ArrayLike,
    labels: ArrayLike,
    annotators: Sequence[str],
    source: str,
    prompts: Sequence[str] | None = None,
    groups: Mapping[str, str] | None = None,
    left_out: int = 0,
) -> Annotated:
    """Comparisons from columns: `first` and `second` (n,) are places in `items`, `prompts` (n,) texts.

    Raises UserError for columns of different lengths, places beyond the items, an item compared with itself, labels
    other than +1 and -1, and groups that are known of some people only.
    """
    people, judged = _listed(annotators)
    asked_texts, asked = ((), np.full(len(judged), NO_PROMPT)) if prompts is None else _listed(prompts)
    columns = {"first": first, "second": second, "labels": labels}
    checked = {column: np.asarray(values, dtype=np.int64) for column, values in columns.items()}
    for column, values in {**checked, "prompts": asked}.items():
        if values.shape != judged.shape:
            raise UserError(f"{name}: {column} has shape {values.shape}, annotators {judged.shape}")
    for column in ("first", "second"):
        if len(bad := np.flatnonzero((checked[column] < 0) | (checked[column] >= len(items)))):
            place = checked[column][bad[0]]
            raise UserError(f"{name}, comparison {bad[0]}: {column} is item {place}; there are {len(items)} items")
    if len(bad := np.flatnonzero(checked["first"] == checked["second"])):
        raise UserError(f"{name}, comparison {bad[0]}: item {checked['first'][bad[0]]} is compared with itself")
    if len(bad := np.flatnonzero(abs(checked["labels"]) != 1)):
        raise UserError(f"{name}, comparison {bad[0]}: labels must be +1 or -1, got {checked['labels'][bad[0]]}")
    if groups and (missing := next((person for person in people if person not in groups), None)) is not None:
        raise UserError(f"{name}: the groups of some people are known, that of '{missing}' is not")
    return Annotated(
        name=name,
        items=tuple(items),
        prompts=asked_texts,
        people=people,
        asked=asked,
        judged=judged,
        source=source,
        groups={person: groups[person] for person in people} if groups else {},
        left_out=left_out,
        **checked,
    )


def hashed(annotator: str) -> str:
    """A name for records and reports: the same for the same id, and not the id.

    It keeps ids out of what is published. It is no protection from somebody who has the list of ids.
    """
    return hashlib.sha256(f"annotator {annotator}".encode()).hexdigest()[:_HASH_DIGITS]


def length_differences(data: Annotated) -> Places:
    """(n,): characters of the first item less those of the second, the scores of "the longer one is preferred"."""
    lengths = np.array([len(item) for item in data.items])
    return np.asarray(lengths[data.first] - lengths[data.second])


def deal(groups: Sequence[str], members: int, *axes: Scalar) -> list[str]:
    """(n,): whose each comparison of a group becomes, when `members` people share it out: "helpful/0", "helpful/1", ...

    The comparisons of a group are shuffled (by a stream named by `axes`) and dealt out in turn. Raises UserError for
    fewer than 1 member.
    """
    if members < 1:
        raise UserError(f"members must be at least 1, got {members}")
    names = np.array(groups)
    number = np.empty(len(names), dtype=np.int64)
    for group in sorted(set(groups)):
        own = np.flatnonzero(names == group)
        order = np.random.default_rng(seed_for("deal", *axes, group)).permutation(len(own))
        number[own[order]] = np.arange(len(own)) % members
    return [f"{group}/{member}" for group, member in zip(groups, number, strict=True)]


def _listed(values: Sequence[str]) -> tuple[tuple[str, ...], Places]:
    """The distinct values in the order in which they come, and (n,) the place of each."""
    place = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return tuple(place), np.array([place[value] for value in values], dtype=np.int64)
