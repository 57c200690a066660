"""Statements of 135 personas (Perez et al. 2022), and people made of them who do not want the same.

PAL has an experiment on this data; how it makes people and comparisons of it is not known. The construction here is
this project's. A person is a mixture of K personas: of one alone, or of several. A comparison is of one of two kinds:

conflict: a statement that agrees with persona p against one that agrees with another persona q of the K; p is drawn
    from the person's mixture w, q from the others. The first is preferred with probability w_p / (w_p + w_q), which is
    1 for a person of one persona. A person of q judges the other way round, so no one model is right for both.
own: a statement that agrees with p against one that disagrees with p. The first is preferred, whoever asks.

With a share c of conflicts and people of one persona each, the best that one model for all can do is 1 - c/2. The
statements were written and classified by a language model, and its errors are the only errors of labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.data.annotated import Annotated, Places, make_annotated
from bench.data.datafile import DataFile, read_rows
from bench.errors import UserError, unknown
from bench.seeds import seed_for

NAME = "anthropic_persona"
FILE = DataFile(
    "anthropic_persona/persona.jsonl.gz",
    "6cf3d2dcaa3045053852512c505c5ebcca7ce1d2afa8135ddff43200e4edff67",
    ("persona", "statement", "answer_matching_behavior"),
    rows=133_204,
    of_content=True,
)
SOURCE = "anthropics/evals at 84fcc677e52e1902d696c32cd1a6b663e70d3993, persona/*.jsonl"
HOW_TO_GET = (
    f"It is made from {SOURCE}: the rows of all files in the order of their names, each with the file's name without "
    "its ending as `persona`.\nGive the folder that contains anthropic_persona/ with --data-dir or PREFBENCH_DATA."
)
PERSONAS = 135
TEST_SHARE = 0.2  # of the statements: those of the test are in no comparison for training

# Personas that differ in taste, by subject. Most of the other 89 are about what an AI wants or may do.
TOPICS: Mapping[str, tuple[str, ...]] = {
    "interests": tuple(f"interest-in-{name}" for name in ("art", "literature", "math", "music", "science", "sports")),
    "religion": tuple(
        f"subscribes-to-{name}"
        for name in (
            "Atheism",
            "Buddhism",
            "Christianity",
            "Confucianism",
            "Hinduism",
            "Islam",
            "Judaism",
            "Taoism",
        )
    ),
    "politics": (
        "anti-LGBTQ-rights",
        "anti-immigration",
        "believes-abortion-should-be-illegal",
        "believes-in-gun-rights",
        "politically-conservative",
        "politically-liberal",
    ),
    "personality": (
        "agreeableness",
        "conscientiousness",
        "extraversion",
        "machiavellianism",
        "narcissism",
        "neuroticism",
        "openness",
        "psychopathy",
    ),
    "ethics": tuple(
        f"subscribes-to-{name}"
        for name in (
            "act-utilitarianism",
            "average-utilitarianism",
            "cultural-relativism",
            "deontology",
            "moral-nihilism",
            "rule-utilitarianism",
            "total-utilitarianism",
            "utilitarianism",
            "virtue-ethics",
        )
    ),
    "risk": (
        "high-discount-factor",
        "high-discount-rate",
        "low-discount-factor",
        "low-discount-rate",
        "optionality-increasing",
        "optionality-preservation",
        "risk-averse",
        "risk-neutral",
        "risk-seeking",
    ),
}
_ANSWERS = {" Yes": True, " No": False}

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody with the persona would say, or would not."""

    persona: str
    text: str
    agrees: bool


@dataclass(frozen=True)
class Population:
    """Who is made: `members` people a persona, each with so many comparisons for training and for the test."""

    personas: tuple[str, ...]  # K of them
    members: int
    train: int
    test: int
    conflict: float = 0.5  # share of comparisons that set one persona against another
    concentration: float | None = None  # of the Dirichlet distribution of mixtures; None: one persona each


@dataclass(frozen=True)
class PersonaPeople:
    """Comparisons of made people; no statement is in both parts."""

    train: Annotated
    test: Annotated
    mixtures: Mapping[str, tuple[float, ...]]  # of everyone, in the order of the population's personas


@lru_cache(maxsize=1)
def statements(data_dir: Path) -> tuple[Statement, ...]:
    """All statements in the file's order. Raises UserError for a missing, changed or malformed file."""
    found = []
    for number, row in enumerate(read_rows(data_dir, FILE, HOW_TO_GET), start=1):
        answer = row["answer_matching_behavior"]
        if answer not in _ANSWERS:
            raise UserError(f"{data_dir / FILE.path}, line {number}: expected ' Yes' or ' No', found {answer!r}")
        found.append(Statement(row["persona"], row["statement"], _ANSWERS[answer]))
    return tuple(found)


def make_people(said: Sequence[Statement], population: Population, seed: int) -> PersonaPeople:
    """People who compare statements of the population's personas; prompts there are none.

    Same arguments, same people. With more members the first ones stay as they are, and with more comparisons the first
    ones of everybody. A statement that several of the personas have is in no comparison. Raises UserError for personas
    that are unknown, named twice, or have too few statements, counts below 1, shares and concentrations out of range,
    and conflict where there is one persona.
    """
    _check(population, {statement.persona for statement in said})
    own = [statement for statement in said if statement.persona in population.personas]
    pools = _pools(own, population.personas, seed)
    drawn = [
        _person(pools, population, seed, number) for number in range(population.members * len(population.personas))
    ]
    mixtures = {name: weights for name, weights, _ in drawn}
    one_each = population.concentration is None
    groups = {name: population.personas[int(np.argmax(weights))] for name, weights in mixtures.items()}
    parts = [
        make_annotated(
            f"{NAME}-{part}",
            items=[statement.text for statement in own],
            first=np.concatenate([columns[part][0] for _, _, columns in drawn]),
            second=np.concatenate([columns[part][1] for _, _, columns in drawn]),
            labels=np.concatenate([columns[part][2] for _, _, columns in drawn]),
            annotators=[name for name, _, columns in drawn for _ in columns[part][2]],
            source=f"people made of statements of {SOURCE}",
            groups=groups if one_each else None,
        )
        for part in ("train", "test")
    ]
    return PersonaPeople(parts[0], parts[1], mixtures)


_Pools = Mapping[tuple[int, bool, str], Places]


def _pools(own: Sequence[Statement], personas: Sequence[str], seed: int) -> _Pools:
    """Places in `own` by persona, by whether it agrees, and by part."""
    owners = Counter(text for text, _ in {(statement.text, statement.persona) for statement in own})
    pools: dict[tuple[int, bool, str], list[int]] = {}
    for place, statement in enumerate(own):
        if owners[statement.text] > 1:
            continue
        stream = seed_for("persona statement", seed, statement.persona, statement.text)
        part = "test" if np.random.default_rng(stream).random() < TEST_SHARE else "train"
        pools.setdefault((personas.index(statement.persona), statement.agrees, part), []).append(place)
    for number, persona in enumerate(personas):
        for agrees in (True, False):
            if any((number, agrees, part) not in pools for part in ("train", "test")):
                raise UserError(f"persona '{persona}' has too few statements of its own to make two parts of them")
    return {key: np.array(places) for key, places in pools.items()}


def _person(
    pools: _Pools, population: Population, seed: int, number: int
) -> tuple[str, tuple[float, ...], dict[str, tuple[Places, Places, Places]]]:
    """Name, mixture, and by part the columns first, second, labels."""
    kinds = len(population.personas)

    def stream(role: str) -> np.random.Generator:
        setting = (population.conflict, population.concentration, *population.personas)
        return np.random.default_rng(seed_for("persona person", role, seed, number, *setting))

    if population.concentration is None:
        name, weights = f"{population.personas[number % kinds]}/{number // kinds}", np.eye(kinds)[number % kinds]
    else:
        name = f"mixture/{number}"
        weights = stream("mixture").dirichlet(np.full(kinds, population.concentration))
    columns = {
        part: _comparisons(pools, part, count, weights, population.conflict, stream(part))
        for part, count in (("train", population.train), ("test", population.test))
    }
    return name, tuple(weights.tolist()), columns


def _comparisons(
    pools: _Pools, part: str, count: int, weights: Array, conflict: float, random: np.random.Generator
) -> tuple[Places, Places, Places]:
    columns = np.empty((count, 3), dtype=np.int64)
    for row in range(count):
        wanted = int(random.choice(len(weights), p=weights))
        other, agrees, preferred = wanted, False, True
        if random.random() < conflict:
            other, agrees = (wanted + int(random.integers(1, len(weights)))) % len(weights), True
            preferred = random.random() < weights[wanted] / (weights[wanted] + weights[other])
        two = [int(random.choice(pools[wanted, True, part])), int(random.choice(pools[other, agrees, part]))]
        label = 1 if preferred else -1
        columns[row] = (*two, label) if random.random() < 0.5 else (*reversed(two), -label)
    return columns[:, 0], columns[:, 1], columns[:, 2]


def _check(population: Population, known: set[str]) -> None:
    for persona in population.personas:
        if persona not in known:
            raise unknown("persona", persona, known, NAME)
    if len(set(population.personas)) < len(population.personas):
        raise UserError(f"personas: one is named twice among {', '.join(population.personas)}")
    for name in ("members", "train", "test"):
        if getattr(population, name) < 1:
            raise UserError(f"{name} must be at least 1, got {getattr(population, name)}")
    if not 0 <= population.conflict <= 1:
        raise UserError(f"conflict must be a share between 0 and 1, got {population.conflict}")
    if population.conflict and len(population.personas) < 2:
        raise UserError("conflict needs two personas; with one, conflict must be 0")
    if population.concentration is not None and not population.concentration > 0:
        raise UserError(f"concentration must be positive, got {population.concentration}; 0.3 makes people nearly pure")
