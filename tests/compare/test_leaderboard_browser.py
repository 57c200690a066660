"""The comparison's page in a real browser (`nox -s browser`)."""

from __future__ import annotations

from typing import Any

import pytest
import shown_comparison
from browsing import DESK, PHONE, asked, beyond, faint, visit

from bench.compare.shown import write

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    home = tmp_path_factory.mktemp("home")
    return write(*shown_comparison.compared(failures=2), home / "out", runs=home / "runs")[0].as_uri()


def column(browser: Any, table: str, index: int) -> list[str]:
    """The texts of a column, first lines, of rows that are seen."""
    script = (
        "return [...document.getElementById(arguments[0]).tBodies[0].rows].filter(row => !row.hidden)"
        ".map(row => row.cells[arguments[1]].textContent.trim().split(/\\s/)[0])"
    )
    found: list[str] = browser.execute_script(script, table, index)
    return found


def choose(browser: Any, table: str, name: str, value: str) -> None:
    from selenium.webdriver.common.by import By

    field = browser.find_element(By.CSS_SELECTOR, f"form[data-table={table}] [name={name}]")
    script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
    browser.execute_script(script, field, value)


def test_it_asks_the_network_for_nothing_and_the_console_is_silent(browser: Any, page: str) -> None:
    visit(browser, page, DESK)
    addresses = asked(browser)
    assert page in addresses
    assert [url for url in addresses if not url.startswith(("file:", "data:"))] == []
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_page_never_scrolls_sideways(browser: Any, page: str, width: int) -> None:
    visit(browser, page, width)
    choose(browser, "board", "columns", "")
    assert beyond(browser) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_reading_needs(browser: Any, page: str, scheme: str) -> None:
    visit(browser, page, DESK, scheme)
    assert faint(browser) == []


def test_a_column_sorts_at_a_click_and_by_keyboard_and_says_so(browser: Any, page: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    visit(browser, page, DESK)
    header = browser.find_element(By.CSS_SELECTOR, "#board th[data-of='2'][data-is='area']")
    index = int(header.get_attribute("data-column"))
    header.find_element(By.TAG_NAME, "button").click()
    assert header.get_attribute("aria-sort") == "descending"
    values = [float(text) for text in column(browser, "board", index)]
    assert values == sorted(values, reverse=True)
    header.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert header.get_attribute("aria-sort") == "ascending"
    assert [float(text) for text in column(browser, "board", index)] == sorted(values)
    sorted_by = browser.find_elements(By.CSS_SELECTOR, "#board th[aria-sort]:not([aria-sort=none])")
    assert sorted_by == [header]


def test_numbers_sort_as_numbers_and_what_is_missing_comes_last_both_ways(browser: Any, page: str) -> None:
    from selenium.webdriver.common.by import By

    visit(browser, page, DESK)
    header = browser.find_element(By.CSS_SELECTOR, "#spent th[data-column='5']")
    for _ in range(2):
        header.find_element(By.TAG_NAME, "button").click()
        tokens = column(browser, "spent", 5)
        assert tokens[-6:] == ["–"] * 6
        assert "–" not in tokens[:-6]


def test_rows_are_filtered_by_text_place_and_task_and_counted(browser: Any, page: str) -> None:
    from selenium.webdriver.common.by import By

    visit(browser, page, DESK)
    choose(browser, "board", "select", "pvar")
    assert set(column(browser, "board", 0)) == {"simpo", "odd_<name>"}
    choose(browser, "board", "text", " ODD_")
    assert column(browser, "board", 0) == ["odd_<name>"]
    assert browser.find_element(By.CSS_SELECTOR, "form[data-table=board] output").text == "1 of 6 rows"
    choose(browser, "pairs", "task", "my <data>")
    assert set(column(browser, "pairs", 1)) == {"dpo"}  # the reference, until another is chosen
    assert len(column(browser, "pairs", 0)) == 5
    choose(browser, "pairs", "versus", "MyMethod")
    assert set(column(browser, "pairs", 1)) == {"MyMethod"}


def test_columns_are_areas_until_a_task_is_chosen(browser: Any, page: str) -> None:
    visit(browser, page, DESK)
    seen = (
        "return [...document.querySelectorAll('#board thead tr:last-child th')].filter(th => th.checkVisibility())"
        ".map(th => th.innerText.replace(/\\s+/g, ' ').trim())"
    )
    assert [text.split(",")[0].split(" ")[0] for text in browser.execute_script(seen)] == [
        *("entrant", "average", "area", "area", "area")
    ]
    choose(browser, "board", "columns", "1")
    heads = [text.split(",")[0].split(" ")[0] for text in browser.execute_script(seen)]
    assert heads == ["entrant", "average", "area", "100", "200", "400", "800"]


def test_a_number_opens_its_seeds_and_they_link_to_records(browser: Any, page: str) -> None:
    from selenium.webdriver.common.by import By

    visit(browser, page, DESK)
    number = browser.find_element(By.CSS_SELECTOR, "#board tbody td[data-of='1'] a")
    target = number.get_attribute("href").split("#")[1]
    heading = browser.find_element(By.ID, target)
    assert not heading.is_displayed()
    number.click()
    assert heading.is_displayed()
    link = browser.execute_script(
        "return arguments[0].closest('details').querySelector('td a').getAttribute('href')", heading
    )
    assert link.startswith("../runs/compare/hh_rlhf/")


def test_without_scripts_all_rows_are_there(browser: Any, page: str) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(browser, page, DESK)
        hidden = browser.execute_script("return document.querySelectorAll('tr[hidden], td[hidden]').length")
        forms = browser.execute_script("return document.querySelectorAll('form:not([hidden])').length")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert (hidden, forms) == (0, 0)
