"""What was measured, as arrays of entrants by seeds, with gaps where a run has no record.

Seeds are the unit of replication: every entrant sees the same data on one seed, so that entrants are compared seed by
seed. A run that failed takes its seed from its own entrant, and from those whom it is compared with there; from nobody
else. The notes name who lacks which seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.compare.results import Results
from bench.errors import UserError, unknown
from bench.evaluate.label_efficiency import areas

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Paired:
    """The measure of one task; E entrants, S seeds, B budgets."""

    task: str
    entrants: tuple[str, ...]
    seeds: tuple[int, ...]
    budgets: tuple[int, ...]  # ascending
    values: Array  # (E, S, B); NaN: no record
    overlap: float = 0.0  # rows held out over rows learnt from, where every seed splits the same data anew

    @property
    def areas(self) -> Array:
        """(E, S): the mean over log(labels), in the measure's unit; of one budget the value there. NaN where one is."""
        if len(self.budgets) == 1:
            single: Array = self.values[:, :, 0]
            return single
        return np.array([areas(self.budgets, curves) for curves in self.values])


def paired(results: Results) -> tuple[tuple[Paired, ...], tuple[str, ...]]:
    """The measures of all tasks on which something can be compared, in the order of `measures`; and what was left out.

    Raises UserError, naming the record, for values that are not finite, for two records of the same run, and for
    tasks and entrants that the results do not describe.
    """
    names = tuple(entrant.name for entrant in results.entrants)
    for kind, valid in (("task", tuple(results.measures)), ("entrant", names)):
        strange = results.rows[~results.rows[kind].isin(valid)]
        if len(strange):
            raise unknown(kind, strange[kind].iloc[0], valid, str(strange["record"].iloc[0]))
    kept, notes = [], []
    for task, measure in results.measures.items():
        of_task = results.rows[results.rows["task"] == task]
        found = metric_rows(of_task, measure.metric)
        if len(found) == 0 and len(of_task):
            raise UserError(f"{of_task['record'].iloc[0]}: no metric '{measure.metric}', which {task} is measured by")
        one, said = _task(task, found, names, results.overlaps.get(task, 0.0))
        notes += said
        if one is not None:
            kept.append(one)
    return tuple(kept), tuple(notes)


def metric_rows(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows of one metric. Raises UserError, naming the record, for repeated runs and values that are not finite."""
    found = rows[rows["metric"] == metric]
    broken = found[~np.isfinite(found["value"].to_numpy(dtype=float))]
    if len(broken):
        row = broken.iloc[0]
        raise UserError(f"{row['record']}: {metric} is {row['value']}; statistics need finite values")
    run = ["task", "entrant", "budget", "seed"]
    repeated = found[found.duplicated(run, keep=False)]
    if len(repeated):
        row = repeated.iloc[0]
        same = repeated[(repeated[run] == row[run]).all(axis=1)]["record"]
        what = f"{row['entrant']} on {row['task']}, {row['budget']} labels, seed {row['seed']}"
        raise UserError(f"{what}: two records of the same run, {same.iloc[0]} and {same.iloc[1]}")
    return found


def _task(task: str, rows: pd.DataFrame, names: Sequence[str], overlap: float) -> tuple[Paired | None, list[str]]:
    """One task's arrays, None without records, and who lacks what."""
    if not len(rows):
        return None, [f"{task}: there are no records"]
    budgets = sorted({int(budget) for budget in rows["budget"]})
    seeds = sorted({int(seed) for seed in rows["seed"]})
    present = set(rows["entrant"])
    entrants = [name for name in names if name in present]
    array = np.full((len(entrants), len(seeds), len(budgets)), np.nan)
    for name, seed, budget, value in zip(rows["entrant"], rows["seed"], rows["budget"], rows["value"], strict=True):
        array[entrants.index(name), seeds.index(seed), budgets.index(budget)] = value
    notes = [f"{task}: {name} has no record, and takes no part there" for name in names if name not in present]
    for name, whole in zip(entrants, np.isfinite(array).all(axis=2), strict=True):
        lacking = [seed for seed, there in zip(seeds, whole, strict=True) if not there]
        if lacking and len(lacking) == len(seeds):
            notes.append(f"{task}: {name} has no seed with all budgets, so it has no area and no differences there")
        elif lacking:
            notes.append(
                f"{task}: {name} lacks {_words(lacking)}; its means are over the seeds it has, which may be the easier "
                "ones, and are not called best"
            )
    return Paired(task, tuple(entrants), tuple(seeds), tuple(budgets), array, overlap), notes


def _words(seeds: Sequence[int]) -> str:
    return ("seed " if len(seeds) == 1 else "seeds ") + ", ".join(map(str, seeds))
