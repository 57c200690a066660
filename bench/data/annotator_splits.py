"""Who and what is held out of comparisons by people who are told apart.

Three things can be new in a test: the person (`split_annotators`), how much is known of a person (`adaptation`), and
what is compared (`held_out`). Every draw is by a seed and by names, so that it does not change with what else there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.data.annotated import Annotated, Places
from bench.errors import UserError, unknown
from bench.seeds import seed_for

Mask = NDArray[np.bool_]
UNITS = ("pair", "prompt", "item")


@dataclass(frozen=True)
class People:
    """Whose comparisons a model is fitted on, and who comes to it later."""

    seen: tuple[str, ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True)
class Adaptation:
    """Places of comparisons: those that a model may adapt to, and those it is tested on."""

    train: Places
    test: Places


def at_least(data: Annotated, comparisons: int) -> Annotated:
    """What people with at least so many comparisons judged. Raises UserError where there is nobody."""
    enough = [person for person, count in data.counts.items() if count >= comparisons]
    if not enough:
        most = max(data.counts.values(), default=0)
        raise UserError(f"{data.name}: nobody has {comparisons} comparisons; the most that somebody has is {most}")
    return data.of(enough)


def split_annotators(data: Annotated, unseen: float, seed: int) -> People:
    """People, a share `unseen` of them to come later; of every known group the same share, at least one of each part.

    Raises UserError for a share that is not between 0 and 1, and for a group of one person.
    """
    if not 0 < unseen < 1:
        raise UserError(f"unseen must be a share between 0 and 1, got {unseen}")
    groups: dict[str, list[str]] = {}
    for person in sorted(data.people):
        groups.setdefault(data.groups.get(person, ""), []).append(person)
    later: set[str] = set()
    for group, members in sorted(groups.items()):
        if len(members) < 2:
            raise UserError(f"{data.name}: one person cannot be seen and unseen, group '{group}' has no other")
        order = np.random.default_rng(seed_for("annotators", data.name, seed, group)).permutation(len(members))
        count = min(max(round(unseen * len(members)), 1), len(members) - 1)
        later.update(members[place] for place in order[:count])
    return People(
        seen=tuple(person for person in data.people if person not in later),
        unseen=tuple(person for person in data.people if person in later),
    )


def adaptation(data: Annotated, count: int, largest: int, seed: int) -> Adaptation:
    """Of everyone `count` comparisons to adapt to, and for the test those beyond the `largest` count.

    The comparisons of a smaller count are among those of a larger one, and the test is the same for all counts up to
    `largest`: a curve over counts shows nothing but counts. Raises UserError for a count that is not between 1 and
    `largest`, and for somebody who has no comparison beyond it.
    """
    if not 1 <= count <= largest:
        raise UserError(f"count must be between 1 and the largest count {largest}, got {count}")
    train, test = [], []
    for person, own in zip(data.people, data.by_person, strict=True):
        if len(own) <= largest:
            raise UserError(
                f"{data.name}: somebody has {len(own)} comparisons, which leaves no test beyond the {largest} to adapt "
                f"to; keep people with at least {largest + 1}"
            )
        order = np.random.default_rng(seed_for("adaptation", data.name, seed, person)).permutation(len(own))
        train.append(own[order[:count]])
        test.append(own[order[largest:]])
    return Adaptation(np.concatenate(train), np.concatenate(test))


def held_out(data: Annotated, share: float, seed: int, unit: str = "pair") -> tuple[Mask, Mask]:
    """(n,), (n,): comparisons for training, and those for the test, by everyone, of what training has not seen.

    A unit is a "pair" of items in either order, a "prompt", or an "item": its number between 0 and 1 follows from the
    seed and from its place in the data, and units below `share` are held out. For items, a comparison of one that is
    and one that is not held out is in neither. Raises UserError for another unit and for comparisons without prompts.
    """
    if unit not in UNITS:
        raise unknown("unit", unit, UNITS)
    stream = seed_for("held out", data.name, seed, unit)
    if unit == "item":
        drawn = _uniform(np.arange(len(data.items)), stream) < share
        return ~(drawn[data.first] | drawn[data.second]), drawn[data.first] & drawn[data.second]
    if unit == "prompt":
        if len(data) and data.asked.min() < 0:
            raise UserError(f"{data.name}: there are comparisons without a prompt; hold out pairs or items")
        keys = data.asked
    else:
        keys = np.minimum(data.first, data.second) * len(data.items) + np.maximum(data.first, data.second)
    test = _uniform(keys, stream) < share
    return ~test, test


def _uniform(keys: Places, stream: int) -> NDArray[np.float64]:
    """(n,) in [0, 1): equal keys have equal numbers, others independent ones (SplitMix64, Steele et al. 2014)."""
    mixed = (keys.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(stream)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return np.asarray((mixed >> np.uint64(11)) / np.float64(2**53))
