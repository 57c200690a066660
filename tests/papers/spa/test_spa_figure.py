"""SPA's figures are drawn from records alone, and show what they say. `draw` itself holds every line to the records."""

from __future__ import annotations

import pandas as pd
import pytest
from made_spa import as_the_paper_says, series

from bench.report.figures import draw, load
from bench.spec import Variant
from bench.verdict import published

POINTS = {  # of records: cells of the panels, added up
    "table1": 4 * (1 + 3 + 1),
    "table2": 2 * (1 + 3 * 3),
    "table3": 4 * 3 + 4 * 2,
    "table4": 3 * 3 + 3 * 2,
    "table5": 3 + 2,
    "table6": 3 * (1 + 3 * 3),
    "table7": 2 * 5,
    "table10": (1 + 2 * 2) + 2 * (2 + 2 * 2),
    "figure4": 2 * 2 + 2 * 3,
    "controls": 7 + 3 * 2 + 2 * 2,
    "efficiency": 6 + 1,
}


def drawn(experiment, rows, folder, numbers=()):
    """The plotted points and the caption of a figure."""
    drawings = draw("spa", rows, list(numbers), folder, [experiment])
    assert not drawings.skipped
    return pd.read_csv(folder / f"spa-{experiment}.csv"), drawings.drawn[experiment].caption


@pytest.mark.parametrize("experiment", POINTS)
def test_every_policy_is_drawn_with_its_mean_over_seeds(experiment, tmp_path):
    rows = series(experiment)
    points, caption = drawn(experiment, rows, tmp_path)
    records = points[points["kind"] == "records"]
    assert len(records) == POINTS[experiment]
    conditions = [name for name in ("iteration", "gold_percent", "labels", "draw", "model") if name in records]
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
    rows = series(experiment).query("metric == 'length' and method in ['sft', 'instruct']").dropna(axis=1, how="all")
    drawings = draw("spa", rows, [], tmp_path, [experiment])
    assert "no records" in drawings.skipped[experiment]


def test_there_is_a_figure_for_every_experiment():
    assert set(load("spa")) == set(POINTS)


def test_the_loop_is_drawn_in_every_variant(tmp_path):
    points, _ = drawn("table1", series("table1", variants=list(Variant)), tmp_path)
    assert points.groupby("variant")["mean"].size().to_dict() == {
        "as_published": 20,
        "as_released": 12,
        "corrected": 20,
    }
    released = points[(points["variant"] == "as_released") & (points["metric"] == "length")]
    assert released["x"].round().tolist() == [0, 1, 2]


def test_other_figures_show_one_variant_and_name_it(tmp_path):
    points, caption = drawn("table2", series("table2", variants=[Variant.AS_PUBLISHED]), tmp_path)
    assert set(points["variant"]) == {"as_published"}
    assert "Variant: as published." in caption


def test_fewer_seeds_of_one_policy_are_said(tmp_path):
    rows = series("table10").query("seed < 4 or method != 'spa'")
    assert "4 to 6 seeds" in drawn("table10", rows, tmp_path)[1]


def test_where_dpo_equals_spa_is_drawn_and_said(tmp_path):
    points, caption = drawn("efficiency", series("efficiency"), tmp_path)
    (crossing,) = points[points["kind"] == "fit"].to_dict("records")
    assert crossing["low"] < crossing["x"] < crossing["high"]
    assert f"at {crossing['x']:,.0f} labels" in caption


def test_a_crossing_that_was_not_seen_is_not_drawn(tmp_path):
    rows = series("efficiency").query("not labels > 450")
    points, caption = drawn("efficiency", rows, tmp_path)
    assert points.loc[points["kind"] == "fit", "x"].isna().all()
    assert "DPO is not as good as SPA with 450 labels, the most tried" in caption


def test_published_numbers_are_drawn_at_the_papers_scale_only(tmp_path):
    def judged_by_gpt_4(method, condition):
        found = as_the_paper_says(method, condition)
        return {"length": found["length"]} | ({"win_rate": found["gold_reward"] / 20} if len(found) > 2 else {})

    numbers = published.load("spa").experiment("table2")
    rows = series("table2", judged_by_gpt_4)
    for profile, count in (("paper", 3), ("embedded", 0)):
        points, _ = drawn("table2", rows.assign(profile=profile), tmp_path, numbers)
        assert (points["kind"] == "published").sum() == count
