"""The tidy rows as CSV, JSON, parquet, or a LaTeX table of means."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bench.errors import UserError, unknown
from bench.report.format import plus_minus
from bench.report.latex import escape, table_row

if TYPE_CHECKING:
    import pandas as pd

FIRST = ("paper", "experiment", "variant", "profile", "method", "seed", "n", "d", "k", "sigma", "beta")
FORMATS = ("csv", "json", "parquet", "latex")


def export(series: pd.DataFrame, fmt: str, out: Path | None, stream: TextIO | None = None) -> None:
    """Write the tidy series (one row per task and metric) as `fmt`: csv, json, parquet or latex.

    Without `out` it goes to `stream` (standard output by default). CSV, JSON (an array of objects) and parquet keep
    every digit; LaTeX is a booktabs table of mean and 95 % half-width per experiment, method and condition. Raises
    UserError for an unknown format, for parquet without `out`, and for a file that cannot be written.
    """
    if fmt not in FORMATS:
        raise unknown("format", fmt, FORMATS, "--format")
    ordered = _ordered(series)
    if fmt == "parquet":
        if out is None:
            raise UserError("--format parquet is binary and needs a file: --out results.parquet")
        _guarded(out, lambda path: ordered.to_parquet(path, index=False))
        return
    text = _TEXT[fmt](ordered)
    if out is None:
        (stream or sys.stdout).write(text)
    else:
        _guarded(out, lambda path: path.write_text(text, encoding="utf-8"))


def _ordered(series: pd.DataFrame) -> pd.DataFrame:
    first = [name for name in FIRST if name in series.columns]
    last = ["metric", "value"]
    return series[[*first, *(c for c in series.columns if c not in (*first, *last)), *last]]


def _guarded(out: Path, write: Callable[[Path], object]) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write(out)
    except OSError as error:
        raise UserError(f"--out {out}: cannot be written ({error.strerror or error})") from error


def _csv(series: pd.DataFrame) -> str:
    return series.to_csv(index=False)


def _json(series: pd.DataFrame) -> str:
    import json

    rows = [{key: _plain(value) for key, value in row.items()} for row in series.to_dict(orient="records")]
    return json.dumps(rows, indent=0, allow_nan=False) + "\n"


def _plain(value: object) -> object:
    """A JSON value: missing as null; a number that is not finite as its name, since JSON has none."""
    import math

    import numpy as np

    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _latex(series: pd.DataFrame) -> str:
    """One tabular a combination of experiment, variant, profile and metric."""
    head = "% needs \\usepackage{booktabs}; mean and half-width of the 95 % interval over replicates\n"
    tables = series.groupby(["experiment", "variant", "profile", "metric"], sort=True)
    return head + "".join(_tabular(", ".join(map(str, key)), group) for key, group in tables)


def _tabular(name: str, group: pd.DataFrame) -> str:
    """A row a condition, a column a method; the condition columns that do not vary go into a comment above.

    A column that the method and the other columns determine gets no rows of its own.
    """
    import pandas as pd

    from bench.report.drawing import cells

    conditions = [c for c in group.columns if c not in (*FIRST[:6], "metric", "value") and group[c].notna().any()]
    varying = [c for c in conditions if group[c].nunique(dropna=False) > 1]
    for column in reversed(varying):  # beta may follow from the method and n: it then needs no rows of its own
        others = [c for c in varying if c != column]
        if others and group.groupby(["method", *others], dropna=False)[column].nunique(dropna=False).max() == 1:
            varying = others
    fixed = [f"{c} = {_cell(group[c].iloc[0])}" for c in conditions if group[c].nunique(dropna=False) == 1]
    methods = list(dict.fromkeys(group["method"]))
    values: dict[tuple[object, ...], dict[str, str]] = {}
    for row in cells(group, [*varying, "method"]).to_dict(orient="records"):
        condition = tuple(None if pd.isna(row[c]) else row[c] for c in varying)
        values.setdefault(condition, {})[row["method"]] = plus_minus(row["mean"], row["high"] - row["mean"])
    lines = [
        f"\n% {', '.join([name, *fixed])}",
        f"\\begin{{tabular}}{{{'l' * len(varying)}{'r' * len(methods)}}}",
        "\\toprule",
        table_row([*map(escape, varying), *map(escape, methods)]),
        "\\midrule",
        *(table_row([*map(_cell, key), *(row.get(method, "--") for method in methods)]) for key, row in values.items()),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))


_TEXT: Mapping[str, Callable[[pd.DataFrame], str]] = {
    "csv": _csv,
    "json": _json,
    "latex": _latex,
}
