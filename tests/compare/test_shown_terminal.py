from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
import shown_comparison
from rich.console import Console

from bench.compare.terminal import show
from bench.compare.tournament import tournament

LONG: dict[str, Any] = {"entrants": 3, "tasks": 1, "seeds": 3, "budgets": (25, 50, 100, 200, 400, 800, 1600)}


def printed(width: int = 100, **made: Any) -> list[str]:
    screen = Console(file=io.StringIO(), width=width, color_system=None)
    show(*shown_comparison.compared(**made), screen)
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize(
    "made",
    [
        {"failures": 2},
        {"entrants": 2, "tasks": 1, "seeds": 2, "budgets": (200,)},
        {"entrants": 14, "tasks": 1, "seeds": 2},
        LONG,
    ],
    ids=["usual", "smallest", "many", "long curves"],
)
def test_tables_fit_a_hundred_columns_with_every_entrant_on_its_line(made: dict[str, Any]) -> None:
    results, _ = shown_comparison.compared(**made)
    lines = printed(**made)
    assert max(map(len, lines)) <= 100
    for entrant in results.entrants:
        assert sum(line.strip().startswith(entrant.name) for line in lines) >= len(results.measures), entrant


def test_a_row_has_means_with_intervals_difference_p_and_cost() -> None:
    lines = printed(width=140, failures=2)
    header = next(line.split() for line in lines if line.strip().startswith("entrant"))
    assert header == ["entrant", "100", "200", "400", "800", "area", "less", "dpo", "p", "time"]
    row = next(line for line in lines if "MyMethod *" in line)
    assert row.count("±") == 6
    _, found = shown_comparison.compared(failures=2)
    (pair,) = (one for one in found.differences if (one.task, one.left, one.right) == ("world", "dpo", "MyMethod"))
    assert f"{-pair.difference.value:+.3f} ±" in row
    assert "<0.001" in row
    assert "1 min 7 s" in row
    assert "MiB" not in "".join(lines)  # a process's peak is no method's own


def test_the_whole_name_of_the_reference_stands_over_the_differences() -> None:
    made, _ = shown_comparison.compared(entrants=2, tasks=1)
    first = replace(made.entrants[0], name="random + people")
    rows = made.rows.replace({"entrant": {"dpo": "random + people"}})
    renamed = replace(made, entrants=(first, *made.entrants[1:]), rows=rows, tuning=replace(made.tuning, trials=()))
    screen = Console(file=io.StringIO(), width=140, color_system=None)
    show(renamed, tournament(renamed), screen)
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    heading = text[text.index("world: win rate over SFT ") : text.index("───")]
    assert "less random" in heading
    assert "people" in heading


def test_memory_is_there_where_methods_have_one_of_their_own() -> None:
    made, found = shown_comparison.compared(entrants=2, tasks=1)
    screen = Console(file=io.StringIO(), width=140, color_system=None)
    show(made, replace(found, costs=tuple(replace(cost, memory=3.0 * 2**20) for cost in found.costs)), screen)
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "memory" in text
    assert "3 MiB" in text


def test_means_over_fewer_seeds_than_others_have_a_mark_and_notes_say_why() -> None:
    lines = printed(width=140, failures=2)
    row = next(line for line in lines if line.strip().startswith("odd_"))
    assert row.count("†") == 2  # the budget whose runs failed, and the area
    text = " ".join(lines)
    assert "†: some seeds are missing" in text
    assert "lacks seeds 0, 1; its means are over the seeds it has" in text


def test_with_too_few_seeds_the_error_within_them_is_in_parentheses() -> None:
    made, found = shown_comparison.compared(entrants=2, tasks=1, seeds=2, budgets=(200,))
    screen = Console(file=io.StringIO(), width=140, color_system=None)
    show(made, replace(found, cells=tuple(replace(cell, within=0.0312) for cell in found.cells)), screen)
    text = " ".join(screen.file.getvalue().split())  # type: ignore[attr-defined]
    assert "(±0.031)" in text
    assert "(±): within the seed, prompts clustered: no interval over seeds" in text


def test_tasks_whose_seeds_are_not_independent_are_named() -> None:
    made, found = shown_comparison.compared(entrants=2, tasks=2, seeds=3)
    screen = Console(file=io.StringIO(), width=140, color_system=None)
    show(replace(made, overlaps={"hh_rlhf": 0.25}), found, screen)
    assert "On hh_rlhf every seed splits the same data anew" in screen.file.getvalue()  # type: ignore[attr-defined]


def test_where_not_all_fits_the_first_and_the_last_budget_are_shown() -> None:
    lines = printed(width=80, **LONG)
    header = next(line.split() for line in lines if line.strip().startswith("entrant"))
    assert header[:4] == ["entrant", "25", "1,600", "area"]


def test_findings_the_tuning_budget_and_failures_follow() -> None:
    text = " ".join(printed(failures=2))
    places = [
        text.index(words)
        for words in ("has the highest area", "2 runs failed", "Every entrant had 6 trials", "ValueError: <nan> loss")
    ]
    assert places == sorted(places)


def test_many_failures_are_counted() -> None:
    text = " ".join(printed(tasks=1, failures=8))
    assert text.count("ValueError") == 5
    assert "3 more failures: see the page" in text
