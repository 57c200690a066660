"""Figures of summaries are drawn from records alone. `draw` itself holds dots and lines to the records."""

from __future__ import annotations

import pandas as pd
import pytest
from made_pal_summaries import series

from bench.report.figures import draw

VARIANTS = {"tldr": ("corrected", "as_released"), "quirks": ("corrected",)}


def drawn(experiment, rows, folder):
    drawings = draw("pal", rows, [], folder, [experiment])
    assert not drawings.skipped
    return pd.read_csv(folder / f"pal-{experiment}.csv"), drawings.drawn[experiment].caption


def test_every_arm_and_baseline_has_a_dot_in_each_variant_that_has_it(tmp_path):
    points, caption = drawn("tldr", series("tldr", VARIANTS["tldr"]), tmp_path)
    seen = points[points["metric"] == "seen_accuracy"]
    assert seen["variant"].value_counts().to_dict() == {"corrected": 13, "as_released": 2}
    assert "6 seeds" in caption


def test_lines_are_of_models_that_adapt_and_of_pal_as_released(tmp_path):
    points, _ = drawn("tldr", series("tldr", VARIANTS["tldr"]), tmp_path)
    lines = points[points["metric"] != "seen_accuracy"]
    assert lines["series"].nunique() == 10
    assert set(lines.groupby("series").size()) == {7}


def test_a_quirk_is_a_difference_from_the_same_model_without_it(tmp_path):
    rows = series("quirks")
    points, _ = drawn("quirks", rows, tmp_path)
    found = points.set_index("series")["x"]
    pal = rows[(rows["metric"] == "seen_accuracy") & (rows["K"] == 2)].groupby(["method", "quirk"])["value"].mean()
    assert found["padding seen_accuracy"] == pytest.approx(pal["pal_b", "padding"] - pal["pal_b", "none"])
    assert found["padding id seen_accuracy"] == pytest.approx(pal["pal_b", "padding id"] - pal["pal_b", "padding"])
    assert found["truncation seen_accuracy"] == pytest.approx(pal["pal_a", "truncation"] - pal["pal_a", "none"])
    assert found["mean_token unseen_accuracy_20"] < -0.1
    assert len(points) == 9 * 3 + 3 + 1  # quirks, and the two accuracies where they are measured


def test_the_caption_says_how_little_repeats_with_shared_data_differ(tmp_path):
    rows = series("quirks")
    shared = (rows["quirk"] == "shared data") & (rows["metric"] == "seen_accuracy")
    rows.loc[shared, "value"] = [0.94, 0.942, 0.94, 0.942, 0.94, 0.942]
    assert "0.001 where repeats share them" in drawn("quirks", rows, tmp_path)[1]


@pytest.mark.parametrize("experiment", VARIANTS)
def test_without_records_of_what_is_compared_it_says_so(experiment, tmp_path):
    rows = series(experiment).query("metric == 'shared_parameters'")
    assert "no records" in draw("pal", rows, [], tmp_path, [experiment]).skipped[experiment]
