"""`prefbench report`, `figures` and `export`: made from records alone, nothing is computed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench import papers, paths
from bench.cli.options import ConfigFile, DataDir, Experiments, PaperName, ProfileName, RunsDir, console, selection
from bench.errors import UserError
from bench.spec import Profile, Variant

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from bench.report.figures import Drawings
    from bench.run.plan import Part
    from bench.spec import Paper, Record
    from bench.verdict.published import PublishedTable


OutFolder = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]


def report(
    paper: PaperName,
    profile: ProfileName = Profile.EMBEDDED,
    out: OutFolder = Path("reports"),
    data_dir: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Say what holds: the verdicts in the terminal, and one HTML page with figures and evidence.

    Example: prefbench report sparse
    """
    from bench.report.page import Material, write_page
    from bench.report.terminal import print_verdicts
    from bench.verdict import published as numbers
    from bench.verdict.rule import verdicts
    from bench.verdict.variants import finding

    screen = console()
    chosen = papers.load(paper)
    evidence = _evidence(chosen, [], profile, None, data_dir, runs, screen)
    published = numbers.load(chosen.name)
    scale = Profile(profile)
    ruled = verdicts(chosen, evidence.everything, published, scale, list(Variant))
    drawings = _draw(chosen, evidence.everything, published, out / "figures", [])
    findings = {e.name: finding(evidence.series, e.name) for e in chosen.experiments}
    page = write_page(
        Material(chosen, ruled, published, evidence.records, drawings, findings), out / f"{chosen.name}.html"
    )
    print_verdicts(ruled, chosen, published, screen)
    for experiment in chosen.experiments:
        for sentence in findings[experiment.name]:
            screen.print(f"{experiment.title}, {sentence}")
    screen.print(f"\nPage: {page.absolute()}\nFigures: {(out / 'figures').absolute()}", soft_wrap=True)


def figures(
    paper: PaperName,
    experiment: Experiments = [],  # noqa: B006
    profile: ProfileName = Profile.EMBEDDED,
    out: OutFolder = Path("reports/figures"),
    config: ConfigFile = None,
    data_dir: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Draw the paper's figures from records: PDF, PNG, and the plotted points as CSV.

    Examples:

      prefbench figures sparse

      prefbench figures sparse --experiment fig2a --out my_paper/figures
    """
    from bench.verdict import published as numbers

    screen = console()
    chosen = papers.load(paper)
    for name in experiment:
        chosen.experiment(name)
    evidence = _evidence(chosen, experiment, profile, config, data_dir, runs, screen)
    drawings = _draw(chosen, evidence.everything, numbers.load(chosen.name), out, experiment)
    for drawn in drawings.drawn.values():
        checked = drawn.against_published
        within = f"; {int(checked['within'].sum())} of {len(checked)} published points within tolerance"
        screen.print(f"{drawn.experiment}: {', '.join(map(str, drawn.paths))}{within * bool(len(checked))}")
    for name, reason in drawings.skipped.items():
        screen.print(f"{name}: not drawn: {reason}")


def export(
    paper: PaperName,
    fmt: Annotated[str, typer.Option("--format", "-f", help="csv, json, parquet or latex.")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File. Default: standard output.")] = None,
    experiment: Experiments = [],  # noqa: B006
    profile: ProfileName = Profile.EMBEDDED,
    config: ConfigFile = None,
    data_dir: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Write one tidy row per task and metric, for your own analysis.

    Columns: paper, experiment, variant, profile, method, seed, the condition columns (n, d, k, sigma, beta, ...),
    metric, value.

    Examples:

      prefbench export sparse --format parquet --out sparse.parquet

      prefbench export sparse --experiment fig2b --format latex
    """
    from bench.report.export import export as write

    chosen = papers.load(paper)
    evidence = _evidence(chosen, experiment, profile, config, data_dir, runs, console(stderr=True))
    write(evidence.series, fmt, out)


@dataclass(frozen=True)
class _Evidence:
    records: list[Record]
    series: pd.DataFrame
    everything: pd.DataFrame  # with the rows that the paper derives


def _evidence(
    paper: Paper,
    experiments: list[str],
    profile: str,
    config: Path | None,
    data_dir: Path | None,
    runs: Path | None,
    screen: Console,
) -> _Evidence:
    """The records that answer the plan in force; UserError when there is none."""
    import pandas as pd

    from bench.run.plan import plan
    from bench.run.series import in_force, series
    from bench.run.store import Store

    parts = plan(paper, selection(experiments, [], profile, None, config, data_dir))
    store = Store(paths.runs_dir(runs), paper.name)
    stored = store.read()
    for line in stored.unreadable:
        screen.print(f"[yellow]skipped[/yellow] {line}")
    records = in_force(stored.records.values(), parts)
    for name, count in _left_out(stored.records.values(), records, parts).items():
        screen.print(
            f"[yellow]left out[/yellow] {count} records of {name}: they answer another config, data directory or "
            f"version (prefbench status {paper.name} --why)"
        )
    if not records:
        raise UserError(
            f"no records of {paper.name} at {profile} in {store.folder}\nMake them: prefbench run {paper.name}"
        )
    recorded = series(records)
    return _Evidence(records, recorded, pd.concat([recorded, paper.derive(recorded)], ignore_index=True))


def _draw(paper: Paper, series: pd.DataFrame, published: PublishedTable, out: Path, only: list[str]) -> Drawings:
    from bench.report.figures import draw

    return draw(paper.name, series, published, out, only)


def _left_out(stored: Iterable[Record], kept: list[Record], parts: list[Part]) -> Counter[str]:
    """How many records of each planned experiment do not count, where none of that experiment does."""
    planned = {(task.experiment, task.profile) for part in parts for task in part.tasks}
    counted = {record.task.experiment for record in kept}
    tasks = [record.task for record in stored]
    return Counter(t.experiment for t in tasks if (t.experiment, t.profile) in planned and t.experiment not in counted)
