"""The testbeds by name: built-in ones, each a module of this package with `TESTBED`."""

from __future__ import annotations

from importlib import import_module

from bench.errors import unknown
from bench.testbeds.testbed import Testbed

BUILT_IN = ("world",)


def testbeds() -> list[Testbed]:
    """All that have a name here."""
    return [import_module(f"bench.testbeds.{name}").TESTBED for name in BUILT_IN]


def testbed(name: str) -> Testbed:
    """The testbed of that name. Raises UserError, with the nearest, for an unknown one."""
    for one in testbeds():
        if one.name == name:
            return one
    raise unknown("task", name, BUILT_IN)
