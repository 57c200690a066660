"""How a prompt gives a preference pair, by name. Every prompt of the pool has its pair, whether it is chosen or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bench.data.world import Prompt
from bench.label import ordered
from bench.learn.policy.completions import Completions
from bench.papers.pvar.world import Lab
from bench.seeds import seed_for

Places = NDArray[np.int64]  # (n, 2): which two of a prompt's responses


def best_worst(lab: Lab, spread: str, model: str) -> Places:
    """The best response by the reward model, then the worst: no label of people."""
    rewards = lab.rewards(spread, model)
    return np.column_stack([rewards.argmax(axis=1), rewards.argmin(axis=1)])


def any_two(lab: Lab, spread: str, model: str) -> Places:
    """Two different places at random, the same ones whoever chooses: the pair that a dataset came with."""
    n, k = lab.settings["pool"], lab.settings["responses"]
    random = np.random.default_rng(seed_for("pvar", "pair", lab.seed, spread))
    return np.argsort(random.random((n, k)), axis=1)[:, :2]


PAIRS: Mapping[str, Callable[[Lab, str, str], Places]] = MappingProxyType(
    {"best_worst": best_worst, "random_labelled": any_two}
)
LABELLED = ("random_labelled",)  # whose order is bought


def pairs_of(
    lab: Lab, pairs: str, spread: str, model: str, rows: NDArray[np.int64]
) -> tuple[list[Prompt], list[Completions], int]:
    """Prompts, (chosen, rejected) and the labels spent, of these rows of the pool."""
    prompts, groups = lab.pool(spread)
    places = PAIRS[pairs](lab, spread, model)
    asked = [prompts[row] for row in rows]
    two = [_two(groups[row], places[row]) for row in rows]
    if pairs not in LABELLED:
        return asked, two, 0
    found = lab.people(asked, two)
    return asked, ordered(two, found), found.labels_spent


def _two(group: Completions, places: Sequence[int] | NDArray[np.int64]) -> Completions:
    first, second = places
    return Completions(group.prompt, (group.responses[first], group.responses[second]))
