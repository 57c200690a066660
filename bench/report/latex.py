"""What LaTeX tables are made of: rows, and names that LaTeX would take for commands."""

from __future__ import annotations

from collections.abc import Iterable

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "\n": " ",
} | {sign: f"\\{sign}" for sign in "&%$#_{}"}


def table_row(cells: Iterable[str]) -> str:
    """One line of a tabular."""
    return " & ".join(cells) + " \\\\"


def escape(text: str) -> str:
    """Text that prints as itself; letters beyond Latin ones need a Unicode engine (xelatex, lualatex)."""
    return "".join(_SPECIAL.get(sign, sign) for sign in text)
