from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from bench.paths import resource
from bench.report.figures import Drawings

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def svgs(drawings: Drawings) -> dict[str, str]:
    return {name: drawn.svg for name, drawn in drawings.drawn.items()}


def test_it_is_well_formed_and_has_a_name_for_those_who_cannot_see_it(svgs: dict[str, str]) -> None:
    for name, text in svgs.items():
        root = ET.fromstring(text)
        assert root.get("role") == "img"
        title = root.find(f"{SVG}title")
        assert title is not None
        assert title.get("id") == root.get("aria-labelledby")
        assert (title.text or "").startswith(f"sparse {name}. ")


def test_text_stays_text(svgs: dict[str, str]) -> None:
    words = {element.text for element in ET.fromstring(svgs["fig2b"]).iter(f"{SVG}text")}
    assert {"number of comparisons n", "published"} <= words


def test_no_two_figures_share_an_id_and_every_reference_resolves(svgs: dict[str, str]) -> None:
    seen: set[str] = set()
    for text in svgs.values():
        ids = set(re.findall(r'\bid="([^"]+)"', text))
        assert not ids & seen
        seen |= ids
        references = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
        assert references
        assert references <= ids


def test_a_page_can_give_every_colour_a_twin(svgs: dict[str, str]) -> None:
    for text in svgs.values():
        assert not re.search(r"(?:fill|stroke): ?#", text)


def test_every_line_colour_of_the_figures_has_its_twin_for_dark_pages(svgs: dict[str, str]) -> None:
    """White and the colours of the map stay: they stand on the map, which is the same on both pages."""
    css = (resource("figures").parent / "bench/report/templates/page.css").read_text(encoding="utf-8")
    used = {colour for text in svgs.values() for colour in re.findall(r"var\(--c-([0-9a-f]{6})", text)} - {"ffffff"}
    assert used
    assert used <= set(re.findall(r"--c-([0-9a-f]{6}):", css))
