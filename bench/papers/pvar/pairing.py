"""How a prompt gives a preference pair, by name. Every prompt of the pool has its pair, whether it is chosen or not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.label import ordered
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import ReferenceLogProbs, data_hash, reference_log_probs
from bench.papers.pvar.lab import Lab
from bench.seeds import seed_for

Places = NDArray[np.int64]  # (n, 2): which two of a prompt's responses


def best_worst(lab: Lab, spread: str, model: str) -> Places:
    """The best response by the reward model, then the worst: no label of people."""
    rewards = lab.rewards(spread, model)
    return np.column_stack([rewards.argmax(axis=1), rewards.argmin(axis=1)])


def random_labelled(lab: Lab, spread: str, model: str) -> Places:
    """Two different places at random, the same ones whoever chooses. Not asked where prompts come with a pair."""
    n, k = lab.settings["pool"], lab.settings["responses"]
    random = np.random.default_rng(seed_for("pvar", "pair", lab.seed, spread))
    return np.argsort(random.random((n, k)), axis=1)[:, :2]


def equal_gap(lab: Lab, spread: str, model: str) -> Places:
    """The two whose rewards differ by nearest to half of the median gap between best and worst, the higher first."""
    rewards = lab.rewards(spread, model)
    wanted = np.median(np.ptp(rewards, axis=1)) / 2
    return _nearest(rewards, lambda gaps, row: np.abs(gaps - wanted))


def equal_length(lab: Lab, spread: str, model: str) -> Places:
    """The two most alike in length, of several those whose rewards differ most, the higher first."""
    rewards = lab.rewards(spread, model)
    lengths = [np.array([len(y) for y in group.responses]) for group in lab.pool(spread)[1]]
    largest = np.ptp(rewards) + 1

    def cost(gaps: NDArray[np.float64], row: int) -> NDArray[np.float64]:
        first, second = np.triu_indices(rewards.shape[1], 1)
        return np.asarray(largest * np.abs(lengths[row][first] - lengths[row][second]) - gaps)

    return _nearest(rewards, cost)


PAIRS: Mapping[str, Callable[[Lab, str, str], Places]] = MappingProxyType(
    {made.__name__: made for made in (best_worst, random_labelled, equal_gap, equal_length)}
)
LABELLED = ("random_labelled",)  # whose order is bought


def pairs_of(
    lab: Lab, pairs: str, spread: str, model: str, rows: NDArray[np.int64]
) -> tuple[list[Any], list[Completions], int]:
    """Prompts, (chosen, rejected) and the labels spent, of these rows of the pool."""
    prompts, groups = lab.pool(spread)
    asked = [prompts[row] for row in rows]
    two = lab.given(asked) if pairs in LABELLED else None
    if two is None:
        places = PAIRS[pairs](lab, spread, model)
        two = [_two(groups[row], places[row]) for row in rows]
    if pairs not in LABELLED:
        return asked, two, 0
    found = lab.people(asked, two)
    return asked, ordered(two, found), found.labels_spent


def reference_of(lab: Lab, spread: str, rows: NDArray[np.int64], pairs: Sequence[Completions]) -> ReferenceLogProbs:
    """The SFT policy's log-probabilities of pairs of these rows, out of those of the whole pool.

    Hundreds of policies learn from pairs of one pool, which is computed once. Where pairs are not the pool's responses,
    of the pairs.
    """
    groups, whole = lab.pool(spread)[1], lab.reference(spread)
    if whole is None:
        return reference_log_probs(lab.sft, pairs, cache_dir=lab.folder)
    tokens, sums = [], []
    for row, pair in zip(rows, pairs, strict=True):
        responses = groups[row].responses
        each = np.split(whole.tokens[row], np.cumsum([len(y) for y in responses])[:-1])
        places = [next(at for at, y in enumerate(responses) if y is one) for one in pair.responses]
        tokens.append(np.concatenate([each[at] for at in places]))
        sums.append(whole.sums[row][places])
    data = data_hash(pairs)
    fingerprint = hashlib.sha256(f"{whole.fingerprint} {data}".encode()).hexdigest()
    return ReferenceLogProbs(tuple(tokens), tuple(sums), fingerprint, data, whole.vocabulary)


def _nearest(rewards: NDArray[np.float64], cost: Callable[[NDArray[np.float64], int], NDArray[np.float64]]) -> Places:
    """Of every row the pair of least `cost(gaps of its pairs, row)`, the higher reward first."""
    first, second = np.triu_indices(rewards.shape[1], 1)
    found = np.empty((len(rewards), 2), dtype=np.int64)
    for row, values in enumerate(rewards):
        best = int(np.argmin(cost(np.abs(values[first] - values[second]), row)))
        one, other = first[best], second[best]
        found[row] = (one, other) if values[one] >= values[other] else (other, one)
    return found


def _two(group: Completions, places: Sequence[int] | NDArray[np.int64]) -> Completions:
    first, second = places
    return Completions(group.prompt, (group.responses[first], group.responses[second]))
