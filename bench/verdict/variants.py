"""Where the authors' code and the corrected method differ: paired by seed, condition by condition."""

from __future__ import annotations

import pandas as pd

from bench.run.series import IDENTITY
from bench.spec import Variant
from bench.verdict import statistics
from bench.verdict.effects import paired_differences

SHORT = 1e-4  # nats: a solver stops short where its objective lies this far above the certified optimum
MATERIAL = 0.05  # a difference counts where its interval excludes zero and it is this share of the corrected value


def compare_variants(series: pd.DataFrame, experiment: str, metric: str) -> pd.DataFrame:
    """`as_released` minus `corrected` in `metric`, one row per profile, method and condition with enough paired seeds.

    Columns: profile, method, the conditions that the experiment has, seeds, as_released, corrected (means over the
    shared seeds), difference, low, high (its 95 % t interval, paired by seed), material.
    """
    by, pairs = _pairs(series, experiment, metric)
    released, corrected = str(Variant.AS_RELEASED), str(Variant.CORRECTED)
    found = []
    for key, cell in pairs.groupby(by, sort=True, dropna=False):
        if len(cell) < statistics.MINIMUM_REPLICATES:
            continue
        mean, low, high = map(float, statistics.mean_interval(cell["difference"].to_numpy()))
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
    """One sentence a method: where the released solver stops short, by how much objective and error differ.

    The corrected objective is certified, so an excess over it is a fact about that problem and needs no test; what
    that does to error or accuracy is judged over seeds (`compare_variants`).
    """
    _, objective = _pairs(series, experiment, "objective")
    quality = [
        (name, compare_variants(series, experiment, metric))
        for metric, name in (("squared_sigma_error", "squared error"), ("accuracy", "accuracy"))
    ]
    sentences = []
    for method, problems in objective.groupby("method", sort=True):
        excess = problems["difference"][problems["difference"] > SHORT]
        said = f"{method}: the released solver reaches the optimum on all {len(problems)} problems"
        if len(excess):
            said = (
                f"{method}: the released solver stops short of the optimum on {len(excess)} of {len(problems)} "
                f"problems, its objective there higher by {excess.mean():.2g} on average and up to {excess.max():.2g}"
            )
        changes = [_change(name, rows[rows["method"] == method]) for name, rows in quality]
        sentences.append("; ".join([said, *filter(None, changes)]) + ".")
    return sentences


def _pairs(series: pd.DataFrame, experiment: str, metric: str) -> tuple[list[str], pd.DataFrame]:
    """The columns that make a condition, and `paired_differences` of the two variants over them."""
    rows = series[series["experiment"] == experiment]
    fixed = (*IDENTITY, "metric", "value")
    by = ["profile", "method", *(name for name in rows.columns if name not in fixed and rows[name].notna().any())]
    released, corrected = str(Variant.AS_RELEASED), str(Variant.CORRECTED)
    return by, paired_differences(rows, metric=metric, on="variant", left=released, right=corrected, by=by)


def _change(name: str, cells: pd.DataFrame) -> str:
    """How a measure of quality differs materially, in words; nothing where it was not measured."""
    if cells.empty:
        return ""
    parts = []
    for word, side in (("higher", cells["difference"] > 0), ("lower", cells["difference"] < 0)):
        chosen = cells[cells["material"] & side]
        if len(chosen):
            relative = chosen["difference"].abs() / chosen[str(Variant.CORRECTED)]
            parts.append(f"{word} by {_range(relative, percent=True)} at {len(chosen)}")
    if not parts:
        return f"its {name} does not differ materially anywhere ({_conditions(len(cells))})"
    return f"its {name} is {' and '.join(parts)} of {_conditions(len(cells))}"


def _conditions(count: int) -> str:
    return f"{count} condition{'s' * (count != 1)}"


def _range(values: pd.Series, *, percent: bool = False) -> str:
    show = "{:.0%}" if percent else "{:.2g}"
    low, high = show.format(values.min()), show.format(values.max())
    return low if low == high else f"{low} to {high}"
