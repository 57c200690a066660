"""Runs a paper's plotting script: loads it by path, draws what the records allow, checks what was drawn, writes it.

The contract of `figures/<paper>.py`: a dictionary `FIGURES` from experiment name to a function
`(series, published) -> Drawing`, which raises `NothingToDrawError` when the records lack what it needs.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.errors import UserError, unknown
from bench.paths import resource
from bench.report.drawing import FIXED_COLUMNS, Drawing, NothingToDrawError, tolerance
from bench.report.svg import svg_text
from bench.spec import Published

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Plot = Callable[[pd.DataFrame, Sequence[Published]], Drawing]

RECORD_TOLERANCE = 1e-12  # relative; the drawing and the check add up the same numbers in a different order


@dataclass(frozen=True)
class Drawn:
    """One figure as written: its files, its SVG for a page, its caption, and how it holds against the published."""

    experiment: str
    paths: tuple[Path, ...]
    svg: str
    caption: str
    against_published: pd.DataFrame  # see `check_published`


@dataclass(frozen=True)
class Drawings:
    """All figures of a paper: those drawn, and for the others why not."""

    drawn: Mapping[str, Drawn]
    skipped: Mapping[str, str]

    @property
    def paths(self) -> list[Path]:
        """Every file written."""
        return [path for figure in self.drawn.values() for path in figure.paths]


class FigureMismatchError(Exception):
    """A figure does not show what the records say. A fault of the plotting script, never of the user."""


def draw(
    paper: str,
    series: pd.DataFrame,
    published: Sequence[Published],
    out_dir: Path,
    only: Sequence[str] = (),
) -> Drawings:
    """Draw the figures of `paper` from the tidy series: a PDF, a PNG (300 dpi) and the plotted points (CSV) for each.

    `series` holds the records of one profile. `only` names experiments; by default all. A figure whose records are
    missing is skipped, with the reason.
    Raises UserError for a paper without a plotting script, an unknown figure or a folder that cannot be written;
    FigureMismatchError when a figure does not show the means of the records; ValueError for more than one profile.
    """
    if series["profile"].nunique() > 1:
        raise ValueError(f"one figure cannot mix profiles, got {', '.join(sorted(series['profile'].unique()))}")
    figures = load(paper)
    for name in only:
        if name not in figures:
            raise unknown("figure", name, figures, paper)
    drawn: dict[str, Drawn] = {}
    skipped: dict[str, str] = {}
    for name in only or figures:
        mine = series[series["experiment"] == name]
        if mine.empty:
            skipped[name] = "no records of this experiment"
            continue
        try:
            drawing = figures[name](mine, [p for p in published if p.experiment == name])
        except NothingToDrawError as why:
            skipped[name] = str(why)
            continue
        check_records(drawing, mine)
        stem = out_dir / f"{paper}-{name}"
        drawn[name] = Drawn(
            experiment=name,
            paths=_write(drawing, stem),
            svg=svg_text(drawing.figure, name, title=f"{paper} {name}. {drawing.caption}"),
            caption=drawing.caption,
            against_published=check_published(drawing, published, name),
        )
    return Drawings(drawn, skipped)


def load(paper: str) -> dict[str, Plot]:
    """The `FIGURES` of `figures/<paper>.py`. Raises UserError when there is no such script."""
    folder = resource("figures")
    path = folder / f"{paper}.py"
    if not path.is_file():
        scripts = [p.stem for p in folder.glob("*.py") if "FIGURES" in p.read_text(encoding="utf-8")]
        raise unknown("plotting script", paper, scripts, str(folder))
    module = _import(path)
    figures: dict[str, Plot] = module.FIGURES
    return figures


def _import(path: Path) -> ModuleType:
    """The script as a module; its folder is importable meanwhile, as when the script is run by itself."""
    spec = importlib.util.spec_from_file_location(f"prefbench_figures_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def check_records(drawing: Drawing, series: pd.DataFrame) -> None:
    """Hold the drawing to the records: every `records` row is the plain mean of its cell, and every line is its rows.

    `series` is the tidy table of the figure's experiment. Raises FigureMismatchError for the first point that is off.
    """
    rows = drawing.plotted[drawing.plotted["kind"] == "records"]
    conditions = [c for c in rows.columns if c not in FIXED_COLUMNS]
    for _, row in rows.iterrows():
        chosen = series
        for column in ("method", "variant", "metric", *conditions):
            if pd.notna(row[column]):
                chosen = chosen[chosen[column] == row[column]]
        mean = float(chosen["value"].astype(float).mean()) if len(chosen) else np.nan
        if not abs(row["mean"] - mean) <= RECORD_TOLERANCE * max(1.0, abs(mean)):
            raise FigureMismatchError(
                f"'{row['series']}' at x = {row['x']:g}: plots {row['mean']!r}, the records say {mean!r}"
            )
    _check_lines(drawing.figure, drawing.plotted)


def _check_lines(figure: Figure, plotted: pd.DataFrame) -> None:
    lines = {str(line.get_gid()): line for axes in figure.axes for line in axes.get_lines() if line.get_gid()}
    drawn = plotted[plotted["kind"] == "records"]
    for name in map(str, drawn["series"].unique()):
        rows = drawn[drawn["series"] == name]
        if name not in lines:
            raise FigureMismatchError(f"'{name}' is in the table of plotted points, and no line draws it")
        if not np.array_equal(lines[name].get_xydata(), rows[["x", "y"]].to_numpy(dtype=float), equal_nan=True):
            raise FigureMismatchError(f"'{name}': the line does not go through the points in the table")


def check_published(drawing: Drawing, published: Sequence[Published], experiment: str) -> pd.DataFrame:
    """Each published number that the figure draws, beside our point of the variant that made it.

    Columns: `id`, `point` (the condition in words), `variant`, `plotted`, `published`, `tolerance`, `within`. The
    tolerance is the number's equivalence margin, or the error of reading it where that is larger. Numbers that are
    not in the paper (`rerun`) are left to the verdicts.
    """
    ours = drawing.plotted[drawing.plotted["kind"] != "published"].dropna(subset=["metric", "mean"])
    found = []
    for number in published:
        if number.experiment != experiment or number.value is None or number.known == "rerun":
            continue
        chosen = ours[(ours["method"] == number.method) & (ours["metric"] == number.metric)]
        for column, value in number.condition.items():
            if column in chosen.columns:
                chosen = chosen[(chosen[column] == value) | chosen[column].isna()]
        made = chosen[chosen["variant"].isin(map(str, number.variants)) | chosen["variant"].isna()]
        if made.empty:
            continue
        order = [*map(str, number.variants)]
        point = min(made.to_dict("records"), key=lambda p: order.index(p["variant"]) if p["variant"] in order else -1)
        allowed = tolerance(number)
        found.append(
            {
                "id": number.id,
                "point": ", ".join(f"{key} = {value}" for key, value in number.condition.items()),
                "variant": point["variant"],
                "plotted": point["mean"],
                "published": number.value,
                "tolerance": allowed,
                "within": abs(point["mean"] - number.value) <= allowed,
            }
        )
    return pd.DataFrame(found, columns=["id", "point", "variant", "plotted", "published", "tolerance", "within"])


def _write(drawing: Drawing, stem: Path) -> tuple[Path, ...]:
    pdf, png, csv = (stem.with_name(f"{stem.name}.{ending}") for ending in ("pdf", "png", "csv"))
    try:
        stem.parent.mkdir(parents=True, exist_ok=True)
        drawing.figure.savefig(pdf, metadata={"CreationDate": None})
        drawing.figure.savefig(png, dpi=300)
        drawing.plotted.to_csv(csv, index=False)
    except OSError as error:
        raise UserError(f"{stem.parent}: cannot write figures there ({error.strerror or error})") from error
    return pdf, png, csv
