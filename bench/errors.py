"""Errors a user can act on: what was wrong, where, and the nearest thing that would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Bad input. The command line prints the message alone, without a traceback, and exits with 2."""


def nearest(wrong: str, valid: Iterable[str]) -> str | None:
    """The valid name closest to `wrong`, or None when nothing is close."""
    matches = difflib.get_close_matches(str(wrong), list(valid), n=1, cutoff=0.5)
    return matches[0] if matches else None


def unknown(kind: str, wrong: str, valid: Iterable[str], where: str = "") -> UserError:
    """The error for a name that does not exist: names it, the nearest valid one, and all choices."""
    choices = sorted(map(str, valid))
    guess = nearest(wrong, choices)
    place = f"{where}: " if where else ""
    hint = f" Did you mean '{guess}'?" if guess else ""
    return UserError(f"{place}unknown {kind} '{wrong}'.{hint}\nValid: {', '.join(choices) or '(none)'}")
