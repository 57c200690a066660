"""A comparison on the terminal: a table a task, what follows from it in sentences, and what everybody was given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, NamedTuple

from bench.compare.results import Cell, Cost, Entrant, Results, Tournament
from bench.compare.words import (
    BETTER,
    PARTIAL,
    WORSE,
    Facing,
    budgets_of,
    compared,
    facing,
    given,
    half,
    landmarks,
    p_value,
    places,
    reference,
    resampled,
    summary,
    timed,
)
from bench.report.format import duration, memory, plural

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

COLOURS = {BETTER: "green", WORSE: "red"}
FAILURES = 5  # more of them are counted
OWN = "*"
HEADING = 14  # letters of a line


def show(results: Results, tournament: Tournament, screen: Console) -> None:
    """Print everything that a reader needs before opening the page."""
    from rich.text import Text

    screen.print(Text(f"\n{compared(results)}", style="bold"))
    for task in results.measures:
        screen.print()
        screen.print(_fitting(task, results, tournament, screen))
        if marks := landmarks(tournament, task):
            screen.print(Text(marks, style="dim"))
    screen.print(Text(_key(results, tournament), style="dim"))
    for sentence in filter(None, [*summary(results, tournament), resampled(results), *given(results)]):
        screen.print(Text(sentence))
    for note in tournament.notes:
        screen.print(Text(f"{note}."))
    for what, error in list(results.failures.items())[:FAILURES]:
        screen.print(Text(f"Failed: {what}: {error}", style="red"))
    if (hidden := len(results.failures) - FAILURES) > 0:
        screen.print(Text(f"{plural(hidden, 'more failure')}: see the page.", style="red"))


def _key(results: Results, tournament: Tournament) -> str:
    own = f"{OWN} yours. " if any(entrant.own for entrant in results.entrants) else ""
    partial, among = "", ""
    if any(cell.missing for cell in tournament.cells):
        partial, among = f"{PARTIAL}: some seeds are missing. ", " of those with all seeds"
    within = ""
    if any(cell.within is not None for cell in tournament.cells):
        within = "(±): within the seed, prompts clustered: no interval over seeds. "
    other = reference(results.entrants).name
    return (
        f"{own}±: half of the 95 % interval. {within}{partial}Green: the highest mean{among}. Less "
        f"{other}: paired by seed; p: after Holm's correction over all pairs and tasks. {timed(tournament)} with the "
        "most labels."
    )


class _Layout(NamedTuple):
    """What of a task's table is shown, and where."""

    columns: Sequence[int | None]  # budgets; None: the area
    below: bool  # intervals stand below their means
    memory: bool


def _fitting(task: str, results: Results, tournament: Tournament, screen: Console) -> Table:
    """The first layout that is no wider than the screen; intervals go below means first, budgets are left out last."""
    from rich.measure import Measurement

    budgets = budgets_of(tournament, task)
    every: list[int | None] = [*budgets, *([None] if len(budgets) > 1 else [])]
    some = [*budgets[:1], *budgets[-1:], None] if len(budgets) > 2 else every
    grown = any(cost.memory is not None for cost in tournament.costs if cost.task == task)
    layouts = [_Layout(every, *rest) for rest in ((False, grown), (True, grown), (True, False))]
    tables = [_table(task, one, results, tournament) for one in [*layouts, _Layout(some, True, False)]]
    free = screen.options.update(max_width=1000)
    fit = (table for table in tables if Measurement.get(screen, free, table).maximum <= screen.width)
    return next(fit, tables[-1])


def _table(task: str, layout: _Layout, results: Results, tournament: Tournament) -> Table:
    from rich import box
    from rich.table import Table

    other = reference(results.entrants).name
    table = Table(
        title=f"{task}: {results.measures[task].words}",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("entrant", overflow="fold", max_width=28)
    for budget in layout.columns:
        table.add_column("area" if budget is None else f"{budget:,}", justify="right", no_wrap=True)
    for heading in (fill(f"less {other}", HEADING), "p", "time", *(["memory"] if layout.memory else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    cells = {(cell.entrant, cell.budget): cell for cell in tournament.cells if cell.task == task}
    digits = places(cell.mean for cell in cells.values())
    differences = {
        one.entrant: one
        for pair in tournament.differences
        if pair.task == task and other in (pair.left, pair.right)
        for one in [facing(pair, pair.left if pair.right == other else pair.right)]
    }
    costs = {cost.entrant: cost for cost in sorted(tournament.costs, key=lambda c: c.budget) if cost.task == task}
    for entrant in results.entrants:
        table.add_row(
            _named(entrant),
            *(_mean(cells.get((entrant.name, budget)), digits, layout.below) for budget in layout.columns),
            *_difference(differences.get(entrant.name), digits, layout.below),
            *_cost(costs.get(entrant.name))[: 1 + layout.memory],
        )
    return table


def _named(entrant: Entrant) -> Text:
    from rich.text import Text

    return Text(f"{entrant.name} {OWN}" if entrant.own else entrant.name, style="bold" if entrant.own else "")


def _mean(cell: Cell | None, digits: int, below: bool) -> Text:
    from rich.text import Text

    if cell is None:
        return Text("–", style="dim")
    mean = f"{cell.mean.value:.{digits}f}{PARTIAL if cell.missing else ''}"
    if cell.within is not None:
        error, style = _error(cell.within, digits, below)
        return Text.assemble((mean, "bold green" if cell.best else ""), (error.replace("±", "(±") + ")", style))
    return Text.assemble((mean, "bold green" if cell.best else ""), _error(half(cell.mean), digits, below))


def _difference(one: Facing | None, digits: int, below: bool) -> tuple[Text, Text]:
    from rich.text import Text

    if one is None:
        return Text(""), Text("")
    value = Text.assemble(
        (f"{one.difference.value:+.{digits}f}", COLOURS.get(one.verdict, "")),
        _error(half(one.difference), digits, below),
    )
    return value, Text(p_value(one.adjusted).replace(" ", ""), style=COLOURS.get(one.verdict, "dim"))


def _error(width: float, digits: int, below: bool) -> tuple[str, str]:
    text = f"±{width:.{digits}f}" if math.isfinite(width) else ""
    return (f"\n{text}" if below else f" {text}").rstrip(" "), "dim"


def _cost(cost: Cost | None) -> tuple[str, str]:
    if cost is None:
        return "", ""
    return (
        "–" if cost.seconds is None else duration(cost.seconds),
        "–" if cost.memory is None else memory(cost.memory),
    )
