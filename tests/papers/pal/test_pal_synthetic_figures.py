"""Figures of known ideal points are drawn from records alone. `draw` itself holds lines to the records."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_pal_synthetic import series

from bench.report.figures import draw

POINTS = {  # of records: cells of the panels, added up
    "prototypes": 2 * (4 + 5 + 6 + 6 + 5) + 5 * 3 * 2,
    "newcomers": (9 + 2) * 8 + (5 + 2) * 8,
    "complexity": 2 * 6 * 5 + 3 * 2 * 5,
}


def drawn(experiment, rows, folder):
    drawings = draw("pal", rows, [], folder, [experiment])
    assert not drawings.skipped
    return pd.read_csv(folder / f"pal-{experiment}.csv"), drawings.drawn[experiment].caption


@pytest.mark.parametrize("experiment", POINTS)
def test_every_reward_model_that_is_compared_is_drawn(experiment, tmp_path):
    points, caption = drawn(experiment, series(experiment), tmp_path)
    assert len(points) == POINTS[experiment]
    assert (points["replicates"] == 6).all()
    assert "6 seeds" in caption


@pytest.mark.parametrize("experiment", POINTS)
def test_without_records_of_what_is_compared_it_says_so(experiment, tmp_path):
    rows = series(experiment).query("metric == 'rand_index'")
    assert "no records" in draw("pal", rows, [], tmp_path, [experiment]).skipped[experiment]


def test_a_population_is_drawn_alone(tmp_path):
    points, _ = drawn("prototypes", series("prototypes").query("k_star == 5"), tmp_path)
    assert set(points["k_star"]) == {5}


def pictured(metrics, seeds=2):
    """Records of pictures with these metrics, each larger by the seed."""
    identity = {"paper": "pal", "experiment": "pictures", "variant": "corrected", "profile": "embedded"}
    identity |= {"method": "pal_a", "K": 3, "mixed": "one each"}
    rows = [
        {**identity, "seed": seed, "metric": metric, "value": value + seed}
        for seed in range(seeds)
        for metric, value in metrics.items()
    ]
    return pd.DataFrame(rows)


def everything():
    weights = {0: (1.0, 0.0, 0.0), 1: (0.2, 0.8, 0.0), 10: (1 / 3, 1 / 3, 1 / 3)}
    found = {f"person_{n}_weight_{k + 1}": own[k] for n, own in weights.items() for k in range(3)}
    found |= {f"person_{n}_group": float(place) for place, n in enumerate(weights)}
    kinds = {"person": (0, 1, 10), "item": (0, 1), "prototype": (0, 1, 2)}
    return found | {
        f"{kind}_{n}_axis_{axis}": 1.0 * n + axis for kind, numbers in kinds.items() for n in numbers for axis in (1, 2)
    }


def test_weights_are_the_mean_of_the_corners_and_places_are_as_recorded(tmp_path):
    points, caption = drawn("pictures", pictured(everything()), tmp_path)
    assert "One fit" in caption
    at = points.set_index("series")[["x", "y"]]
    np.testing.assert_allclose(at.loc["weights one each 0"], (0, 0), atol=1e-12)
    np.testing.assert_allclose(at.loc["weights one each 1"], (0.8, 0), atol=1e-12)
    np.testing.assert_allclose(at.loc["weights one each 2"], (0.5, np.sqrt(3) / 6), atol=1e-12)
    np.testing.assert_allclose(at.loc["ideal points one each 2"], (11, 12))
    np.testing.assert_allclose(at.loc["items one each"], [(1, 2), (2, 3)])


def test_pictures_are_of_the_first_seed_alone(tmp_path):
    alone = pictured(everything(), seeds=1)
    first, _ = drawn("pictures", alone, tmp_path)
    np.testing.assert_array_equal(first["x"], drawn("pictures", alone.assign(seed=3), tmp_path)[0]["x"])


def test_without_places_there_is_nothing_to_draw(tmp_path):
    rows = pictured({"variance_shown": 1.0})
    assert "no records of person" in draw("pal", rows, [], tmp_path, ["pictures"]).skipped["pictures"]
