"""Verdicts, papers and the state of a run as tables for a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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
    if series := groups(verdicts, published):
        console.print(_numbers_table(series))
    for sentence in headline(paper, verdicts):
        console.print(sentence)


def _claims_table(verdicts: Sequence[Verdict]) -> Table:
    table = _table("Claims")
    for heading in ("claim", "variant", "ruling"):
        table.add_column(heading, overflow="fold")
    for heading in ("effect", "interval", "detects"):
        table.add_column(heading, justify="right")
    previous = ""
    for verdict in sorted(verdicts, key=lambda v: [w.subject for w in verdicts].index(v.subject)):
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
    table = _table("Published numbers")
    table.add_column("series", no_wrap=True)
    table.add_column("variant", no_wrap=True)
    for ruling, heading in zip(NUMBER_RULINGS, _HEADINGS, strict=True):
        table.add_column(Text(heading, style=_COLOURS[ruling]), justify="right", no_wrap=True)
    table.add_column("largest\ngap", justify="right", no_wrap=True)
    table.add_column("at", overflow="fold")
    for group in series:
        largest = group.largest
        table.add_row(
            f"{group.experiment} {group.method}",
            VARIANT_WORDS[group.variant],
            *(str(group.counts[ruling] or ".") for ruling in NUMBER_RULINGS),
            f"{difference(largest):+.2g}" if largest else "",
            largest.subject.removeprefix(f"{group.experiment}-").removeprefix(f"{group.method}-") if largest else "",
        )
    return table


def print_list(papers: Iterable[Paper], console: Console) -> None:
    """The papers of the suite, and under each its experiments with the variants and profiles that they have."""
    for paper in papers:
        console.print(Text.assemble((paper.name, "bold"), f"  {paper.title} ({paper.venue})"))
        console.print(Text(f"  {paper.idea}", style="dim"))
        table = _table(None)
        for heading in ("experiment", "shows", "variants", "profiles"):
            table.add_column(heading, overflow="fold")
        for experiment in paper.experiments:
            table.add_row(
                experiment.name,
                experiment.title,
                "\n".join(map(str, experiment.variants)),
                "\n".join(map(str, experiment.profiles)),
            )
        console.print(table)


def print_status(counts: Mapping[tuple[str, str], Mapping[str, int]], console: Console) -> None:
    """How many tasks of each (experiment, variant) are done, missing, stale or failed."""
    table = _table(None)
    table.add_column("experiment")
    table.add_column("variant")
    states = ("done", "missing", "stale", "failed")
    for state in states:
        table.add_column(state, justify="right")
    for (experiment, variant), standing in counts.items():
        table.add_row(experiment, variant, *(f"{standing.get(state, 0):,}" for state in states))
    console.print(table)


def _ruling(ruling: Ruling) -> Text:
    return Text(str(ruling), style=_COLOURS[ruling])


def _table(title: str | None) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
