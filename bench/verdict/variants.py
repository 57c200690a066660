"""Where the authors' code and the corrected method differ: paired by seed, condition by condition."""

from __future__ import annotations

import pandas as pd

from bench.run.series import IDENTITY
from bench.spec import Variant
from bench.verdict import statistics
from bench.verdict.effects import paired_differences

MATERIAL = 0.05  # a difference counts where its interval excludes zero and it is this share of the corrected value


def compare_variants(series: pd.DataFrame, experiment: str, metric: str) -> pd.DataFrame:
    """`as_released` minus `corrected` in `metric`, one row per profile, method and condition with enough paired seeds.

    Columns: profile, method, the conditions that the experiment has, seeds, as_released, corrected (means over the
    shared seeds), difference, low, high (its 95 % interval, paired by seed: `statistics.paired_interval`), material.
    """
    rows = series[series["experiment"] == experiment]
    fixed = (*IDENTITY, "metric", "value")
    conditions = [name for name in rows.columns if name not in fixed and rows[name].notna().any()]
    by = ["profile", "method", *conditions]
    released, corrected = str(Variant.AS_RELEASED), str(Variant.CORRECTED)
    pairs = paired_differences(rows, metric=metric, on="variant", left=released, right=corrected, by=by)
    found = []
    for key, cell in pairs.groupby(by, sort=True, dropna=False):
        if len(cell) < statistics.MINIMUM_REPLICATES:
            continue
        mean, low, high = statistics.paired_interval(cell["difference"].to_numpy())
        ours = float(cell["right"].mean())
        found.append(
            {
                **dict(zip(by, key, strict=True)),
                "seeds": len(cell),
                released: float(cell["left"].mean()),
                corrected: ours,
                "difference": mean,
                "low": low,
                "high": high,
                "material": (low > 0 or high < 0) and abs(mean) >= MATERIAL * abs(ours),
            }
        )
    columns = [*by, "seeds", released, corrected, "difference", "low", "high", "material"]
    return pd.DataFrame(found, columns=columns)


def finding(series: pd.DataFrame, experiment: str) -> list[str]:
    """One sentence a method: where the released solver stops short, by how much objective and error differ."""
    objective = compare_variants(series, experiment, "objective")
    error = compare_variants(series, experiment, "squared_sigma_error")
    sentences = []
    for method, cells in objective.groupby("method", sort=True):
        short = cells[cells["low"] > 0]
        if short.empty:
            sentences.append(
                f"{method}: the released solver is not shown to stop short at any of {len(cells)} conditions."
            )
            continue
        said = (
            f"{method}: the released solver stops short of the optimum at {len(short)} of {len(cells)} conditions, "
            f"with an objective higher by {_range(short['difference'])}"
        )
        sentences.append(f"{said}; {_error_in_words(error[error['method'] == method])}.")
    return sentences


def _error_in_words(cells: pd.DataFrame) -> str:
    material = cells[cells["material"]]
    if material.empty:
        return "no condition shows a material change of the squared error"
    parts = []
    for word, chosen in (
        ("larger", material[material["difference"] > 0]),
        ("smaller", material[material["difference"] < 0]),
    ):
        if len(chosen):
            relative = chosen["difference"].abs() / chosen[str(Variant.CORRECTED)]
            parts.append(f"{word} by {_range(relative, percent=True)} at {len(chosen)} of {len(cells)} conditions")
    return "its squared error is " + " and ".join(parts)


def _range(values: pd.Series, *, percent: bool = False) -> str:
    show = "{:.0%}" if percent else "{:.2g}"
    low, high = show.format(values.min()), show.format(values.max())
    return low if low == high else f"{low} to {high}"
