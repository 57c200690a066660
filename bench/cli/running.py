"""`prefbench run`: do what is missing, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench import papers, paths
from bench.cli.options import (
    ConfigFile,
    DataDir,
    Experiments,
    Jobs,
    PaperName,
    ProfileName,
    Retry,
    RunsDir,
    Seeds,
    Variants,
    console,
    selection,
)
from bench.cli.working import announce, stoppable, to_do, work_off
from bench.spec import Profile, Task

if TYPE_CHECKING:
    from rich.console import Console

    from bench.run.plan import Part
    from bench.run.store import Stored


def run(
    paper: PaperName,
    experiment: Experiments = [],  # noqa: B006  typer reads the default, nothing changes it
    variant: Variants = [],  # noqa: B006
    profile: ProfileName = Profile.EMBEDDED,
    seeds: Seeds = None,
    jobs: Jobs = None,
    config: ConfigFile = None,
    data_dir: DataDir = None,
    runs: RunsDir = None,
    retry: Retry = False,
) -> None:
    """Run the tasks of a paper that have no record yet. Stop it any time: the same command goes on from there.

    Examples:

      prefbench run sparse

      prefbench run sparse --experiment fig2b --variant corrected --seeds 5 --jobs 2

      prefbench run sparse --experiment fig2b --variant as_released --seeds 20
    """
    from bench.environment import cores
    from bench.run.plan import plan
    from bench.run.store import Store

    chosen = papers.load(paper)
    screen = console()
    parts = plan(chosen, selection(experiment, variant, profile, seeds, config, data_dir))
    store = Store(paths.runs_dir(runs), chosen.name)
    store.prepare()
    stored = store.read()
    for line in stored.unreadable:
        screen.print(f"[yellow]skipped[/yellow] {line}")
    work = [(part, to_do(part, stored, retry)) for part in parts]
    workers = jobs or cores()
    announce(work, stored, workers, screen)
    if not any(tasks for _, tasks in work):
        _nothing_to_do(work, stored, screen)
        return
    with stoppable(screen):
        failed = work_off(work, store, paths.data_dir(data_dir), workers, screen)
    if failed:
        screen.print(f"{failed} tasks failed: `prefbench status {paper} --why` says why, `--retry` tries again.")
        raise SystemExit(1)
    screen.print(f"Done. Next: `prefbench report {paper}`.")


def _nothing_to_do(work: Sequence[tuple[Part, list[Task]]], stored: Stored, screen: Console) -> None:
    planned = [task for part, _ in work for task in part.tasks]
    failed = sum(task.id in stored.failures and task.id not in stored.records for task in planned)
    tail = f" {failed} failed before: --retry tries again." if failed else ""
    screen.print(f"Nothing to do: {len(planned) - failed} of {len(planned)} tasks are recorded.{tail}")
