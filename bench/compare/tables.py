"""The tables of a comparison as CSV, every digit kept: tidy rows of records, cells, differences, what stands beside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.compare.results import Results, Tournament, Value
from bench.compare.words import facing

if TYPE_CHECKING:
    import pandas as pd


PAIRED = "paired t, over independent seeds"
RESAMPLED = "corrected resampled t (Nadeau and Bengio 2003): every seed splits the same data anew"


def write_tables(results: Results, tournament: Tournament, out: Path) -> list[Path]:
    """Write results.csv (a row per record and metric), and the three tables below, to the folder `out`."""
    tables = {
        "results.csv": results.rows,
        "table.csv": cells(results, tournament),
        "differences.csv": differences(results, tournament),
        "beside.csv": beside(results, tournament),
    }
    for name, table in tables.items():
        table.to_csv(out / name, index=False)
    return [out / name for name in tables]


def cells(results: Results, tournament: Tournament) -> pd.DataFrame:
    """A row per task, entrant and budget; `budget` is `area` for the area under the curve.

    `within_seed` is 1.96 standard errors within the seeds, prompts clustered, where there are too few seeds for an
    interval. `overlap` above 0 says that every seed splits the same data anew, which the intervals are corrected for.
    """
    import pandas as pd

    entrants = {entrant.name: entrant for entrant in results.entrants}
    return pd.DataFrame(
        [
            {
                "task": cell.task,
                "measure": results.measures[cell.task].metric,
                "entrant": cell.entrant,
                "own": entrants[cell.entrant].own,
                **entrants[cell.entrant].parts,
                "budget": "area" if cell.budget is None else cell.budget,
                **_value("mean", cell.mean),
                "within_seed": cell.within,
                "seeds": cell.seeds,
                "seeds_missing": cell.missing,
                "overlap": results.overlaps.get(cell.task, 0.0),
                "best": cell.best,
            }
            for cell in tournament.cells
        ]
    )


def differences(results: Results, tournament: Tournament) -> pd.DataFrame:
    """A row per task and pair: `left` less `right`, with the verdict on `left`, and the test that it is by."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "task": one.task,
                "left": one.left,
                "right": one.right,
                "verdict": facing(one, one.left).verdict,
                **_value("difference", one.difference),
                "p": one.p,
                "p_holm": one.adjusted,
                **_value("probability_of_improvement", one.improvement),
                "label_ratio_from": one.labels.low_value if one.labels else None,
                "label_ratio_to": one.labels.high_value if one.labels else None,
                "label_ratio_low": one.labels.low if one.labels else None,
                "label_ratio_high": one.labels.high if one.labels else None,
                "label_ratio_note": one.labels.note if one.labels else "",
                "minimum_detectable": one.detectable,
                "seeds": one.seeds,
                "seeds_missing": one.missing,
                "test": RESAMPLED if results.overlaps.get(one.task, 0.0) else PAIRED,
                "overlap": results.overlaps.get(one.task, 0.0),
            }
            for one in tournament.differences
        ]
    )


def beside(results: Results, tournament: Tournament) -> pd.DataFrame:
    """A row per task, entrant and metric beside the measure, with the most labels; landmarks have no entrant."""
    import pandas as pd

    columns = ["task", "entrant", "metric", "budget", "mean", "mean_low", "mean_high", "seeds"]
    found = [
        {
            "task": one.task,
            "entrant": one.entrant,
            "metric": results.measures[one.task].beside[one.metric],
            "budget": one.budget,
            **_value("mean", one.mean),
            "seeds": one.seeds,
        }
        for one in tournament.beside
    ]
    marks = [{"task": one.task, "entrant": "", "metric": one.words, "mean": one.value} for one in tournament.landmarks]
    return pd.DataFrame([*found, *marks], columns=columns)


def _value(name: str, value: Value) -> dict[str, float]:
    return {name: value.value, f"{name}_low": value.low, f"{name}_high": value.high}
