"""What was measured beside the measure: means of entrants with the most labels, and landmarks of a task."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import shown_comparison

from bench.compare.results import Results, Tournament
from bench.compare.shown import write
from bench.compare.tournament import tournament
from bench.compare.words import landmarks


@pytest.fixture(scope="module")
def made() -> tuple[Results, Tournament]:
    return shown_comparison.compared(entrants=3)


@pytest.fixture(scope="module")
def page(made: tuple[Results, Tournament], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(*made, tmp_path_factory.mktemp("out"))[0]


def test_means_are_over_the_seeds_at_the_largest_budget(made: tuple[Results, Tournament]) -> None:
    results, found = made
    rows = results.rows[(results.rows["metric"] == "kl_from_sft") & (results.rows["budget"] == 800)]
    expected = rows.groupby("entrant")["value"].mean().to_dict()
    shown = {one.entrant: one.mean for one in found.beside if one.metric == "kl_from_sft"}
    assert {name: mean.value for name, mean in shown.items()} == pytest.approx(expected)
    assert all(mean.low < mean.value < mean.high for mean in shown.values())


def test_what_nobody_recorded_is_left_out(made: tuple[Results, Tournament]) -> None:
    assert {one.metric for one in made[1].beside} == {"kl_from_sft", "parameters"}
    assert {one.task for one in made[1].beside} == {"world"}


def test_values_that_are_not_finite_are_left_out_and_break_nothing(made: tuple[Results, Tournament]) -> None:
    results = made[0]
    rows = results.rows.copy()
    rows.loc[(rows["metric"] == "kl_from_sft") & (rows["entrant"] == "dpo"), "value"] = float("nan")
    shown = {one.entrant for one in tournament(replace(results, rows=rows)).beside if one.metric == "kl_from_sft"}
    assert shown == {"ipo", "simpo"}


def test_a_mean_over_fewer_seeds_says_so(made: tuple[Results, Tournament], tmp_path: Path) -> None:
    results = made[0]
    gone = (results.rows["metric"] == "kl_from_sft") & (results.rows["entrant"] == "dpo") & (results.rows["seed"] < 4)
    fewer = replace(results, rows=results.rows[~gone])
    html = write(fewer, tournament(fewer), tmp_path)[0].read_text(encoding="utf-8")
    assert html[html.index('<section id="beside"') :].count(", 6 of 10 seeds") == 1
    assert pd.read_csv(tmp_path / "beside.csv")["seeds"].dropna().tolist().count(6) == 1


def test_a_landmark_counts_every_seed_once_however_many_ran_on_it(made: tuple[Results, Tournament]) -> None:
    results, found = made
    assert [(one.task, one.words, one.value) for one in found.landmarks] == [
        ("world", "the <best> policy", pytest.approx(0.945))
    ]
    kept = results.rows[(results.rows["seed"] != 9) | (results.rows["entrant"] == "dpo")]
    assert tournament(replace(results, rows=kept)).landmarks[0].value == pytest.approx(0.945)
    assert landmarks(found, "world") == "For comparison: the <best> policy 0.945."
    assert landmarks(found, "hh_rlhf") == ""


def test_the_page_has_a_table_of_it_and_the_landmark_below_the_leaderboard(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    table = html[html.index('<table id="beside-0"') :]
    table = table[: table.index("</table>")]
    assert "KL from SFT, nats" in table
    assert table.count(">33,344</td>") == 3  # a count without an interval
    assert "&lt;odd&gt;" not in table
    board = html[html.index('<section id="leaderboard"') : html.index('<section id="differences"')]
    assert "For comparison: the &lt;best&gt; policy 0.945." in board
    assert '<a href="#beside">' in html


def test_a_comparison_without_any_has_no_section(tmp_path: Path) -> None:
    results = shown_comparison.results(entrants=2, tasks=1)
    plain = replace(results, rows=results.rows[results.rows["metric"] == "win_rate_over_sft"])
    html = write(plain, tournament(plain), tmp_path)[0].read_text(encoding="utf-8")
    assert "beside-0" not in html
    assert '<a href="#beside">' not in html
    assert "For comparison" not in html


def test_the_csv_has_every_mean_and_landmark(made: tuple[Results, Tournament], page: Path) -> None:
    table = pd.read_csv(page.parent / "beside.csv")
    assert len(table) == len(made[1].beside) + len(made[1].landmarks)
    assert set(table["metric"]) == {"KL from SFT, nats", "parameters", "the <best> policy"}
    assert table[table["entrant"].isna()]["mean"].tolist() == pytest.approx([0.945])
