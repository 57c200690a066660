"""How far a long run is: a live bar with the time left in a terminal, plain lines without one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from bench.run.execute import Done

_PLAIN_EVERY = 10.0  # seconds between plain lines
_ENOUGH = 0.05  # share of the work after which its pace says something of the rest


def follow(done: Iterable[Done], title: str, tasks: int, seconds: float, console: Console) -> Iterator[Done]:
    """Pass `done` through and show it: `tasks` of `seconds` estimated core-seconds in all are to come."""
    watch = _Live(title, tasks, console) if console.is_terminal else _Plain(title, tasks, console)
    began, worked, count = time.monotonic(), 0.0, 0
    with watch:
        for item in done:
            worked, count = worked + item.estimate, count + 1
            elapsed = time.monotonic() - began
            known = worked > _ENOUGH * seconds or count == tasks
            watch.show(count, elapsed, elapsed * (seconds - worked) / worked if known else None)
            yield item


@contextmanager
def counting(title: str, console: Console) -> Iterator[Callable[[int, int], None]]:
    """A callback (done, in all) that shows shared work; nothing is shown of work that is already there.

    Another number in all is another piece of work, counted by itself.
    """
    watch: _Live | _Plain | None = None
    began, of = time.monotonic(), 0

    def show(done: int, total: int) -> None:
        nonlocal watch, began, of
        if watch is None or total != of:
            if watch is not None:
                watch.__exit__()
                began = time.monotonic()
            watch, of = _Live(title, total, console) if console.is_terminal else _Plain(title, total, console), total
            watch.__enter__()
        elapsed = time.monotonic() - began
        watch.show(done, elapsed, elapsed * (total - done) / done if done else None)

    try:
        yield show
    finally:
        if watch is not None:
            watch.__exit__()


def duration(seconds: float) -> str:
    """'8 s', '3 min 20 s' or '2 h 5 min'."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class _Live:
    def __init__(self, title: str, tasks: int, console: Console) -> None:
        self.bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
        )
        self.tasks = tasks
        self.row = self.bar.add_task(title, total=tasks, left="")

    def __enter__(self) -> _Live:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def show(self, count: int, elapsed: float, left: float | None) -> None:
        text = f"{duration(elapsed)}, {duration(left)} left" if left and count else duration(elapsed)
        self.bar.update(self.row, completed=count, left=text)


class _Plain:
    def __init__(self, title: str, tasks: int, console: Console) -> None:
        self.title, self.tasks, self.console, self.last = title, tasks, console, 0.0

    def __enter__(self) -> _Plain:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, count: int, elapsed: float, left: float | None) -> None:
        if count < self.tasks and elapsed - self.last < _PLAIN_EVERY:
            return
        self.last = elapsed
        text = f", {duration(left)} left" if left and count < self.tasks else ""
        self.console.print(f"{self.title}: {count}/{self.tasks} in {duration(elapsed)}{text}", highlight=False)
