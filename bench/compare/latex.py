"""The tables of a comparison for a paper: booktabs, mean with 95 % interval, marks explained in the caption."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.compare.results import Cell, Entrant, Results, Tournament, Value
from bench.compare.words import (
    BETTER,
    WORSE,
    Facing,
    budgets_of,
    facing,
    given,
    half,
    p_value,
    places,
    ratio,
    ratio_interval,
    reference,
    reported,
    resampled,
    seeds_of,
)
from bench.report.format import number, plural
from bench.report.latex import escape, table_row

HEAD = "% needs \\usepackage{booktabs}, and a wide page or \\resizebox where names are long"
OWN = "\\textsuperscript{$\\star$}"
MARKS = {BETTER: "^{\\uparrow}", WORSE: "^{\\downarrow}"}


def write_latex(results: Results, tournament: Tournament, out: Path) -> list[Path]:
    """Write table.tex and differences.tex to the folder `out`."""
    texts = {"table.tex": table(results, tournament), "differences.tex": differences(results, tournament)}
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    return [out / name for name in texts]


def table(results: Results, tournament: Tournament) -> str:
    """A block a task, a row an entrant, a column a budget, and the area; the best of a column in bold."""
    widest = max((len(budgets_of(tournament, task)) for task in results.measures), default=1)
    columns = widest + (1 if widest > 1 else 0)
    blocks = [_block(task, columns, results, tournament) for task in results.measures]
    lines = [line for number, block in enumerate(blocks) for line in [*(["\\midrule"] if number else []), *block]]
    return _float(_caption(results, tournament), "comparison", f"l{'r' * columns}", lines)


def _block(task: str, columns: int, results: Results, tournament: Tournament) -> list[str]:
    budgets = budgets_of(tournament, task)
    cells = {(cell.entrant, cell.budget): cell for cell in tournament.cells if cell.task == task}
    shown: list[int | None] = [*budgets, *([None] if len(budgets) > 1 else [])]
    digits = {one: places(cell.mean for (_, at), cell in cells.items() if at == one) for one in shown}
    headings = ["area" if one is None else f"{one:,}" for one in shown]
    missing = [""] * (columns - len(shown))
    lines = [
        _heading(task, columns + 1, results),
        table_row(["labels", *headings, *missing]),
        "\\cmidrule{1-" + str(len(shown) + 1) + "}",
    ]
    marks = _marks(task, results, tournament)
    for entrant in results.entrants:
        values = [_cell(cells.get((entrant.name, one)), digits[one]) for one in shown]
        values[-1] += marks.get(entrant.name, "")
        lines.append(table_row([_named(entrant), *values, *missing]))
    return lines


def _heading(task: str, columns: int, results: Results) -> str:
    title = f"{escape(task)} ({escape(results.measures[task].words)})"
    return f"\\multicolumn{{{columns}}}{{l}}{{\\emph{{{title}}}}} \\\\"


def _marks(task: str, results: Results, tournament: Tournament) -> dict[str, str]:
    """An arrow for everybody who differs from the reference."""
    other = reference(results.entrants).name
    pairs = [one for one in tournament.differences if one.task == task and other in (one.left, one.right)]
    seen = [facing(one, one.left if one.right == other else one.right) for one in pairs]
    return {one.entrant: f"${MARKS[one.verdict]}$" for one in seen if one.verdict in MARKS}


def _cell(cell: Cell | None, digits: int) -> str:
    if cell is None:
        return "--"
    mean = f"{cell.mean.value:.{digits}f}"
    mean = f"\\mathbf{{{mean}}}" if cell.best else mean
    mean += "^{\\dagger}" if cell.missing else ""
    if cell.within is not None:
        return f"${mean} (\\pm {cell.within:.{digits}f})$"
    width = half(cell.mean)
    return f"${mean} \\pm {width:.{digits}f}$" if math.isfinite(width) else f"${mean}$"


def _caption(results: Results, tournament: Tournament) -> str:
    other = escape(reference(results.entrants).name)
    curves = any(len(budgets_of(tournament, task)) > 1 for task in results.measures)
    last = "area" if curves else "mean"
    sentences = [
        f"Mean over {plural(seeds_of(results), 'seed')} $\\pm$ half the width of its 95\\,\\% interval",
        *(["by number of labels; area: the mean over log(labels)"] if curves else []),
    ]
    partial = any(cell.missing for cell in tournament.cells)
    among = " of those with all seeds" if partial else ""
    marks = (
        f"Bold: the highest mean{among}. $\\uparrow$, $\\downarrow$: the {last} is above or below "
        f"that of {other} (paired by seed, $p < 0.05$ after Holm's correction over all pairs and tasks)."
    )
    own = [f"{OWN}: ours."] if any(entrant.own for entrant in results.entrants) else []
    if partial:
        own.append("$\\dagger$: over the seeds that it has, where others have more.")
    if any(cell.within is not None for cell in tournament.cells):
        own.append("($\\pm$): 1.96 standard errors within the seeds, prompts clustered; no interval over seeds.")
    said = filter(None, [resampled(results), *given(results)])
    return " ".join([", ".join(sentences) + ".", marks, *own, *map(_sentence, said)])


def differences(results: Results, tournament: Tournament) -> str:
    """The user's own entrants less the others, or where there are none, everybody less the reference."""
    rows = reported(results, tournament)
    digits = places(one.difference for one in rows)
    named = {entrant.name: _named(entrant) for entrant in results.entrants}
    lines = [table_row(["entrant", "less", "difference", "$p$", "improvement", "labels", "detectable"])]
    for task in results.measures:
        mine = [one for one in rows if one.task == task]
        if mine:
            lines += ["\\midrule", _heading(task, 7, results)]
        lines += [_difference(one, named, digits) for one in mine]
    caption = (
        f"Paired differences ({plural(seeds_of(results), 'seed')}) with 95\\,\\% intervals; $p$ after Holm's "
        "correction over all pairs and tasks, bold below 0.05. Improvement: the probability of being better on a seed. "
        "Labels: how many times the labels the other needs to reach the quality that one of the two reaches with all; "
        "its intervals are not corrected. Detectable: the true difference that is found with 80\\,\\% power at 5\\,\\% "
        "over the number of differences in the comparison."
    )
    caption = " ".join(filter(None, [caption, _sentence(resampled(results))]))
    return _float(caption, "differences", "llrrrrr", lines)


def _difference(one: Facing, named: Mapping[str, str], digits: int) -> str:
    p = p_value(one.adjusted).replace("–", "--")
    return table_row(
        [
            named[one.entrant],
            named[one.versus],
            _with_interval(one.difference, digits, signed=True),
            f"$\\mathbf{{{p}}}$" if one.verdict in MARKS else f"${p}$",
            _with_interval(one.improvement, 2),
            _labels(one),
            number(one.detectable, 2).replace("∞", "--"),
        ]
    ).replace("–", "--")


def _labels(one: Facing) -> str:
    if one.labels is None:
        return "--"
    return f"{ratio(one.labels)} {{\\scriptsize[{ratio_interval(one.labels)}]}}".replace("∞", "$\\infty$")


def _with_interval(value: Value, digits: int, signed: bool = False) -> str:
    sign = "+" if signed else ""
    mean = f"{value.value:{sign}.{digits}f}"
    if not math.isfinite(half(value)):
        return f"${mean}$"
    return f"${mean}$ {{\\scriptsize[${value.low:.{digits}f}$ to ${value.high:.{digits}f}$]}}"


def _named(entrant: Entrant) -> str:
    return escape(entrant.name) + (OWN if entrant.own else "")


def _sentence(text: str) -> str:
    return escape(text).replace(" x ", " $\\times$ ")


def _float(caption: str, label: str, columns: str, lines: Sequence[str]) -> str:
    return "\n".join(
        [
            HEAD,
            "\\begin{table*}",
            "\\centering\\footnotesize\\setlength{\\tabcolsep}{4pt}",
            f"\\caption{{{caption}}}",
            f"\\label{{tab:{label}}}",
            f"\\begin{{tabular}}{{{columns}}}",
            "\\toprule",
            *lines,
            "\\bottomrule",
            "\\end{tabular}",
            "\\end{table*}",
            "",
        ]
    )
