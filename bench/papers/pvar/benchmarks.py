"""Win rates on text: AlpacaEval's and Arena-Hard's, of which a record has both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

WORTH = "win_rate_over_sft"
ON_TEXT = ("length_controlled_win_rate", "arena_hard_win_rate")  # instead, where nobody compares with the SFT policy
PLAIN: Mapping[str, str] = MappingProxyType({"win_rate": "alpaca_eval", "arena_hard_win_rate": "arena_hard"})


def measured(series: pd.DataFrame, metrics: Sequence[str]) -> list[str]:
    """The metrics; for `WORTH`, where no record has it, those of both benchmarks."""
    absent = WORTH not in set(series["metric"])
    return [name for metric in metrics for name in (ON_TEXT if absent and metric == WORTH else (metric,))]


def by_benchmark(series: pd.DataFrame) -> pd.DataFrame:
    """The plain win rates again, as the paper's tables have them: one metric, `win_rate`, and a column `benchmark`."""
    rows = series[series["metric"].isin(tuple(PLAIN))]
    if rows.empty:
        return rows
    return rows.assign(benchmark=rows["metric"].map(PLAIN), metric="win_rate")
