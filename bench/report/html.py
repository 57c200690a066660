"""A page as one HTML file that loads nothing: templates, the common look, writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from bench.errors import UserError
from bench.report.format import duration, memory, plural


def page(
    package: str,
    template: str,
    styles: Sequence[str],
    filters: Mapping[str, Callable[..., Any]],
    view: Mapping[str, Any],
) -> str:
    """The text of a page: `template` of the folder `templates` in `package`, filled with `view`.

    `styles` are files of rules, beside the template or among those of bench.report, one after another. Templates find
    those of bench.report too, the filters `duration`, `memory`, `markup`, and the function `plural`.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    packages = list(dict.fromkeys([package, "bench.report"]))
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(duration=duration, memory=memory, markup=Markup, **filters)
    css = "\n".join(_text(packages, name) for name in styles)
    return templates.get_template(template).render(css=Markup(css), plural=plural, **view)


def _text(packages: Sequence[str], name: str) -> str:
    places = [files(package).joinpath("templates", name) for package in packages]
    return next(place for place in places if place.is_file()).read_text(encoding="utf-8")


def write_text(text: str, out: Path) -> Path:
    """Write a page to `out` and return it. Raises UserError when the file cannot be written."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out}: the report cannot be written there ({error.strerror or error})") from error
    return out


def minus(text: str) -> str:
    """A hyphen before a number as a minus sign."""
    return text.replace("-", "−")
