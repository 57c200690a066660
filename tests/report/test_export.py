from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.errors import UserError
from bench.report.export import export


def _text(series: pd.DataFrame, fmt: str) -> str:
    stream = io.StringIO()
    export(series, fmt, None, stream)
    return stream.getvalue()


def test_csv_leads_with_identity_and_conditions_and_keeps_every_digit(series: pd.DataFrame) -> None:
    back = pd.read_csv(io.StringIO(_text(series, "csv")))
    assert list(back.columns) == [
        *("paper", "experiment", "variant", "profile", "method", "seed"),
        *("n", "d", "k", "sigma", "beta", "metric", "value"),
    ]
    assert np.array_equal(back["value"], series["value"])
    assert np.array_equal(back["beta"], series["beta"])


def test_json_is_an_array_of_objects_with_every_digit_and_null_for_missing(series: pd.DataFrame) -> None:
    some = series.head(3).copy()
    some.loc[some.index[1], "beta"] = np.nan
    rows = json.loads(_text(some, "json"))
    assert [row["value"] for row in rows] == list(some["value"])
    assert rows[1]["beta"] is None
    assert rows[0]["metric"] == some["metric"].iloc[0]


def test_parquet_keeps_values_and_types(series: pd.DataFrame, tmp_path: Path) -> None:
    export(series, "parquet", tmp_path / "new" / "rows.parquet")
    back = pd.read_parquet(tmp_path / "new" / "rows.parquet")
    pd.testing.assert_frame_equal(back, series[list(back.columns)], check_dtype=False, check_exact=True)


def test_latex_has_a_column_a_method_and_mean_and_half_width(series: pd.DataFrame) -> None:
    rows = series[(series["experiment"] == "fig2b") & (series["variant"] == "corrected")]
    text = _text(rows[rows["metric"] == "squared_sigma_error"], "latex")
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1
    body = re.findall(r"^(10 .*) \\\\$", text, flags=re.MULTILINE)
    (line,) = body
    cells = [cell.strip() for cell in line.split("&")]
    assert len(cells) == 3  # n and the two methods: beta follows from n
    mean, half = map(float, re.fullmatch(r"\$([\d.]+) \\pm ([\d.]+)\$", cells[-1]).groups())  # type: ignore[union-attr]
    values = rows[(rows["n"] == 10) & (rows["metric"] == "squared_sigma_error")].groupby("method")["value"]
    assert min(abs(values.mean() - mean)) <= half / 10
    assert half > 0


def test_latex_escapes_what_latex_would_take_for_commands(series: pd.DataFrame) -> None:
    rows = series[series["metric"] == "squared_sigma_error"].head(4).assign(method="a_b%&", dataset="50% \\x")
    text = _text(rows, "latex")
    table = text[text.index(r"\toprule") :]
    assert r"a\_b\%\&" in table


def test_parquet_without_a_file_and_unknown_formats_say_what_to_do(series: pd.DataFrame) -> None:
    with pytest.raises(UserError, match=r"--out results\.parquet"):
        export(series, "parquet", None)
    with pytest.raises(UserError, match="Did you mean 'parquet'"):
        export(series, "parket", None)


def test_a_file_that_cannot_be_written_is_a_user_error(series: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        export(series, "csv", tmp_path)
