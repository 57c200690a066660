"""The testbeds by name: built-in ones, and those that users and installed packages bring."""

from __future__ import annotations

from bench.errors import UserError, unknown
from bench.testbeds import crowds, cyclic, texts, users, world
from bench.testbeds.testbed import Testbed

BUILT_IN = (world.TESTBED, cyclic.TESTBED, *crowds.TESTBEDS, *texts.TESTBEDS)


def testbeds() -> list[Testbed]:
    """All that have a name here. Raises UserError for an installed dataset with the name of another one."""
    found = {one.name: one for one in BUILT_IN}
    for one in users.installed():
        if one.name in found:
            raise UserError(f"a package brings a dataset '{one.name}', which is the name of another task")
        found[one.name] = one
    return list(found.values())


def testbed(reference: str) -> Testbed:
    """The testbed of that name, or of the pairs in a file, a folder, or `hub:org/name[:split]`.

    Raises UserError for an unknown name, with the nearest, and for data that cannot be read.
    """
    found = {one.name: one for one in testbeds()}
    if reference in found:
        return found[reference]
    if users.is_dataset(reference):
        return users.named(reference, list(found))
    raise unknown("task", reference, found)
