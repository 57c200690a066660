from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.stats.api as sms

from bench.report.drawing import NothingToDrawError, cells, curves, published_curves
from bench.spec import Published


def test_a_cell_has_the_mean_and_the_t_interval_of_its_replicates(series: pd.DataFrame) -> None:
    rows = series[
        (series["experiment"] == "fig2b")
        & (series["method"] == "mle")
        & (series["variant"] == "corrected")
        & (series["metric"] == "squared_sigma_error")
    ]
    table = cells(rows, ["n"])
    assert list(table["n"]) == [10, 20, 40, 80]
    for cell in table.itertuples():
        values = rows.loc[rows["n"] == cell.n, "value"]
        assert cell.mean == pytest.approx(values.mean(), rel=1e-14)
        assert (cell.low, cell.high) == pytest.approx(sms.DescrStatsW(values).tconfint_mean(), rel=1e-10)
        assert cell.replicates == 6


def test_one_replicate_has_no_interval(series: pd.DataFrame) -> None:
    rows = series[(series["metric"] == "squared_sigma_error") & (series["seed"] == 0)]
    one = rows.groupby(["experiment", "variant", "method", "n", "k"], as_index=False).first()
    table = cells(one, ["experiment", "variant", "method", "n", "k"])
    assert table[["low", "high"]].isna().all(axis=None)


def test_curves_are_ordered_by_x_and_kept_apart_by_variant(series: pd.DataFrame) -> None:
    rows = series[series["experiment"] == "fig2b"]
    table = curves(rows, ("l1",), "squared_sigma_error", ["n"], lambda c: 1 / c["n"])
    assert list(table["series"].unique()) == ["l1 corrected", "l1 as_released"]
    for _, curve in table.groupby("series"):
        assert np.all(np.diff(curve["x"]) > 0)


def test_a_metric_nobody_recorded_is_nothing_to_draw(series: pd.DataFrame) -> None:
    with pytest.raises(NothingToDrawError, match="accuracy for mle, l1"):
        curves(series, ("mle", "l1"), "accuracy", ["n"], lambda c: c["n"])


def test_a_published_curve_has_its_reading_error_and_only_what_the_paper_shows(published: list[Published]) -> None:
    from dataclasses import replace

    mine = [p for p in published if p.experiment == "fig2b"]
    rerun = replace(mine[0], known="rerun", value=123.0)
    table = published_curves([*mine, rerun], ("mle",), "squared_sigma_error", lambda c: c["n"])
    assert list(table["y"]) == [0.8, 0.4, 0.2, 0.1]
    assert np.allclose(table["high"] - table["low"], 0.002)
