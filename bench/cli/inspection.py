"""`prefbench list`, `status` and `doctor`: what there is, where it stands, what this machine can run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from bench import papers, paths
from bench.cli.options import (
    ConfigFile,
    DataDir,
    Experiments,
    PaperName,
    ProfileName,
    RunsDir,
    Seeds,
    Variants,
    console,
    selection,
)
from bench.spec import Profile

if TYPE_CHECKING:
    from pathlib import Path

    from bench.run.status import Standing


def list_papers(
    paper: Annotated[
        str | None, typer.Argument(help="A paper, for its experiments.", autocompletion=papers.names)
    ] = None,
) -> None:
    """List the papers, or the experiments, variants and methods of one.

    Example: prefbench list sparse
    """
    from rich.table import Table

    screen = console()
    if paper is None:
        table = Table("paper", "title", "slot", "venue", box=None, pad_edge=False, header_style="bold")
        for one in map(papers.load, papers.names()):
            table.add_row(one.name, one.title, one.slot, one.venue)
        screen.print(table)
        screen.print("\n`prefbench list PAPER` shows its experiments; `prefbench run PAPER` runs them.")
        return
    chosen = papers.load(paper)
    screen.print(f"[bold]{chosen.title}[/bold]\n{chosen.authors}, {chosen.venue}. {chosen.url}\n{chosen.idea}\n")
    for experiment in chosen.experiments:
        screen.print(f"[bold]{experiment.name}[/bold]  {experiment.title}. {experiment.shows}")
        screen.print(f"  profiles     {', '.join(experiment.profiles)}")
        for variant, line in experiment.variants.items():
            screen.print(f"  {variant:<12} {line}")
    screen.print("\n[bold]methods[/bold]")
    for name, line in chosen.methods.items():
        screen.print(f"  {name:<12} {line}")


def status(
    paper: PaperName,
    why: Annotated[bool, typer.Option("--why", help="Say in words why each task stands where it does.")] = False,
    experiment: Experiments = [],  # noqa: B006
    variant: Variants = [],  # noqa: B006
    profile: ProfileName = Profile.EMBEDDED,
    seeds: Seeds = None,
    config: ConfigFile = None,
    data_dir: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Show what is done, missing, stale or failed.

    Example: prefbench status sparse --experiment fig2b --why
    """
    from rich.table import Table

    from bench.run.plan import plan
    from bench.run.status import State, standings
    from bench.run.store import Store

    chosen, screen = papers.load(paper), console()
    parts = plan(chosen, selection(experiment, variant, profile, seeds, config, data_dir))
    store = Store(paths.runs_dir(runs), chosen.name)
    stored = store.read()
    table = Table("experiment", "variant", box=None, pad_edge=False, header_style="bold")
    for state in State:
        table.add_column(state, justify="right")
    reasons: list[tuple[str, list[Standing]]] = []
    for part in parts:
        name = f"{part.experiment.name} {part.variant}"
        if part.unavailable:
            screen.print(f"not run here: {name}: {part.unavailable}", markup=False)
            continue
        where = standings(part, stored)
        counts = Counter(standing.state for standing in where)
        table.add_row(part.experiment.name, part.variant, *(str(counts[state]) for state in State))
        reasons.append((name, where))
    screen.print(table)
    for line in stored.unreadable:
        screen.print(f"[yellow]skipped[/yellow] {line}")
    screen.print(f"Records: {store.folder}")
    if why:
        for name, where in reasons:
            _explain(name, where)


def _explain(name: str, where: list[Standing]) -> None:
    """The reasons of one part, equal ones together, with an example task each."""
    from bench.run.status import State

    screen = console()
    groups: dict[tuple[str, str], list[Standing]] = {}
    for standing in where:
        reason = (
            "recorded, and nothing that the result depends on has changed"
            if standing.state == State.DONE
            else standing.why
        )
        groups.setdefault((standing.state, reason), []).append(standing)
    screen.print(f"\n[bold]{name}[/bold]")
    for (state, reason), members in groups.items():
        screen.print(f"  {len(members)} {state}: {reason}")
        screen.print(f"    e.g. {members[0].task.label()} ({members[0].task.id[:12]})", style="dim")


def doctor(data_dir: DataDir = None, runs: RunsDir = None) -> None:
    """Say what this machine has, and what each profile needs.

    Example: prefbench doctor
    """
    from rich.table import Table

    from bench import environment

    screen, hardware = console(), environment.hardware()
    data, records = paths.data_dir(data_dir), paths.runs_dir(runs)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("processor", f"{hardware['processor']}, {hardware['cores']} cores")
    table.add_row("memory", f"{hardware['memory_bytes'] / 2**30:.0f} GiB")
    table.add_row("GPUs", "; ".join(hardware["gpus"]) or "none")
    table.add_row("free disk", f"{environment.free_disk(records) / 2**30:.0f} GiB for records in {records}")
    table.add_row("cache", f"{environment.free_disk(paths.cache_dir()) / 2**30:.0f} GiB in {paths.cache_dir()}")
    table.add_row("data directory", _datasets(data) if data else "none (name one with --data-dir or PREFBENCH_DATA)")
    table.add_row("model hub", "reachable" if environment.hub_reachable() else "not reachable")
    for name, version in environment.packages().items():
        table.add_row(name, version)
    screen.print(table)
    screen.print("\n[bold]What each profile needs[/bold]")
    screen.print("  embedded  two cores, 4 GiB, no network, no GPU; minutes. A data directory adds real text.")
    screen.print("  small     a GPU with 16 GiB (or a patient CPU) and a data directory; hours.")
    screen.print("  paper     the paper's models and data from the hub; one GPU with 80 GiB; days.")
    screen.print("\n[bold]What of each paper runs here[/bold]")
    for name in papers.names():
        for profile in Profile:
            screen.print(f"  {name} {profile}: {_runnable(name, profile, data_dir)}")


def _datasets(data: Path) -> str:
    from bench.data.registry import available

    return f"{data} ({', '.join(available(data)) or 'no known dataset in it'})"


def _runnable(name: str, profile: str, data_dir: Path | None) -> str:
    """The experiments that can run at `profile` here, and what keeps the others from it."""
    from bench.run.plan import plan

    ready: dict[str, None] = {}
    held: dict[str, str] = {}
    for part in plan(papers.load(name), selection([], [], profile, None, None, data_dir)):
        if part.tasks:
            ready[part.experiment.name] = None
        elif part.unavailable:
            held[part.experiment.name] = part.unavailable
    lines = [", ".join(ready) or "nothing", *(f"{experiment}: {reason}" for experiment, reason in held.items())]
    return "\n      ".join(lines)
