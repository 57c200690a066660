"""From the deep reward models' accuracies: the fitted parabola, the choice of beta, the gain over beta = 0."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bench.spec import Variant
from bench.verdict.jackknife import derived_rows

Array = NDArray[np.float64]

STRAIGHT = 1e-12  # what is left of a parabola by rounding where there is none, relative to the accuracies


@dataclass(frozen=True)
class Vertex:
    """The extremum of a parabola fitted to accuracy over log10 beta: what Tables 3-4 print, and no run's result."""

    log10_beta: float
    accuracy: float
    maximum: bool  # False where the parabola opens upwards: its vertex is then the worst beta


def quadratic_vertex(betas: ArrayLike, accuracies: ArrayLike) -> Vertex:
    """Least-squares parabola through (log10 beta, accuracy), one point a run, runs with beta = 0 left out.

    The authors' choice of beta* and of the accuracy they report (plotEmpirical.ipynb, cells 3-5).
    Accuracies on a straight line have no vertex: NaN, no maximum. Raises ValueError for fewer than three different
    positive betas.
    """
    beta, accuracy = np.asarray(betas, dtype=float), np.asarray(accuracies, dtype=float)
    parabola = _parabola(beta[beta > 0], accuracy[beta > 0])
    bend = abs(parabola[2]) * np.ptp(np.log10(beta[beta > 0])) ** 2
    if bend <= STRAIGHT * np.abs(accuracy).max():
        return Vertex(math.nan, math.nan, False)
    where = -parabola[1] / (2 * parabola[2])
    return Vertex(float(where), float(parabola(where)), bool(parabola[2] < 0))


def select_beta(series: pd.DataFrame, variant: Variant) -> float:
    """The positive beta that is chosen for one model and dataset, from tidy rows of one variant and profile.

    `as_released`: the beta of the grid nearest (in log10) to the vertex of the test accuracies, as the authors'
    beta*; where the parabola has no maximum, the beta with the best mean test accuracy. `corrected`: the best mean
    validation accuracy over the seeds; of equal ones the larger beta, which is the sparser model.
    Raises ValueError where the rows lack what the choice needs.
    """
    metric = "accuracy" if variant is Variant.AS_RELEASED else "validation_accuracy"
    rows = series[(series["metric"] == metric) & (series["beta"] > 0)]
    if rows.empty:
        raise ValueError(f"no {metric} at a positive beta to select on")
    means = rows.groupby("beta")["value"].mean().sort_index(ascending=False)
    grid, values = means.index.to_numpy(dtype=float), means.to_numpy(dtype=float)
    if variant is Variant.AS_RELEASED and len(grid) >= 3:
        vertex = quadratic_vertex(rows["beta"], rows["value"])
        if vertex.maximum:
            return float(grid[np.abs(np.log10(grid) - vertex.log10_beta).argmin()])
    return float(grid[values.argmax()])


def gains(series: pd.DataFrame) -> pd.DataFrame:
    """Test accuracy of l1 at its selected beta less that of beta = 0, paired by seed, per model and dataset.

    `series` is tidy, of one variant and profile. Columns of the result: seed, model, dataset, beta, difference; a
    model and dataset without runs to select on or to compare with is left out.
    """
    keys = ["seed", "model", "dataset", "beta", "difference"]
    found = []
    for _, cell in series.groupby(["model", "dataset"], sort=True):
        variant = Variant(cell["variant"].iloc[0])
        accuracy = cell[cell["metric"] == "accuracy"]
        if not (accuracy["beta"] > 0).any() or not (accuracy["beta"] == 0).any():
            continue
        sparse = accuracy[accuracy["beta"] == select_beta(cell, variant)]
        dense = accuracy.loc[accuracy["beta"] == 0, ["seed", "value"]]
        pairs = sparse.merge(dense, on="seed", suffixes=("", "_dense"))
        found.append(pairs.assign(difference=pairs["value"] - pairs["value_dense"])[keys])
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=keys)


def fitted_rows(part: pd.DataFrame) -> Iterator[dict[str, object]]:
    """What the paper reads off the fitted parabolas, as further rows of one variant and profile of the series.

    Metrics: `fitted_accuracy` at every positive beta, `best_fitted_accuracy` and `log10_best_fitted_beta` at the
    vertex. The fit is to all seeds, as the authors'; a seed's row holds the jackknife's pseudo-value. No rows for a
    model and dataset with fewer than three positive betas or two seeds that have them all, and none at the vertex
    where a parabola has no maximum.
    """
    rows = part[(part["metric"] == "accuracy") & (part["beta"] > 0)]
    for _, cell in rows.groupby(["model", "dataset"]):
        table = cell.pivot_table(index="seed", columns="beta", values="value").dropna()
        betas = table.columns.to_numpy(dtype=float)
        if len(table) < 2 or len(betas) < 3:
            continue
        base: dict[str, object] = {str(name): value for name, value in cell.iloc[0].items()}
        numbers: list[tuple[str, float, Callable[[Array], float]]] = [
            ("fitted_accuracy", beta, functools.partial(_fitted, betas, beta)) for beta in betas
        ]
        numbers.append(("best_fitted_accuracy", math.nan, functools.partial(_best_accuracy, betas)))
        numbers.append(("log10_best_fitted_beta", math.nan, functools.partial(_best_log10_beta, betas)))
        for metric, beta, number in numbers:
            yield from derived_rows(base | {"beta": beta}, table.index, table.to_numpy(dtype=float), metric, number)


def _fitted(betas: Array, beta: float, accuracies: Array) -> float:
    return float(_parabola(betas, accuracies)(math.log10(beta)))


def _best_accuracy(betas: Array, accuracies: Array) -> float:
    vertex = quadratic_vertex(betas, accuracies)
    return vertex.accuracy if vertex.maximum else math.nan


def _best_log10_beta(betas: Array, accuracies: Array) -> float:
    vertex = quadratic_vertex(betas, accuracies)
    return vertex.log10_beta if vertex.maximum else math.nan


def _parabola(betas: Array, accuracies: Array) -> np.poly1d:
    if len(np.unique(betas)) < 3:
        raise ValueError(f"a parabola needs three different positive betas, got {sorted(set(betas.tolist()))}")
    return np.poly1d(np.polyfit(np.log10(betas), accuracies, 2))
