from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from page_reader import PageReader

from bench.errors import UserError
from bench.report.page import Material, render, write_page


@pytest.fixture(scope="module")
def html(material: Material) -> str:
    return render(material)


@pytest.fixture(scope="module")
def read(html: str) -> PageReader:
    reader = PageReader()
    reader.feed(html)
    reader.close()
    return reader


def test_it_is_one_well_nested_file_that_loads_nothing(html: str, read: PageReader) -> None:
    assert read.open == []
    assert read.loads == ["link data:,"]
    assert "@import" not in html
    assert "url(http" not in html


def test_ids_are_unique_and_every_inner_link_leads_somewhere(read: PageReader) -> None:
    assert len(read.ids) == len(set(read.ids))
    assert {link[1:] for link in read.links if link.startswith("#")} <= set(read.ids)


def test_verdicts_come_before_experiments_and_experiments_in_the_papers_order(html: str) -> None:
    places = [html.index(f'<section id="{name}"') for name in ("verdicts", "fig2a", "fig2b", "fig4", "environment")]
    assert places == sorted(places)


def test_what_others_wrote_is_escaped(html: str) -> None:
    assert "A paper about &lt;sparsity&gt; &amp; preferences" in html
    assert "<sparsity>" not in html
    assert "&lt;two readers&gt;" in html
    assert "&lt;solver&gt;" in html


def test_a_ruling_is_a_word_and_a_sign_beside_its_colour(html: str) -> None:
    assert re.search(r'class="ruling supported"><span aria-hidden="true">✓</span> supported', html)
    assert re.search(r'class="ruling contradicted"><span aria-hidden="true">✗</span> contradicted', html)


def test_every_line_says_how_to_rerun_it(html: str) -> None:
    for variant in ("corrected", "as_released"):
        assert f"prefbench run sparse --experiment fig2b --variant {variant} --profile embedded" in html
    assert "prefbench run sparse --experiment fig4 --variant corrected" in html  # not run, and yet how


def test_published_stands_beside_ours_with_its_reading_error(html: str) -> None:
    row = re.search(r'<th scope="row" class="num">10</th>.*?</tr>', html, re.DOTALL)
    assert row is not None
    text = " ".join(re.sub(r"<[^>]+>", " ", row.group()).split())
    assert text == "10 0.8000 ± 0.0010 0.0789 0.0771 to 0.0807 ± 0.020 ✓ equivalent"


def test_costs_are_summed_over_tasks(html: str) -> None:
    row = re.search(r'<th scope="row">corrected, embedded</th>(.*?)</tr>', html, re.DOTALL)
    assert row is not None
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", row.group(1))
    assert cells == ["72", "6", "18 s", "36 s", "3 MiB"]  # fig2a: 6 seeds x 2 methods x 6 k


def test_unknown_cells_environment_and_findings_are_there(html: str) -> None:
    assert "Table 4, a cell that nobody has seen" in html
    for text in ("0123abcd", "2.4.6", "16.0 GiB", "l1: the released solver stops short at 3 of 4 conditions."):
        assert text in html


def test_a_figure_that_could_not_be_drawn_says_why(html: str) -> None:
    assert re.search(r"No figure: no records of this experiment", html)


def test_an_empty_report_still_renders(material: Material) -> None:
    empty = render(replace(material, verdicts=[], records=[], published=[], findings={}))
    assert "Nothing has been compared yet." in empty


def test_writing_where_a_folder_is_in_the_way_is_a_user_error(material: Material, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        write_page(material, tmp_path)
    assert write_page(material, tmp_path / "new" / "page.html").stat().st_size > 10_000
