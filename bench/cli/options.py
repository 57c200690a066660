"""The arguments and options that several commands share, and what they resolve to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench import papers, paths
from bench.spec import Profile, Variant

if TYPE_CHECKING:
    from rich.console import Console

    from bench.run.plan import Selection


def _complete_papers() -> list[str]:
    return papers.names()


def _complete_experiments(ctx: typer.Context) -> list[str]:
    name = ctx.params.get("paper")
    return [e.name for e in papers.load(name).experiments] if name in papers.names() else []


PaperName = Annotated[
    str, typer.Argument(metavar="PAPER", help="A paper, see `prefbench list`.", autocompletion=_complete_papers)
]
Experiments = Annotated[
    list[str],
    typer.Option("--experiment", "-e", help="Only this experiment (repeatable).", autocompletion=_complete_experiments),
]
Variants = Annotated[
    list[str],
    typer.Option("--variant", "-v", help="Only this variant (repeatable).", autocompletion=lambda: list(Variant)),
]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile",
        "-p",
        help="Scale: embedded (CPU, minutes), small (one GPU), paper (the paper's own).",
        autocompletion=lambda: list(Profile),
    ),
]
Seeds = Annotated[int | None, typer.Option("--seeds", min=1, help="How many seeds, from 0. Default: the config's.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="A YAML file whose keys override the experiment's config.")
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of real preference data. Default: $PREFBENCH_DATA, or none.")
]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Cores to use. Default: all.")]
Retry = Annotated[bool, typer.Option("--retry", help="Try again what failed before.")]
RunsDir = Annotated[Path | None, typer.Option("--runs", help="Folder of records. Default: $PREFBENCH_RUNS, or ./runs.")]


def selection(
    experiments: list[str],
    variants: list[str],
    profile: str,
    seeds: int | None,
    config: Path | None,
    data_dir: Path | None,
) -> Selection:
    """What the options ask for, with folders resolved."""
    from bench.run.plan import Selection

    return Selection(
        tuple(experiments),
        tuple(variants),
        profile,
        seeds,
        config,
        paths.data_dir(data_dir),
        paths.cache_dir(),
    )


def console(stderr: bool = False) -> Console:
    """Where text goes: as wide as the terminal, 100 columns without one."""
    import sys

    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else 100, highlight=False)
