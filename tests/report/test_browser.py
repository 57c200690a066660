"""The page in a real browser: Debian's chromium and its driver, steered by selenium (`nox -s browser`)."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from browsing import DESK, PHONE, asked, beyond, faint, luminance, visit

from bench.report.page import Material, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(material: Material, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_page(material, tmp_path_factory.mktemp("page") / "sparse.html").as_uri()


def test_it_asks_the_network_for_nothing_and_the_console_is_silent(browser: Any, page: str) -> None:
    visit(browser, page, DESK)
    addresses = asked(browser)
    assert page in addresses
    assert [url for url in addresses if not url.startswith(("file:", "data:"))] == []
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_page_never_scrolls_sideways(browser: Any, page: str, width: int) -> None:
    visit(browser, page, width)
    assert beyond(browser) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_reading_needs(browser: Any, page: str, scheme: str) -> None:
    visit(browser, page, DESK, scheme)
    assert faint(browser) == []


def test_dark_is_dark_and_light_is_light(browser: Any, page: str) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        visit(browser, page, DESK, scheme)
        text = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        grounds[scheme] = luminance([int(part) for part in re.findall(r"\d+", text)])
    assert grounds["light"] > 0.9
    assert grounds["dark"] < 0.05


def test_a_fold_opens_and_closes_at_a_click_and_by_keyboard(browser: Any, page: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    visit(browser, page, DESK)
    fold = browser.find_element(By.CSS_SELECTOR, ".more details")
    inside, handle = fold.find_element(By.TAG_NAME, "p"), fold.find_element(By.TAG_NAME, "summary")
    assert not inside.is_displayed()
    handle.click()
    assert inside.is_displayed()
    handle.send_keys(Keys.ENTER)
    assert not inside.is_displayed()


def test_figures_are_drawn_with_text_that_is_large_enough_on_a_phone(browser: Any, page: str) -> None:
    visit(browser, page, PHONE)
    figures = browser.execute_script(
        "return [...document.querySelectorAll('figure svg')].map(svg => ({"
        " words: [...svg.querySelectorAll('text')].map(t => t.textContent),"
        " smallest: Math.min(...[...svg.querySelectorAll('text')].map(t => t.getBoundingClientRect().height)),"
        " width: svg.getBoundingClientRect().width}))"
    )
    assert len(figures) == 2
    for figure in figures:
        assert "published" in figure["words"]
        assert figure["width"] > 250
        assert figure["smallest"] >= 8  # pixels


def test_it_prints_to_pdf_with_every_fold_open(browser: Any, page: str, tmp_path: Path) -> None:
    visit(browser, page, DESK, "dark")
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 2
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
    hidden = browser.execute_script(
        "return [...document.querySelectorAll('details:not([open]) > p')].filter(p => !p.checkVisibility()).length"
    )
    assert hidden == 0
    assert browser.execute_script("return getComputedStyle(document.querySelector('nav')).display") == "none"
