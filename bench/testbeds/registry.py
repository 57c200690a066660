"""The testbeds by name: built-in ones."""

from __future__ import annotations

from bench.errors import unknown
from bench.testbeds import crowds, world
from bench.testbeds.testbed import Testbed


def testbeds() -> list[Testbed]:
    """All that have a name here."""
    return [world.TESTBED, *crowds.TESTBEDS]


def testbed(reference: str) -> Testbed:
    """The testbed of that name. Raises UserError, with the nearest, for an unknown one."""
    found = {one.name: one for one in testbeds()}
    if reference not in found:
        raise unknown("task", reference, found)
    return found[reference]
