"""A matplotlib figure as SVG for a page: text stays text, colours follow the page, ids do not clash."""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_GLOBAL_STYLE = re.compile(r"\s*<defs>\s*<style[^>]*>.*?</style>\s*</defs>", re.DOTALL)
_OPENING = re.compile(r"<svg\b[^>]*>")
_VIEW_BOX = re.compile(r'viewBox="([^"]+)"')
_COLOUR = re.compile(r"((?:fill|stroke): ?)#([0-9a-f]{6})\b")
_FONT_FAMILY = re.compile(r"(font(?:-family)?: [^;\"]*?)(?:'[^']*'(?:, *'[^']*')*(?:, *[\w-]+)*)")


def svg_text(figure: Figure, prefix: str, title: str) -> str:
    """The figure as an `<svg>` element to stand inside an HTML page.

    - every colour `#rrggbb` becomes `var(--c-rrggbb, #rrggbb)`, so that a page can give it a twin for dark mode;
    - every id is prefixed with `prefix`, so that clip paths of several figures do not meet;
    - `title` is its accessible name; text remains text, in the page's font.
    """
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": prefix}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    body = _PROLOGUE.sub("", buffer.getvalue(), count=1)
    body = _GLOBAL_STYLE.sub("", _METADATA.sub("", body))
    body = _COLOUR.sub(r"\1var(--c-\2, #\2)", body)
    body = _FONT_FAMILY.sub(r"\1var(--sans)", body)
    for reference in (r'\bid="', r"url\(#", r'href="#'):
        body = re.sub(f"({reference})", rf"\g<1>{prefix}-", body)
    return _OPENING.sub(lambda opening: _accessible(opening.group(), prefix, title), body, count=1).strip()


def _accessible(opening: str, prefix: str, title: str) -> str:
    box = _VIEW_BOX.search(opening)
    assert box is not None, "matplotlib always writes a viewBox"
    width = float(box.group(1).split()[2])
    name = f"{prefix}-title"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box.group(1)}"'
        f' role="img" aria-labelledby="{name}" style="--width: {width:g}"><title id="{name}">{escape(title)}</title>'
    )
