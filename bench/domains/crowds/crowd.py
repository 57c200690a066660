"""A crowd: what seen people judged, and what is known of others who come later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.data.annotated import Annotated, Places
from bench.data.annotator_splits import People
from bench.data.embedded import Embedded
from bench.errors import UserError
from bench.learn.reward.personal.model import Comparisons
from bench.seeds import seed_for

PARTS = ("train", "validation", "test", "pool", "unseen_test")


@dataclass(frozen=True, eq=False)
class Crowd:
    """Comparisons by part. What a model is tested on is new to it, whoever judged it.

    `pool` is what unseen people may say before they are tested: `few` takes everyone's first ones.
    """

    train: Embedded
    validation: Embedded  # of seen people
    test: Embedded  # of seen people
    pool: Embedded  # of unseen people
    unseen_test: Embedded  # of the same unseen people
    groups: Mapping[str, str] = field(default_factory=dict)  # of everyone, where they are known
    mixtures: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # where people were made of groups
    facts: Mapping[str, float] = field(default_factory=dict)  # ceilings and the like, by metric
    linear: Callable[[Embedded], Embedded] | None = None  # features that a linear reward model needs, from these
    prompted: Callable[[Embedded], Embedded] | None = None  # items that know their prompt, for models that read none
    subsets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # rankings of the test that are told apart

    def few(self, count: int) -> Embedded:
        """Everyone's first `count` comparisons of the pool; those of a smaller count are among them.

        Raises UserError for more than somebody has.
        """
        fewest = min(self.pool.comparisons.counts.values(), default=0)
        if fewest < count:
            raise UserError(f"{count} comparisons of every unseen person: somebody has {fewest}")
        return self.pool.take(rank_within(self.pool.comparisons.judged) < count)

    def described(self) -> Crowd:
        """The same, in the features that a linear reward model needs."""
        return self._with_features(self.linear)

    def with_prompted_items(self) -> Crowd:
        """The same, in features of items that know their prompt."""
        return self._with_features(self.prompted)

    def of_subset(self, name: str) -> NDArray[np.bool_]:
        """(n,): which comparisons of the test are in a subset."""
        return np.isin(self.test.rankings, self.subsets[name])

    def _with_features(self, features: Callable[[Embedded], Embedded] | None) -> Crowd:
        if features is None:
            return self
        parts: dict[str, Any] = {part: features(getattr(self, part)) for part in PARTS}
        return replace(self, linear=None, prompted=None, **parts)


def comparisons(part: Embedded) -> Comparisons:
    """As personal reward models take them."""
    prompts = part.prompts if part.prompts.shape[1] else None
    return Comparisons(part.items, part.comparisons.labels, part.comparisons.annotators, prompts)


def make_crowd(
    train: Embedded,
    test: Embedded,
    people: People,
    seed: int,
    *,
    adapt: int,
    validation: float = 0.1,
    mixtures: Mapping[str, tuple[float, ...]] | None = None,
    facts: Mapping[str, float] | None = None,
    linear: Callable[[Embedded], Embedded] | None = None,
    prompted: Callable[[Embedded], Embedded] | None = None,
    subsets: Mapping[str, tuple[int, ...]] | None = None,
) -> Crowd:
    """From what everybody said for training and for the test.

    `adapt` comparisons of every unseen person for training are the pool, drawn by the seed; unseen people with fewer
    are not in the crowd. A share `validation` of the seen people's, of each the same, is held out of their training.
    """
    said = train.comparisons
    order = _shuffled_by_person(said, seed)
    rank = rank_within(said.judged[order])
    enough = {person for person in people.unseen if said.counts.get(person, 0) >= adapt}
    if not enough:
        most = max((said.counts.get(person, 0) for person in people.unseen), default=0)
        raise UserError(f"{said.name}: no unseen person has {adapt} comparisons to adapt to; the most is {most}")
    seen = np.isin(np.array(said.people)[said.judged[order]], people.seen)
    later = np.isin(np.array(said.people)[said.judged[order]], sorted(enough))
    held = np.ceil(validation * np.bincount(said.judged))[said.judged[order]]
    judges = np.array(test.comparisons.people)[test.comparisons.judged]
    return Crowd(
        train=train.take(order[seen & (rank >= held)]),
        validation=train.take(order[seen & (rank < held)]),
        test=test.take(np.isin(judges, people.seen)),
        pool=train.take(order[later & (rank < adapt)]),
        unseen_test=test.take(np.isin(judges, sorted(enough))),
        groups={**said.groups, **test.comparisons.groups},
        mixtures=mixtures or {},
        facts=facts or {},
        linear=linear,
        prompted=prompted,
        subsets=subsets or {},
    )


def rank_within(judged: Places) -> Places:
    """(n,): how many comparisons of the same person come before each."""
    order = np.argsort(judged, kind="stable")
    counts = np.bincount(judged, minlength=1)
    ranks = np.empty(len(judged), dtype=np.int64)
    ranks[order] = np.arange(len(judged)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ranks


def _shuffled_by_person(said: Annotated, seed: int) -> Places:
    """(n,): places, person by person, in everyone's own random order, which does not change with who else there is."""
    parts = []
    for person, own in zip(said.people, said.by_person, strict=True):
        random = np.random.default_rng(seed_for("crowd", said.name, seed, person))
        parts.append(own[random.permutation(len(own))])
    return np.concatenate(parts)
