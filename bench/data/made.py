"""Self-made templated text, not human preferences: questions and answers whose gold reward is known.

It stands in where no data directory is given. Everything about it is decided by this file and its phrases: no
download, no seed to choose. The gold reward is a sparse linear function of named attributes of an answer, labels
follow Bradley and Terry (1952), and most sentences that make an answer longer earn it nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from bench.data.made_phrases import FORMS, SENTENCES, TASKS, WHENS
from bench.data.pairs import Dataset, Pair, make_dataset
from bench.seeds import seed_for

NAME = "made"
SOURCE = "self-made templated text, not human preferences (bench/data/made.py)"
PROMPTS = 960
ANSWERS = 5  # per prompt; every two of them are compared once: 10 pairs
ATTRIBUTES = ("relevant", "concrete", *SENTENCES)
FINGERPRINT = "3dfa0859af52b2c46f87f6a322074b5a93fe68441ba03840287cc4effcb0ac90"
WEIGHTS = {"relevant": 1.5, "concrete": 1.0, "polite": 0.8, "example": 0.8, "hedging": -1.0, "rude": -1.5}

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """What is known of the dataset, row for row with its pairs. Never shown to a learner."""

    attributes: tuple[str, ...]
    weights: Array  # (attributes,): the gold reward, six entries not zero
    chosen: Array  # (pairs, attributes): 0 or 1
    rejected: Array
    agreement: Array  # (pairs,): probability, under the gold reward, that a labeller prefers `chosen`


@dataclass(frozen=True)
class _Answer:
    text: str
    attributes: frozenset[str]

    @property
    def reward(self) -> float:
        return sum(weight for name, weight in WEIGHTS.items() if name in self.attributes)


def load() -> Dataset:
    """9,600 pairs: 960 prompts with five answers each, compared two by two. The group is the prompt.

    The same on every machine and in every run.
    """
    return _make()[0]


def truth() -> Truth:
    """Attributes, weights and label probabilities behind `load()`."""
    return _make()[1]


@lru_cache(maxsize=1)
def _make() -> tuple[Dataset, Truth]:
    pairs: list[Pair] = []
    compared: list[tuple[_Answer, _Answer]] = []
    for number, (task, question) in enumerate(_questions()):
        rng = np.random.default_rng(seed_for(NAME, "answers", number))
        prompt = f"\n\nHuman: {question}\n\nAssistant:"
        for first, second in combinations(_answers(task, rng), 2):
            prefers_first = rng.random() < _preference(first, second)
            chosen, rejected = (first, second) if prefers_first else (second, first)
            pairs.append(Pair(f"made/{len(pairs)}", question, prompt, f" {chosen.text}", f" {rejected.text}"))
            compared.append((chosen, rejected))
    known = Truth(
        attributes=ATTRIBUTES,
        weights=np.array([WEIGHTS.get(name, 0.0) for name in ATTRIBUTES]),
        chosen=_table(chosen for chosen, _ in compared),
        rejected=_table(rejected for _, rejected in compared),
        agreement=np.array([_preference(chosen, rejected) for chosen, rejected in compared]),
    )
    return make_dataset(NAME, pairs, SOURCE), known


def _questions() -> list[tuple[str, str]]:
    """PROMPTS distinct questions, in random order, each with the task it is about."""
    every = [(task, form.format(task=task, when=when)) for task, form, when in product(TASKS, FORMS, WHENS)]
    order = np.random.default_rng(seed_for(NAME, "questions")).permutation(len(every))
    return [every[index] for index in order[:PROMPTS]]


def _answers(task: str, rng: np.random.Generator) -> list[_Answer]:
    """ANSWERS answers with different texts."""
    answers: dict[str, _Answer] = {}
    while len(answers) < ANSWERS:
        answer = _answer(task, rng)
        answers.setdefault(answer.text, answer)
    return list(answers.values())


def _answer(task: str, rng: np.random.Generator) -> _Answer:
    """The core (about the task or, one time in four, about another; vague or concrete) and one to three sentences."""
    relevant, concrete = rng.random() < 0.75, rng.random() < 0.5
    others = [other for other in TASKS if other != task]
    core = TASKS[task if relevant else others[rng.integers(len(others))]][int(concrete)]
    names = list(SENTENCES)
    extras = [names[index] for index in rng.permutation(len(names))[: rng.integers(1, 4)]]
    sentences = [SENTENCES[name][rng.integers(len(SENTENCES[name]))] for name in extras]
    sentences.insert(int(rng.integers(len(sentences) + 1)), core)
    attributes = {*extras, *(["relevant"] if relevant else []), *(["concrete"] if concrete else [])}
    return _Answer(" ".join(sentences), frozenset(attributes))


def _preference(first: _Answer, second: _Answer) -> float:
    """Probability that `first` is preferred to `second`."""
    return float(1 / (1 + np.exp(second.reward - first.reward)))


def _table(answers: Iterable[_Answer]) -> Array:
    return np.array([[float(name in answer.attributes) for name in ATTRIBUTES] for answer in answers])
