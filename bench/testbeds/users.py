"""Testbeds of preferences that users have: a file, a folder, a dataset of the hub, or one that a package brings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import UserError
from bench.methods.sources import Broken, loaded, package
from bench.spec import Profile
from bench.testbeds.origins import Installed, Named
from bench.testbeds.testbed import Testbed
from bench.testbeds.texts import BUDGETS, text_testbeds
from bench.testbeds.validation import rows_of

if TYPE_CHECKING:
    from bench.data.formats import Preferences

GROUP = "prefbench.datasets"  # entry points: a name, and a callable without arguments
PAIRS = {Profile.EMBEDDED: 1_600, Profile.SMALL: 20_000}  # that reward models see at most: every text is embedded
# Shares of the pairs that a policy's pool has at least; the others make the SFT policy, or test, or are other seeds'.
REPORTED, VALIDATED = 0.33, 0.11


def is_dataset(reference: str) -> bool:
    """Whether `reference` is meant as a file, a folder or a hub dataset, and not as a name."""
    from bench.data.formats.rows import HUB, SUFFIXES

    return reference.startswith(HUB) or reference.endswith(SUFFIXES) or "/" in reference or Path(reference).exists()


def named(reference: str, taken: Sequence[str]) -> tuple[Testbed, Testbed]:
    """The testbeds of a file, a folder, or `hub:org/name[:split]`, which is read for it. `taken` are names of others.

    Raises UserError as `bench.data.formats.preferences` does, and for pairs of which none can be held out.
    """
    from bench.data.formats import preferences
    from bench.data.formats.rows import HUB

    of_hub = reference.startswith(HUB)
    if not of_hub and not Path(reference).exists() and re.fullmatch(r"[\w.-]+/[\w.-]+", reference):
        raise UserError(f"no file or folder {Path(reference).absolute()}; a dataset of the hub is hub:{reference}")
    plain = reference.removeprefix(HUB) if of_hub else Path(reference).absolute().name
    name = re.sub(r"[^\w.-]+", "-", plain)  # it names a folder of records
    name = f"own-{name}" if name in taken else name
    found = preferences(reference)
    rows_of([pair.group for pair in found.dataset.pairs], 0, name)  # raises where nothing can be held out
    data = {} if of_hub else {name: Path(reference).absolute()}
    where = reference if of_hub else str(Path(reference).absolute())
    budgets = _budgets(len(found.dataset.pairs))
    return text_testbeds(Named(name, where), _line(name, found), budgets, PAIRS, data)


def installed(taken: Collection[str]) -> list[Testbed]:
    """Those of installed packages that can be used, by their entry points. `taken` are names of others. No data are
    read."""
    return [testbed for one in _of_entries(taken) if not isinstance(one, Broken) for testbed in one]


def broken(taken: Collection[str]) -> list[Broken]:
    """The others of installed packages."""
    return [one for one in _of_entries(taken) if isinstance(one, Broken)]


def _of_entries(taken: Collection[str]) -> list[tuple[Testbed, Testbed] | Broken]:
    names = set(taken)
    found: list[tuple[Testbed, Testbed] | Broken] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            if point.name in names:
                raise UserError(f"there is a task '{point.name}' already")
            found.append(_of_entry(point))
        except UserError as error:
            found.append(Broken(point.name, package(point), str(error)))
        names.add(point.name)
    return found


def _of_entry(point: EntryPoint) -> tuple[Testbed, Testbed]:
    given = loaded(point)
    if not callable(given):
        raise UserError(f"{point.value} is no function that returns the data")
    said = (inspect.getdoc(given) or f"pairs of {point.value}").splitlines()[0].rstrip(".")
    origin = Installed(point.name, point.value, GROUP)
    return text_testbeds(origin, f"{said}; judged on other prompts", pairs=PAIRS)


def _line(name: str, found: Preferences) -> str:
    people = f" by {len(set(found.annotators)):,} people who are told apart" if found.annotators else ""
    nothing = f" ({found.left_out:,} rows prefer nothing)" if found.left_out else ""
    return f"{len(found.dataset.pairs):,} pairs of {name}{people}{nothing}; judged on other prompts"


def _budgets(pairs: int) -> tuple[int, ...]:
    """Those of BUDGETS that pools of so many pairs have, of validation seeds the one in the middle; of few pairs, their
    pools' ninth, third and all."""
    reported, validated = int(REPORTED * pairs), int(VALIDATED * pairs)
    for count in range(len(BUDGETS), 1, -1):
        if BUDGETS[count - 1] <= reported and BUDGETS[(count - 1) // 2] <= validated:
            return BUDGETS[:count]
    return tuple(sorted({max(reported // 9, 1), max(reported // 3, 1), max(reported, 1)}))
