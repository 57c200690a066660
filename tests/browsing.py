"""Debian's chromium and its driver, steered by selenium (`nox -s browser`): what tests of pages share."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

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


def start(profile: Path) -> Any:
    """A browser with an empty profile; the caller quits it."""
    selenium = pytest.importorskip("selenium.webdriver", reason="needs selenium (nox -s browser)")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (binary and driver):
        pytest.skip("needs Debian's chromium and chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return selenium.Chrome(options=options, service=selenium.ChromeService(driver))


def visit(browser: Any, page: str, width: int, scheme: str = "light") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 2, "mobile": width == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(page)


def asked(browser: Any) -> list[str]:
    """Addresses that the page has asked for since the visit."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def beyond(browser: Any) -> list[str]:
    """What reaches beyond the right edge of the page outside of regions that scroll, every fold open."""
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    found: list[str] = browser.execute_script(
        "return [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll')"
        " && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 80))"
    )
    return found


def faint(browser: Any) -> list[tuple[str, float]]:
    """Texts whose contrast is below what reading needs, every fold open."""
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = browser.execute_script(COLOURS)
    assert len(found) > 100
    assert any(in_svg for *_, in_svg in found)
    return [(text, contrast(ink, ground)) for text, ink, ground, _ in found if contrast(ink, ground) < READABLE]


def luminance(colour: list[float]) -> float:
    """Relative luminance of an sRGB colour (0 to 255), WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: list[float], other: list[float]) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
