"""Which beta the deep reward models get, from their accuracies: as the authors choose it, and without the test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.spec import Variant

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Vertex:
    """The extremum of a parabola fitted to accuracy over log10 beta: what Tables 3-4 print, and no run's result."""

    beta: float
    accuracy: float
    maximum: bool  # False where the parabola opens upwards: its vertex is then the worst beta


def quadratic_vertex(betas: Sequence[float], accuracies: Sequence[float]) -> Vertex:
    """Least-squares parabola through (log10 beta, accuracy), one point a run, runs with beta = 0 left out.

    The authors' choice of beta* and of the accuracy they report (plotEmpirical.ipynb, cells 2-4).
    Raises ValueError for fewer than three different positive betas.
    """
    beta, accuracy = np.asarray(betas, dtype=float), np.asarray(accuracies, dtype=float)
    positive = beta > 0
    if len(np.unique(beta[positive])) < 3:
        raise ValueError(f"a parabola needs three different positive betas, got {sorted(set(beta[positive].tolist()))}")
    parabola = np.poly1d(np.polyfit(np.log10(beta[positive]), accuracy[positive], 2))
    a, b, _ = parabola.coeffs if parabola.order == 2 else (0.0, *parabola.coeffs[-2:])
    if a == 0:
        raise ValueError("the accuracies lie on a straight line over log10 beta: no vertex")
    where = -b / (2 * a)
    return Vertex(float(10.0**where), float(parabola(where)), bool(a < 0))


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
    grid = means.index.to_numpy(dtype=float)
    if variant is Variant.AS_RELEASED and len(means) >= 3:
        vertex = quadratic_vertex(rows["beta"].tolist(), rows["value"].tolist())
        if vertex.maximum:
            return float(grid[np.abs(np.log10(grid) - np.log10(vertex.beta)).argmin()])
    return float(grid[means.to_numpy().argmax()])


def gains(series: pd.DataFrame) -> pd.DataFrame:
    """Test accuracy of l1 at its selected beta less that of beta = 0, paired by seed, per model and dataset.

    `series` is tidy, of one variant and profile. Columns of the result: seed, model, dataset, beta, difference; a
    model and dataset without runs to select on or to compare with is left out.
    """
    import pandas as pd

    keys = ["seed", "model", "dataset", "beta", "difference"]
    found = []
    for _, cell in series.groupby(["model", "dataset"], sort=True):
        variant = Variant(cell["variant"].iloc[0])
        accuracy = cell[cell["metric"] == "accuracy"]
        metric = accuracy if variant is Variant.AS_RELEASED else cell[cell["metric"] == "validation_accuracy"]
        if not (metric["beta"] > 0).any() or not (accuracy["beta"] == 0).any():
            continue
        sparse = accuracy[accuracy["beta"] == select_beta(cell, variant)]
        dense = accuracy.loc[accuracy["beta"] == 0, ["seed", "value"]]
        pairs = sparse.merge(dense, on="seed", suffixes=("", "_dense"))
        found.append(pairs.assign(difference=pairs["value"] - pairs["value_dense"])[keys])
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=keys)
