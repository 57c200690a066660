"""The figures on images are drawn from records alone; `draw` itself holds every point to them."""

from __future__ import annotations

import made_pal_images as made
import pandas as pd
import pytest

from bench.report.figures import draw
from bench.verdict.published import load

ROWS = {"pickapic": made.picks, "pickafilter": made.filters, "sizes": made.sizes}


def drawn(experiment, rows, folder, published=()):
    """The plotted points."""
    drawings = draw("pal", rows, published, folder, [experiment])
    assert not drawings.skipped
    return pd.read_csv(folder / f"pal-{experiment}.csv")


def test_every_model_has_a_dot_for_seen_and_for_unseen_people_the_best_on_top(tmp_path):
    points = drawn("pickapic", made.picks(), tmp_path)
    assert len(points) == 2 * 8
    for _, panel in points.groupby("metric"):
        assert panel.sort_values("y", ascending=False)["mean"].is_monotonic_decreasing
        assert panel["method"].iloc[panel["y"].argmin()] == "cosine"


def test_every_model_has_a_line_over_beta(tmp_path):
    points = drawn("pickafilter", made.filters(), tmp_path)
    assert len(points) == 2 * 10 * 6
    for _, line in points.groupby("series"):
        assert list(line["beta"]) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        assert list(line["x"]) == pytest.approx(list(line["beta"]), abs=0.05)
        assert list(line["y"]) == list(line["mean"])


def test_counts_stand_in_their_published_squares(tmp_path):
    points = drawn("sizes", made.sizes(), tmp_path, load("pal").experiment("sizes"))
    ours = points[(points["kind"] == "records") & (points["metric"] == "learned_parameters")]
    theirs = points[points["kind"] == "published"]
    assert len(ours) == len(theirs) == 8
    assert dict(zip(ours["y"], ours["x"], strict=True)) == dict(zip(theirs["y"], theirs["x"], strict=True))
    (whole,) = points.loc[points["metric"] == "encoder_parameters", "x"]
    assert whole == 986_109_441


@pytest.mark.parametrize("experiment", ROWS)
def test_without_records_it_says_so(experiment, tmp_path):
    drawings = draw("pal", ROWS[experiment]().query("metric == 'other'"), [], tmp_path, [experiment])
    assert "no records" in drawings.skipped[experiment]
