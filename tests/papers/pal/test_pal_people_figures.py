"""Figures of people who judged texts are drawn from records alone. `draw` itself holds lines to the records."""

from __future__ import annotations

import pandas as pd
import pytest
from made_pal_people import series

from bench.report.figures import draw

POINTS = {  # of records: cells of the panels, added up
    "personas": 3 * (3 * 6 + 2 * 3),
    "people": (8 * 6 + 2) + (7 * 6 + 2) + (7 * 5 + 2),
    "groups": 2 * 2 * 11 + 2 * 2 * (3 + 3),
}


def drawn(experiment, rows, folder):
    drawings = draw("pal", rows, [], folder, [experiment])
    assert not drawings.skipped
    return pd.read_csv(folder / f"pal-{experiment}.csv"), drawings.drawn[experiment].caption


@pytest.mark.parametrize("experiment", POINTS)
def test_every_reward_model_that_is_compared_is_drawn(experiment, tmp_path):
    rows = series(experiment)
    points, caption = drawn(experiment, rows, tmp_path)
    assert len(points) == POINTS[experiment]
    assert (points["replicates"] == 6).all()
    assert "6 seeds" in caption


@pytest.mark.parametrize("experiment", POINTS)
def test_without_records_of_what_is_compared_it_says_so(experiment, tmp_path):
    rows = series(experiment).query("metric == 'shared_parameters'")
    assert "no records" in draw("pal", rows, [], tmp_path, [experiment]).skipped[experiment]


def test_the_best_model_is_on_top(tmp_path):
    points, _ = drawn("groups", series("groups"), tmp_path)
    seen = points[(points["metric"] == "seen_accuracy") & points["series"].str.contains("ranked .* dsp")]
    ranked = seen.sort_values("y", ascending=False)
    assert ranked["mean"].is_monotonic_decreasing


def test_the_caption_says_what_a_workers_noise_leaves(tmp_path):
    assert "noise would leave 0.84" in drawn("people", series("people"), tmp_path)[1]
