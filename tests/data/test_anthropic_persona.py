from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.data.anthropic_persona import (
    FILE,
    PERSONAS,
    TOPICS,
    Population,
    Statement,
    make_people,
    statements,
)
from bench.errors import UserError

KINDS = ("likes-tea", "likes-coffee", "likes-milk")
POPULATION = Population(KINDS, members=4, train=60, test=25)


def said() -> list[Statement]:
    made = [
        Statement(kind, f"{kind}, {'yes' if agrees else 'no'}, {number}", agrees)
        for kind in (*KINDS, "likes-water")
        for agrees in (True, False)
        for number in range(40)
    ]
    return [*made, *(Statement(kind, "I like a drink", True) for kind in KINDS)]


def sides(population: Population, part: str = "train", seed: int = 0) -> list[tuple[str, Statement, Statement]]:
    """Who, what they preferred, and what not."""
    known = {statement.text: statement for statement in said()}
    data = getattr(make_people(said(), population, seed), part)
    two = [(known[data.items[a]], known[data.items[b]]) for a, b in zip(data.first, data.second, strict=True)]
    order = [pair if label == 1 else pair[::-1] for pair, label in zip(two, data.labels, strict=True)]
    return [(who, *pair) for who, pair in zip(data.annotators, order, strict=True)]


def test_people_of_one_persona_prefer_what_agrees_with_it() -> None:
    for who, preferred, other in sides(POPULATION):
        assert preferred.persona == who.partition("/")[0]
        assert preferred.agrees
        assert other.persona != preferred.persona or not other.agrees


@pytest.mark.parametrize(("conflict", "share"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_the_share_of_conflicts_is_as_asked(conflict: float, share: float) -> None:
    rows = sides(replace(POPULATION, conflict=conflict))
    assert np.mean([a.persona != b.persona for _, a, b in rows]) == pytest.approx(share, abs=0.06)


def test_everyone_has_as_many_comparisons_as_asked_and_groups_are_known() -> None:
    made = make_people(said(), POPULATION, 0)
    assert set(made.train.counts.values()) == {60}
    assert set(made.test.counts.values()) == {25}
    assert made.train.people == made.test.people == tuple(made.mixtures)
    assert sorted(made.train.groups.values()) == sorted(KINDS * 4)
    assert made.mixtures["likes-milk/2"] == (0, 0, 1)
    assert made.train.labels.mean() == pytest.approx(0, abs=0.15)  # which side is first says nothing


def test_no_statement_is_in_both_parts_nor_one_that_several_personas_have() -> None:
    made = make_people(said(), POPULATION, 3)
    used = [{part.items[item] for item in np.r_[part.first, part.second]} for part in (made.train, made.test)]
    assert not used[0] & used[1]
    assert "I like a drink" not in used[0] | used[1]
    assert len(used[1]) / len(used[0] | used[1]) == pytest.approx(0.2, abs=0.1)


def test_mixtures_prefer_by_their_weights() -> None:
    many = Population(KINDS, members=400, train=20, test=1, conflict=1.0, concentration=1.0)
    made = make_people(said(), many, 0)
    assert made.train.groups == {}
    chances, kept = [], []
    for who, preferred, other in sides(many):
        weights = made.mixtures[who]
        two = [weights[KINDS.index(statement.persona)] for statement in (preferred, other)]
        chances.append(max(two) / sum(two))
        kept.append(two[0] > two[1])
    assert np.mean(kept) == pytest.approx(np.mean(chances), abs=0.02)
    assert 0.6 < np.mean(chances) < 0.9


def test_larger_populations_and_longer_lists_begin_with_smaller_ones() -> None:
    small, large = (make_people(said(), replace(POPULATION, members=n, train=10 * n), 0).train for n in (4, 6))
    assert set(small.people) < set(large.people)
    for person in small.people[:3]:
        short, long = small.of([person]), large.of([person])
        assert short.first.tolist() == long.first.tolist()[:40]
        assert short.labels.tolist() == long.labels.tolist()[:40]


def test_seeds_give_other_people_and_the_same_seed_the_same() -> None:
    first, again, other = (make_people(said(), POPULATION, seed).train.fingerprint for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"personas": ("likes-te", "likes-milk")}, "unknown persona 'likes-te'. Did you mean 'likes-tea'"),
        ({"personas": ("likes-tea", "likes-tea")}, "one is named twice"),
        ({"members": 0}, "members must be at least 1, got 0"),
        ({"test": 0}, "test must be at least 1, got 0"),
        ({"conflict": 1.2}, "conflict must be a share between 0 and 1, got 1.2"),
        ({"personas": ("likes-tea",)}, "conflict needs two personas"),
        ({"concentration": 0.0}, "concentration must be positive, got 0.0"),
    ],
)
def test_populations_that_cannot_be_made_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_people(said(), replace(POPULATION, **changes), 0)


def test_a_persona_without_statements_of_its_own_is_named() -> None:
    few = [statement for statement in said() if statement.persona != "likes-milk" or statement.agrees]
    with pytest.raises(UserError, match="persona 'likes-milk' has too few statements"):
        make_people(few, POPULATION, 0)


def test_one_persona_can_be_alone_without_conflict() -> None:
    alone = Population(("likes-tea",), members=2, train=5, test=5, conflict=0.0)
    assert len(make_people(said(), alone, 0).train) == 10


def test_the_file_has_the_committed_personas_and_every_topic_is_among_them(data_dir: Path) -> None:
    found = statements(data_dir)
    personas = {statement.persona for statement in found}
    assert len(found) == FILE.rows
    assert len(personas) == PERSONAS
    named = [persona for topic in TOPICS.values() for persona in topic]
    assert len(named) == len(set(named))
    assert set(named) <= personas
