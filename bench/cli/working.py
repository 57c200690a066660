"""Working off what is planned: said before it starts, followed while it runs, kept whenever it stops."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench import paths
from bench.spec import Context, Task

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from bench.run.plan import Part
    from bench.run.store import Store, Stored


def to_do(part: Part, stored: Stored, retry: bool) -> list[Task]:
    """The tasks that have no record; with `retry`, those that failed before among them."""
    from bench.run.status import State, standings

    wanted = {State.MISSING, State.STALE} | ({State.FAILED} if retry else set())
    return [standing.task for standing in standings(part, stored) if standing.state in wanted]


def announce(work: Sequence[tuple[Part, list[Task]]], stored: Stored, jobs: int, screen: Console) -> None:
    """What will be done and what it will cost, before it starts."""
    from rich.table import Table

    from bench.run.progress import duration

    table = Table("experiment", "variant", box=None, pad_edge=False, header_style="bold")
    for name in ("to do", "recorded", f"about, on {jobs} core{'s' * (jobs > 1)}"):
        table.add_column(name, justify="right")
    for part, tasks in work:
        if part.unavailable or not part.tasks:
            continue
        cost = sum(map(part.experiment.seconds, tasks)) / jobs
        recorded = sum(task.id in stored.records for task in part.tasks)
        estimate = duration(cost) + " + preparation" * (part.experiment.prepare is not None) if tasks else "-"
        table.add_row(part.experiment.name, part.variant, str(len(tasks)), str(recorded), estimate)
    screen.print(table)
    for part, _ in work:
        if part.unavailable:
            screen.print(f"not run here: {part.experiment.name} {part.variant}: {part.unavailable}", markup=False)


@contextmanager
def stoppable(screen: Console) -> Iterator[None]:
    """Ctrl-C leaves with exit code 130, and says that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second Ctrl-C changes nothing: we are leaving
        screen.print("\nStopped. Every finished task is kept; the same command goes on from there.")
        raise SystemExit(130) from None


def work_off(
    work: Sequence[tuple[Part, list[Task]]], store: Store, data_dir: Path | None, jobs: int, screen: Console
) -> int:
    """Run all parts in order; the number of tasks that failed."""
    from bench.environment import provenance
    from bench.run.execute import Workers, Workplace, execute
    from bench.run.progress import counting, follow

    workplace = Workplace(store.folder.parent, data_dir, paths.cache_dir(), provenance())
    failed = 0
    errors: set[str] = set()
    with Workers(jobs) as workers:
        for together in _together(work):
            for part, tasks in together:
                if part.experiment.prepare is not None:
                    here = Context(data_dir, paths.cache_dir(), store.folder, jobs)
                    with counting(f"{part.experiment.name} preparation", screen) as progress:
                        part.experiment.prepare(tasks, here, progress)
            running = [execute(part.experiment, tasks, workplace, workers) for part, tasks in together]
            for (part, tasks), done in zip(together, running, strict=True):
                cost = sum(map(part.experiment.seconds, tasks))
                for item in follow(done, f"{part.experiment.name} {part.variant}", len(tasks), cost, screen):
                    if item.error:
                        failed += 1
                        if item.error not in errors:  # a thousand tasks can fail for one reason
                            screen.print(f"failed: {item.task.label()}: {item.error}", markup=False)
                        errors.add(item.error)
    return failed


def _together(work: Sequence[tuple[Part, list[Task]]]) -> list[list[tuple[Part, list[Task]]]]:
    """What is to be done, in runs of parts that the same workers take one after another without a pause.

    A part that is prepared, with all cores, begins one.
    """
    runs: list[list[tuple[Part, list[Task]]]] = []
    for part, tasks in work:
        if not tasks:
            continue
        if not runs or part.experiment.prepare or part.experiment.parallel != runs[-1][-1][0].experiment.parallel:
            runs.append([])
        runs[-1].append((part, tasks))
    return runs
