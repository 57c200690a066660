"""The report of one paper as a single HTML file: no script, no network, light and dark, for screen, phone and print."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from bench.report.costs import Cost, costs, environment, fingerprints
from bench.report.figures import Drawings
from bench.report.format import estimate, interval, memory, number, plural
from bench.report.html import minus, page, write_text
from bench.report.summary import (
    CLAIM_RULINGS,
    NUMBER_RULINGS,
    VARIANT_WORDS,
    Series,
    claims,
    headline,
    in_words,
    numbers,
    series_of,
    tally,
)
from bench.spec import Experiment, Paper, Published, Record, Ruling, Variant, Verdict

_ICONS: Mapping[Ruling, str] = {
    Ruling.SUPPORTED: "✓",
    Ruling.EQUIVALENT: "✓",
    Ruling.CONTRADICTED: "✗",
    Ruling.DIFFERENT: "✗",
    Ruling.INCONCLUSIVE: "?",
    Ruling.NOT_ATTEMPTED: "○",
}


@dataclass(frozen=True)
class Material:
    """All that a report is made of. `findings` are sentences by experiment: where its variants differ, by how much."""

    paper: Paper
    verdicts: Sequence[Verdict]
    published: Sequence[Published]
    records: Sequence[Record]
    drawings: Drawings
    findings: Mapping[str, Sequence[str]] = field(default_factory=dict)


def write_page(material: Material, out: Path) -> Path:
    """Write the report to `out` and return it. Raises UserError when the file cannot be written."""
    return write_text(render(material), out)


def render(material: Material) -> str:
    """The report as the text of one HTML file."""
    filters: dict[str, Callable[..., Any]] = {
        "number": _number,
        "slug": _slug,
        "icon": _icon,
        "words": _words,
        "ticks": _ticks,
    }
    return page("bench.report", "page.html.j2", ("page.css",), filters, _view(material))


def _view(material: Material) -> dict[str, Any]:
    paper, verdicts = material.paper, material.verdicts
    spent = costs(material.records)
    experiments = [_experiment(experiment, material, spent) for experiment in paper.experiments]
    return {
        "paper": paper,
        "headline": headline(paper, verdicts),
        "findings": [
            (_short(experiment), sentence)
            for experiment in paper.experiments
            for sentence in material.findings.get(experiment.name, ())
        ],
        "bars": [bar for variant in VARIANT_WORDS if (bar := _bar(variant, verdicts))],
        "claims": _claims(paper, verdicts),
        "number_rulings": NUMBER_RULINGS,
        "experiments": experiments,
        "idle": [(part, table) for part in experiments for table in part["tables"] if not table["attempted"]],
        "unknown": [number for number in material.published if number.value is None],
        "environment": _environment(material.records),
        "fingerprints": fingerprints(material.records),
        "total": {
            "tasks": sum(cost.tasks for cost in spent),
            "seconds": sum(cost.wall_seconds for cost in spent),
        },
    }


def _bar(variant: str, verdicts: Sequence[Verdict]) -> dict[str, Any] | None:
    """The share of each ruling among the claims and the numbers of a variant."""
    mine = [verdict for verdict in verdicts if verdict.variant == variant]
    kinds = []
    for noun, chosen, rulings in (
        ("claim", claims(mine), CLAIM_RULINGS),
        ("published number", numbers(mine), NUMBER_RULINGS),
    ):
        counts = tally(chosen)
        if chosen:
            parts = [(ruling, counts[ruling]) for ruling in rulings if counts[ruling]]
            kinds.append({"what": plural(len(chosen), noun), "parts": parts, "words": in_words(counts, rulings)})
    return {"variant": variant, "kinds": kinds} if kinds else None


def _claims(paper: Paper, verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Each claim with its verdicts, a line a variant and profile."""
    rows = []
    for claim in paper.claims:
        mine = [verdict for verdict in claims(verdicts) if verdict.subject == claim.name]
        lines = [
            {
                "verdict": verdict,
                "effect": minus(estimate(verdict.ours, verdict.low, verdict.high)),
                "interval": minus(interval(verdict.low, verdict.high)),
                "commands": [_command(paper, name, verdict.variant, verdict.profile) for name in claim.experiments],
            }
            for verdict in mine
        ]
        rows.append({"claim": claim, "lines": lines})
    return rows


def _experiment(experiment: Experiment, material: Material, spent: Sequence[Cost]) -> dict[str, Any]:
    name = experiment.name
    drawn = material.drawings.drawn.get(name)
    against = drawn.against_published if drawn is not None else None
    return {
        "experiment": experiment,
        "short": _short(experiment),
        "drawn": drawn,
        "skipped": material.drawings.skipped.get(name, ""),
        "points": None if against is None else len(against),
        "within": None if against is None else int(against["within"].sum()),
        "tables": _tables(name, material),
        "findings": material.findings.get(name, ()),
        "costs": [
            {"cost": cost, "command": _command(material.paper, name, cost.variant, cost.profile)}
            for cost in spent
            if cost.experiment == name
        ],
    }


def _short(experiment: Experiment) -> str:
    """The title up to its first comma or colon."""
    return re.split("[,:]", experiment.title)[0]


def _tables(experiment: str, material: Material) -> list[dict[str, Any]]:
    """The published numbers of an experiment beside ours: a table a series, a row a number, its columns by variant."""
    by_subject: dict[str, list[Verdict]] = {}
    for verdict in numbers(material.verdicts):
        by_subject.setdefault(verdict.subject, []).append(verdict)
    return [
        _table(series, by_subject)
        for series in series_of(material.published)
        if series.experiment == experiment and any(number.id in by_subject for number in series.numbers)
    ]


def _table(series: Series, by_subject: Mapping[str, Sequence[Verdict]]) -> dict[str, Any]:
    items = series.numbers
    keys = list(dict.fromkeys(key for item in items for key in item.condition))
    varying = [key for key in keys if len({item.condition.get(key) for item in items}) > 1] if series.method else []
    by_place = not varying  # nothing but the place in the paper tells these numbers apart
    fixed = {key: items[0].condition.get(key) for key in keys if key not in varying} if series.method else {}
    verdicts = [verdict for item in items for verdict in by_subject.get(item.id, ())]
    columns = sorted(
        {(verdict.variant, verdict.profile) for verdict in verdicts},
        key=lambda column: (list(VARIANT_WORDS).index(column[0]), column[1]),
    )
    rows = []
    for item in items:
        mine = {(verdict.variant, verdict.profile): verdict for verdict in by_subject.get(item.id, ())}
        label = [_plain(item.condition.get(key, "")) for key in varying] or [item.where]
        cells = [_cell(mine.get(column)) for column in columns]
        rows.append({"item": item, "label": label, "published": minus(_as_known(item)), "cells": cells})
    return {
        "series": series,
        "unit": items[0].unit if series.method else "",
        "fixed": ", ".join(f"{key} = {_plain(value)}" for key, value in fixed.items()),
        "headings": varying or ["where"],
        "by_place": by_place,
        "attempted": any(verdict.ruling != Ruling.NOT_ATTEMPTED for verdict in verdicts),
        "columns": columns,
        "counts": [
            (variant, profile, tally(v for v in verdicts if (v.variant, v.profile) == (variant, profile)))
            for variant, profile in columns
        ],
        "margin": _common_ending([item.margin.reason for item in items if item.margin]) if series.method else "",
        "rows": rows,
    }


def _cell(verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        return {"verdict": None}
    return {
        "verdict": verdict,
        "ours": minus(estimate(verdict.ours, verdict.low, verdict.high)),
        "interval": minus(interval(verdict.low, verdict.high)),
        "margin": "–" if verdict.margin is None else f"± {number(verdict.margin, 2)}",
    }


def _as_known(item: Published) -> str:
    """The published value, with the error of reading it where it was read off a figure."""
    if not item.reading_error:
        return f"{item.value:.4g}"
    places = estimate(item.value, -item.reading_error, item.reading_error)
    return f"{places} ± {number(item.reading_error, 2)}"


def _common_ending(reasons: Sequence[str]) -> str:
    """The words with which all the reasons end: their amounts lead and differ, the argument behind them does not."""
    if not reasons:
        return ""
    words = [reason.split() for reason in reasons]
    shared = takewhile(lambda column: len(set(column)) == 1, zip(*(reversed(line) for line in words), strict=False))
    return " ".join(reversed([column[0] for column in shared]))


def _ticks(text: str) -> Markup:
    """Escaped text, with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _environment(records: Sequence[Record]) -> dict[str, list[tuple[str, str]]]:
    """Provenance in two parts, the machine and code, and the packages, with every value that occurs."""
    entries = [
        (key.removesuffix("_bytes"), ", ".join(map(_size, values)) if key.endswith("_bytes") else ", ".join(values))
        for key, values in environment(records).items()
    ]
    packages = [(key.removeprefix("packages."), text) for key, text in entries if key.startswith("packages.")]
    return {"where": [entry for entry in entries if not entry[0].startswith("packages.")], "packages": packages}


def _size(text: str) -> str:
    return memory(float(text))


def _command(paper: Paper, experiment: str, variant: str, profile: str) -> str:
    return f"prefbench run {paper.name} --experiment {experiment} --variant {variant} --profile {profile}"


def _plain(value: object) -> str:
    return minus(f"{value:.4g}") if isinstance(value, int | float) else str(value)


def _number(value: float | None, digits: int = 3) -> str:
    return minus(number(value, digits))


def _slug(ruling: Ruling) -> str:
    return str(ruling).replace(" ", "-")


def _icon(ruling: Ruling) -> str:
    return _ICONS[ruling]


def _words(variant: Variant) -> str:
    return VARIANT_WORDS[variant]
