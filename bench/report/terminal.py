"""Verdicts, papers and the state of a run as tables for a terminal of 80 columns or more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.report.format import estimate, interval, number
from bench.report.summary import NUMBER_RULINGS, VARIANT_WORDS, Group, claims, difference, groups, headline
from bench.spec import Paper, Published, Ruling, Verdict

_COLOURS: Mapping[Ruling, str] = {
    Ruling.SUPPORTED: "green",
    Ruling.EQUIVALENT: "green",
    Ruling.CONTRADICTED: "red",
    Ruling.DIFFERENT: "red",
    Ruling.INCONCLUSIVE: "yellow",
    Ruling.NOT_ATTEMPTED: "bright_black",
}

_HEADINGS = ("equiv-\nalent", "differ-\nent", "incon-\nclusive", "not at-\ntempted")  # narrow, for 80 columns


def print_verdicts(verdicts: Sequence[Verdict], paper: Paper, published: Sequence[Published], console: Console) -> None:
    """The verdicts of one paper: each claim with its effect, then the published numbers, one line a series."""
    console.print(Text(f"\n{paper.title}", style="bold"))
    console.print(Text(f"{paper.authors}, {paper.venue}", style="dim"))
    if about_claims := claims(verdicts):
        console.print(_claims_table(about_claims))
    series = groups(verdicts, published)
    if attempted := [group for group in series if set(group.counts) != {Ruling.NOT_ATTEMPTED}]:
        console.print(_numbers_table(attempted))
    idle = Counter(g.series.experiment for g in series for _ in g.verdicts if g not in attempted)
    if idle:
        listed = ", ".join(f"{experiment} ({count})" for experiment, count in idle.items())
        console.print(f"Series with nothing to compare, and how many verdicts they hold: {listed}.")
    for sentence in headline(paper, verdicts):
        console.print(sentence)


def _claims_table(verdicts: Sequence[Verdict]) -> Table:
    table = _table("Claims", gap=1)
    for heading in ("claim", "variant", "ruling"):
        table.add_column(heading, overflow="fold")
    for heading in ("effect", "interval", "detects"):
        table.add_column(heading, justify="right")
    previous = ""
    for verdict in verdicts:
        table.add_row(
            verdict.subject if verdict.subject != previous else "",
            VARIANT_WORDS[verdict.variant],
            _ruling(verdict.ruling),
            estimate(verdict.ours, verdict.low, verdict.high),
            interval(verdict.low, verdict.high),
            number(verdict.detectable, 2),
        )
        previous = verdict.subject
    return table


def _numbers_table(series: Sequence[Group]) -> Table:
    table = _table("Published numbers", gap=1)
    table.add_column("series", overflow="fold")
    table.add_column("variant", no_wrap=True)
    for ruling, heading in zip(NUMBER_RULINGS, _HEADINGS, strict=True):
        table.add_column(Text(heading, style=_COLOURS[ruling]), justify="right", no_wrap=True)
    table.add_column("largest\ngap", justify="right", no_wrap=True)
    table.add_column("at", overflow="fold", max_width=12)
    for group in series:
        largest = group.largest
        gap = difference(largest) if largest else None
        table.add_row(
            group.series.short,
            VARIANT_WORDS[group.variant],
            *(str(group.counts[ruling] or ".") for ruling in NUMBER_RULINGS),
            "" if gap is None else f"{gap:+.2g}",
            _place(largest, group) if largest else "",
        )
    return table


def _place(verdict: Verdict, group: Group) -> str:
    """Which number of the series: the first condition that varies in it, or the end of its name."""
    conditions = [number.condition for number in group.series.numbers]
    varying = [key for key in conditions[0] if len({condition.get(key) for condition in conditions}) > 1]
    own = next(number.condition for number in group.series.numbers if number.id == verdict.subject)
    if group.series.method and varying:
        return f"{varying[0]}={_short(own.get(varying[0]))}"
    return verdict.subject.removeprefix(f"{verdict.experiment}-")


def _short(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _ruling(ruling: Ruling) -> Text:
    return Text(str(ruling), style=_COLOURS[ruling])


def _table(title: str | None, gap: int = 2) -> Table:
    """A table without sides; `gap` is the space between columns, 1 where eight of them share 80 characters."""
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, gap, 0, 0))
