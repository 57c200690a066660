"""Performance profiles and their bands."""

import numpy as np
import pytest
from scipy import stats
from simulated import equals, results

from bench.compare.blocks import Blocks
from bench.compare.profiles import profiles
from bench.compare.tournament import tournament

NAMES = ("a", "b", "c")


def task(values: np.ndarray, name: str = "world", overlap: float = 0.0) -> Blocks:
    return Blocks(name, values, overlap)


def test_scores_are_zero_at_chance_and_one_at_the_best_mean() -> None:
    values = np.array([[0.8, 0.9, 1.0], [0.5, 0.5, 0.7]])  # the best mean is 0.9, chance 0.5
    found, _ = profiles([task(values)], {"world": 0.5}, NAMES[:2])
    assert found is not None
    share = {name: dict(zip(found.thresholds, found.share[name], strict=True)) for name in NAMES[:2]}
    assert [share["a"][level] for level in (0.7, 0.8, 1.1, 1.2)] == pytest.approx([1, 2 / 3, 1 / 3, 1 / 3])
    assert [share["b"][level] for level in (0.0, 0.4, 0.6)] == pytest.approx([1 / 3, 1 / 3, 0])


def test_tasks_weigh_the_same_however_many_seeds_they_have() -> None:
    good, bad = np.array([[1.0] * 9, [0.6] * 9]), np.array([[0.6] * 3, [1.0] * 3])
    found, _ = profiles([task(good), task(bad, "crowd")], {"world": 0.5, "crowd": 0.5}, NAMES[:2])
    assert found is not None
    assert found.share["a"][50] == found.share["b"][50] == 0.5


def test_a_profile_never_rises_and_lies_within_its_band() -> None:
    values = equals(np.random.default_rng(0), 3, 10)
    found, _ = profiles([task(values)], {"world": 0.7}, NAMES)
    assert found is not None
    for name in NAMES:
        assert (np.diff(found.share[name]) <= 0).all()
        assert (np.array(found.low[name]) <= found.share[name]).all()
        assert (np.array(found.high[name]) >= found.share[name]).all()


def test_one_task_whose_seeds_overlap_leaves_shares_without_bands() -> None:
    tasks = [task(equals(np.random.default_rng(place), 3, 10), name) for place, name in enumerate(NAMES)]
    found, _ = profiles(tasks, dict.fromkeys(NAMES, 0.7), NAMES)
    without, _ = profiles([*tasks[:2], task(tasks[2].areas, "c", 0.3)], dict.fromkeys(NAMES, 0.7), NAMES)
    assert found is not None
    assert without is not None
    assert without.share == found.share
    assert (without.low, without.high) == ({}, {})


def test_where_nobody_beats_chance_there_is_nothing_to_be_a_share_of() -> None:
    compared = tournament(results({"world": np.full((2, 4), 0.4), "crowd": np.full((2, 4), 0.9)}, chance=0.5))
    assert compared.notes == ("world: nobody is better than chance on average, so profiles leave it out",)
    assert compared.profiles is not None
    assert set(compared.profiles.share["a"][:100]) == {1.0}
    assert tournament(results({"world": np.full((2, 4), 0.4)}, chance=0.5)).profiles is None


@pytest.mark.parametrize("seeds", [5, 10, 20])
def test_bands_cover_the_share_of_new_seeds_at_least_95_percent(seeds) -> None:
    """Three unlike tasks, entrants that differ; the truth is at the unit that a comparison saw.

    2000 comparisons: the Monte-Carlo error of a coverage of 95 % is 0.5 points. Bands are exact, so they cover more.
    """
    levels = np.array([[0.80, 0.70, 0.90], [0.77, 0.72, 0.86]])  # (E, T)
    rng = np.random.default_rng(seeds)
    covered: dict[float, list[bool]] = {0.7: [], 0.9: [], 1.0: []}
    for _ in range(2000):
        tasks = [
            task(levels[:, [place]] + 0.03 * rng.normal(size=(2, seeds)), name) for place, name in enumerate(NAMES)
        ]
        found, _ = profiles(tasks, dict.fromkeys(NAMES, 0.5), NAMES[:2])
        assert found is not None
        best = np.array([one.areas.mean(axis=1).max() for one in tasks])
        for level, hits in covered.items():
            place = found.thresholds.index(level)
            truth = np.mean(stats.norm.sf(0.5 + level * (best - 0.5), levels[1], 0.03))
            hits.append(found.low["b"][place] <= truth <= found.high["b"][place])
    assert min(np.mean(hits) for hits in covered.values()) >= 0.95
