"""What most of PAL's claims are: one method above another, each seed with itself."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bench.spec import Effect
from bench.verdict import effects
from bench.verdict.contrasts import Side, differences


def above(
    series: pd.DataFrame,
    *,
    metric: str,
    left: Side,
    right: Side,
    by: Sequence[str] = (),
    margin: float = 0.0,
    right_metric: str = "",
    unit: str = "",
) -> Effect | None:
    """`left` less `right`, paired by seed and the columns `by`, plus `margin`; None where rows are missing.

    It is to be positive at every value of `by`: with a margin, `left` is to be no further below `right` than that.
    `right_metric` is the metric of `right` where it is another.
    """
    table = differences(series, left, right, by, metric, right_metric)
    if table.empty:
        return None
    named = f"{metric.replace('_', ' ')}, {left[0]} less {right[0]}" + (f", plus {margin:g}" if margin else "")
    table = table.assign(difference=table["difference"] + margin)
    return effects.ordering_effect(table, list(by), unit=unit or named)
