import gzip
from pathlib import Path

import numpy as np
import pytest

from bench.data import jester
from bench.errors import UserError


@pytest.fixture(scope="module")
def ratings(data_dir: Path) -> dict[tuple[str, int], float]:
    with gzip.open(data_dir / jester.RATINGS.path, "rt") as lines:
        next(lines)
        rows = [line.split(",") for line in lines]
    return {(f"user-{user}", int(joke)): float(rating) for user, joke, rating in rows}


def test_somebody_prefers_the_joke_with_the_higher_rating(
    data_dir: Path, ratings: dict[tuple[str, int], float]
) -> None:
    assert len(ratings) == jester.RATINGS.rows
    data = jester.load(data_dir)
    two = np.array(
        [
            (ratings[person, a], ratings[person, b])
            for person, a, b in zip(data.annotators, data.first.tolist(), data.second.tolist(), strict=True)
        ]
    )
    difference = two[:, 0] - two[:, 1]
    assert (np.sign(difference) == data.labels).all()
    assert abs(difference).min() >= jester.MARGIN


def test_everyone_has_as_many_different_pairs_as_asked(data_dir: Path) -> None:
    data = jester.load(data_dir)
    assert (len(data.people), len(data)) == (jester.PEOPLE, jester.COMPARISONS)
    assert len(data.items) == jester.JOKES.rows
    assert sorted(set(data.counts.values()))[-1] == jester.EACH
    assert np.mean([count == jester.EACH for count in data.counts.values()]) > 0.99
    low, high = np.minimum(data.first, data.second), np.maximum(data.first, data.second)
    assert len(np.unique(np.stack([data.judged, low, high]), axis=1).T) == len(data)
    assert data.labels.mean() == pytest.approx(0, abs=4 / np.sqrt(len(data)))


def test_more_pairs_begin_with_fewer(data_dir: Path) -> None:
    few, more = (jester.load(data_dir, each=each) for each in (3, 60))
    for person in few.people[::1_000]:
        short, long = few.of([person]), more.of([person])
        assert short.first.tolist() == long.first.tolist()[: len(short)]


@pytest.mark.parametrize(("changes", "message"), [({"margin": 0.0}, "margin must be"), ({"each": 0}, "each must be")])
def test_impossible_settings_are_refused(tmp_path: Path, changes: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        jester.load(tmp_path, **changes)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"missing data file .*jokes\.jsonl\.gz\nIt is made from"):
        jester.load(tmp_path)
