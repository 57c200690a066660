"""The comparison's page as written; test_leaderboard_browser.py has it in a browser."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
import shown_comparison
from page_reader import PageReader

from bench.compare.page import link
from bench.compare.results import Results, Tournament
from bench.compare.shown import write


@pytest.fixture(scope="module")
def made() -> Results:
    return shown_comparison.compared(failures=2)[0]


@pytest.fixture(scope="module")
def found() -> Tournament:
    return shown_comparison.compared(failures=2)[1]


@pytest.fixture(scope="module")
def page(made: Results, found: Tournament, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    shown_comparison.records(made, home / "my runs")
    return write(made, found, home / "reports" / "compare", runs=home / "my runs")[0]


@pytest.fixture(scope="module")
def html(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def read(html: str) -> PageReader:
    reader = PageReader()
    reader.feed(html)
    reader.close()
    return reader


def test_it_is_one_well_nested_file_that_loads_nothing(html: str, read: PageReader) -> None:
    assert read.open == []
    assert set(read.loads) == {"link data:,", "script None"}
    assert "default-src 'none'" in html
    assert "@import" not in html
    assert "url(http" not in html


def test_ids_are_unique_and_every_inner_link_leads_somewhere(read: PageReader) -> None:
    assert len(read.ids) == len(set(read.ids))
    assert {address[1:] for address in read.links if address.startswith("#")} <= set(read.ids)


def test_every_record_and_file_is_linked_and_is_there(read: PageReader, page: Path, made: Results) -> None:
    outer = {address for address in read.links if not address.startswith("#")}
    assert all((page.parent / unquote(address)).is_file() for address in outer)
    records = {address for address in outer if address.endswith(".json")}
    assert len(records) == made.rows["record"].nunique()
    assert all(address.startswith("../../my%20runs/compare/") for address in records)


def test_what_users_named_is_escaped(html: str) -> None:
    assert "odd_&lt;name&gt; &amp; 100% $x$" in html
    assert "<name>" not in html
    assert "<data>" not in html
    assert "ValueError: &lt;nan&gt; loss" in html


def test_the_header_says_what_was_compared_how_often_by_what_and_on_which_budget(html: str) -> None:
    header = html[html.index("<header>") : html.index("</header>")]
    for words in (
        "6 entrants on 3 tasks",
        "the same 10 seeds for everybody",
        "prefbench compare --slot policy --methods dpo,ipo,my_file.py:MyMethod",
        "Every entrant had 6 trials x 2 validation seeds at 200 labels on each task.",
        "lacks seeds 0, 1; its means are over the seeds it has",
    ):
        assert words in header


def test_the_leaderboard_has_every_cell_with_its_interval_and_marks_the_best(html: str, found: Tournament) -> None:
    board = html[html.index('<table id="board"') : html.index("</table>")]
    values = [float(value) for value in re.findall(r'data-is="\w+" data-value="([^"]+)"', board)]
    assert sorted(values) == pytest.approx(sorted(cell.mean.value for cell in found.cells), rel=1e-6)
    assert board.count('class="interval"') == len(found.cells)
    assert board.count('class="mark"') == sum(cell.best for cell in found.cells)
    assert board.count('class="yours"') == 1


def test_rows_of_the_leaderboard_are_in_the_order_of_average_ranks(html: str, found: Tournament) -> None:
    board = html[html.index('<table id="board"') : html.index("</table>")]
    shown = [float(value) for value in re.findall(r'<td class="num" data-value="([^"]+)">', board)]
    assert found.ranks is not None
    assert shown == pytest.approx(sorted(found.ranks.average.values()), rel=1e-6)


def test_every_pair_is_there_from_both_sides_with_opposite_verdicts(html: str, found: Tournament) -> None:
    table = html[html.index('<table id="pairs"') :]
    table = table[: table.index("</table>")]
    assert table.count("<tr data-text") == 2 * len(found.differences)
    better, worse = table.count('<span class="ruling better">'), table.count('<span class="ruling worse">')
    assert better == worse == sum(one.adjusted < 0.05 for one in found.differences)
    unseen = [one for one in found.differences if one.adjusted >= 0.05]
    assert table.count("is found in 80 % of such comparisons") >= 2 * len(unseen) > 0


def test_tuning_and_failures_are_told(html: str) -> None:
    tuning = html[html.index('<section id="tuning"') : html.index('<section id="failures"')]
    assert "learn: beta = 0.2, learning_rate = 0.001" in tuning
    assert "3 trials" in tuning
    assert "2 runs failed" in html


def test_means_over_fewer_seeds_say_over_how_many(html: str) -> None:
    board = html[html.index('<table id="board"') : html.index("</table>")]
    assert board.count("†") == board.count(", 8 of 10 seeds") == 2
    assert "8 of 10†" in html[html.index('<table id="pairs"') :]
    assert "†: over the seeds that it has" in html


def test_only_what_was_measured_of_a_method_is_its_cost(made: Results, found: Tournament, tmp_path: Path) -> None:
    costs = tuple(replace(cost, memory=2.0**20, own=True) for cost in found.costs)
    for one, grown in ((found, False), (replace(found, costs=costs), True)):
        text = write(made, one, tmp_path)[0].read_text()
        table = text[text.index('<section id="costs"') : text.index('<section id="tuning"')]
        assert ("MiB" in table) == (">memory<" in table) == grown
        assert ("Time: of choosing, labelling and learning" in table) == grown


def test_seeds_that_are_not_independent_are_told_in_header_and_method(made: Results, found: Tournament, tmp_path: Path):
    plain, corrected = (
        write(replace(made, overlaps=overlaps), found, tmp_path)[0].read_text() for overlaps in ({}, {"hh_rlhf": 0.25})
    )
    assert "splits the same data anew" not in plain
    assert corrected.count("On hh_rlhf every seed splits the same data anew") == 2


def test_a_small_comparison_has_a_page_too(tmp_path: Path) -> None:
    small = shown_comparison.compared(entrants=2, tasks=1, seeds=2, budgets=(200,))
    text = write(*small, tmp_path)[0].read_text()
    assert "too few seeds to tell" in text
    assert "no interval" in text
    assert "inf" not in re.findall(r'data-value="([^"]*)"', text)
    assert "Failures" not in text


def test_records_are_linked_relative_to_the_page(tmp_path: Path) -> None:
    assert link(tmp_path / "runs" / "a b.json", tmp_path / "reports" / "x") == "../../runs/a%20b.json"
