"""The page in a real browser: Debian's chromium and its driver, steered by selenium (`nox -s browser`)."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.report.page import Material, write_page

pytestmark = pytest.mark.browser

FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PHONE, DESK = 360, 1200
READABLE = 4.5  # WCAG 2.2, contrast of text, level AA

# Walks over every element that holds text itself, and gives its colour and the first opaque ground under it.
COLOURS = """
const parse = c => c.match(/[\\d.]+/g).map(Number);
const found = [];
for (const element of document.querySelectorAll('body *')) {
  const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own || element.closest('title, style') || !element.checkVisibility()) continue;
  const style = getComputedStyle(element);
  const inSvg = element.namespaceURI.endsWith('svg');
  let ground = element, colour = [0, 0, 0, 0];
  while (ground && (colour.length === 4 && colour[3] === 0)) {
    colour = parse(getComputedStyle(ground).backgroundColor);
    ground = ground.parentElement;
  }
  found.push([element.textContent.trim().slice(0, 40), parse(inSvg ? style.fill : style.color).slice(0, 3),
              colour.slice(0, 3), inSvg]);
}
return found;
"""


@pytest.fixture(scope="module")
def page(material: Material, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_page(material, tmp_path_factory.mktemp("page") / "sparse.html").as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    selenium = pytest.importorskip("selenium.webdriver", reason="needs selenium (nox -s browser)")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (binary and driver):
        pytest.skip("needs Debian's chromium and chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    session = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    yield session
    session.quit()


def _visit(browser: Any, page: str, width: int, scheme: str = "light") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 2, "mobile": width == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(page)


def test_it_asks_the_network_for_nothing_and_the_console_is_silent(browser: Any, page: str) -> None:
    _visit(browser, page, DESK)
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert page in asked
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_page_never_scrolls_sideways(browser: Any, page: str, width: int) -> None:
    _visit(browser, page, width)
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.execute_script("return document.documentElement.scrollWidth") == width
    beyond = browser.execute_script(
        "return [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll')"
        " && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 80))"
    )
    assert beyond == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_reading_needs(browser: Any, page: str, scheme: str) -> None:
    _visit(browser, page, DESK, scheme)
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = browser.execute_script(COLOURS)
    assert len(found) > 100
    assert any(in_svg for *_, in_svg in found)
    faint = [(text, _contrast(ink, ground)) for text, ink, ground, _ in found if _contrast(ink, ground) < READABLE]
    assert faint == []


def test_dark_is_dark_and_light_is_light(browser: Any, page: str) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        _visit(browser, page, DESK, scheme)
        text = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        grounds[scheme] = _luminance([int(part) for part in re.findall(r"\d+", text)])
    assert grounds["light"] > 0.9
    assert grounds["dark"] < 0.05


def test_a_fold_opens_and_closes_at_a_click_and_by_keyboard(browser: Any, page: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    _visit(browser, page, DESK)
    fold = browser.find_element(By.CSS_SELECTOR, ".more details")
    inside, handle = fold.find_element(By.TAG_NAME, "p"), fold.find_element(By.TAG_NAME, "summary")
    assert not inside.is_displayed()
    handle.click()
    assert inside.is_displayed()
    handle.send_keys(Keys.ENTER)
    assert not inside.is_displayed()


def test_figures_are_drawn_with_text_that_is_large_enough_on_a_phone(browser: Any, page: str) -> None:
    _visit(browser, page, PHONE)
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
    _visit(browser, page, DESK, "dark")
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 2
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
    hidden = browser.execute_script(
        "return [...document.querySelectorAll('details:not([open]) > p')].filter(p => !p.checkVisibility()).length"
    )
    assert hidden == 0
    assert browser.execute_script("return getComputedStyle(document.querySelector('nav')).display") == "none"


def _luminance(colour: list[float]) -> float:
    """Relative luminance of an sRGB colour (0 to 255), WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: list[float], other: list[float]) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
