"""PVar's figures are drawn from records alone, and show what they say. `draw` itself holds lines to the records."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest
from made_pvar import series

from bench.report.figures import draw, load

POINTS = {  # of records: cells of the panels, added up
    "order": 4 * (3 * 3 + 1),
    "growth": 2 * 3 * (10 + 4),
    "models": 2 * 4 * 3,
    "human": 4,
    "selectors": 12,
    "losses": 5 * 3,
    "efficiency": 2 * (2 * 5 + 1),
    "confounds": 3 * 3 + 2 * 8,
    "estimation": 3 * 2 * 5,
    "theory": 2 * (3 * 10 + 7),
}


def drawn(experiment, rows, folder):
    """The plotted points and the caption of a figure."""
    drawings = draw("pvar", rows, [], folder, [experiment])
    assert not drawings.skipped
    return pd.read_csv(folder / f"pvar-{experiment}.csv"), drawings.drawn[experiment].caption


@pytest.mark.parametrize("experiment", POINTS)
def test_every_policy_is_drawn_with_its_mean_over_seeds(experiment, tmp_path):
    rows = series(experiment)
    points, caption = drawn(experiment, rows, tmp_path)
    records = points[points["kind"] == "records"]
    assert len(records) == POINTS[experiment]
    conditions = [name for name in ("pairs", "spread", "model", "loss", "fraction", "n", "policy") if name in records]
    for point in records.to_dict("records"):
        keep = (rows["method"] == point["method"]) & (rows["metric"] == point["metric"])
        for name in conditions:
            if pd.notna(point[name]):
                keep &= rows[name] == point[name]
        assert rows.loc[keep, "value"].mean() == pytest.approx(point["mean"], abs=1e-12)
        assert keep.sum() == point["replicates"] == 6
        assert point["mean"] in (point["x"], point["y"])
        assert point["low"] < point["mean"] < point["high"]
    assert "6 seeds" in caption


@pytest.mark.parametrize("experiment", POINTS)
def test_without_records_of_what_is_compared_it_says_so(experiment, tmp_path):
    rows = series(experiment).query("metric == 'length'")
    drawings = draw("pvar", rows, [], tmp_path, [experiment])
    assert "no records" in drawings.skipped[experiment]


def test_a_part_of_the_experiment_is_drawn_alone(tmp_path):
    points, _ = drawn("order", series("order").query("pairs == 'best_worst'"), tmp_path)
    assert set(points["pairs"]) == {"best_worst"}


def test_the_saving_is_said_for_both_kinds_of_pairs(tmp_path):
    _, caption = drawn("efficiency", series("efficiency"), tmp_path)
    assert caption.count("times the labels of PVar") == 2


def test_the_best_selector_is_on_top(tmp_path):
    points, _ = drawn("selectors", series("selectors"), tmp_path)
    assert points.sort_values("y", ascending=False)["mean"].is_monotonic_decreasing


def test_a_caption_speaks_of_the_dotted_line_where_there_is_one(tmp_path):
    high = series("selectors")
    low = high.assign(value=high["value"] - 0.17 * (high["metric"] == "win_rate_over_sft"))
    assert "Dotted" not in drawn("selectors", high, tmp_path)[1]
    assert "Dotted" in drawn("selectors", low, tmp_path)[1]


@pytest.mark.parametrize("experiment", load("pvar"))
def test_without_any_record_of_an_experiment_the_others_are_drawn(experiment, tmp_path):
    drawings = draw("pvar", series("human"), [], tmp_path, [experiment])
    assert (experiment == "human") == (experiment in drawings.drawn)


def made_training(seeds=2):
    """Records of the real model that is trained on real answers: two policies, sizes and ways to make a pair."""
    identity = {"paper": "pvar", "experiment": "answers_training", "variant": "corrected", "profile": "small"}
    cells = product(("pvar", "random"), ("best_worst", "random_labelled"), (0.1, 0.3), range(seeds))
    return pd.DataFrame(
        {**identity, "method": method, "pairs": pairs, "fraction": size, "model": "smollm2-135m", "seed": seed}
        | {"metric": metric, "value": size + seed / 10}
        for method, pairs, size, seed in cells
        for metric in ("held_out_accuracy", "held_out_margin")
    )


def test_a_real_model_is_drawn_by_size_for_both_metrics(tmp_path):
    points, caption = drawn("answers_training", made_training(), tmp_path)
    assert len(points) == 2 * 2 * 2 * 2
    assert "2 seeds" in caption


def test_where_only_one_experiment_was_run_the_others_say_that_they_have_no_records(tmp_path):
    drawings = draw("pvar", made_training(), [], tmp_path)
    assert set(drawings.drawn) == {"answers_training"}
    assert set(drawings.skipped.values()) == {"no records of this experiment"}
