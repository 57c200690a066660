"""The testbeds by name: built-in ones, and those that users and installed packages bring."""

from __future__ import annotations

from collections.abc import Sequence

from bench.errors import UserError, unknown
from bench.methods.method import Slot
from bench.methods.sources import Broken
from bench.testbeds import crowds, cyclic, texts, users, world
from bench.testbeds.testbed import Testbed

BUILT_IN = (world.TESTBED, cyclic.TESTBED, *crowds.TESTBEDS, *texts.TESTBEDS)


def testbeds() -> list[Testbed]:
    """All that have a name here and can be used; one name can be a testbed of reward models and one of policies."""
    return [*BUILT_IN, *users.installed(_own())]


def broken() -> list[Broken]:
    """Datasets of installed packages that cannot be used."""
    return users.broken(_own())


def testbed(reference: str, learner: Slot) -> Testbed:
    """The testbed of that name, or of the pairs in a file, a folder, or `hub:org/name[:split]`, for such learners.

    Where there is none for such learners, it is the one for others. Raises UserError for an unknown name, with the
    nearest, for data that cannot be read, and with the reason for what a package brings and cannot be used.
    """
    known = testbeds()
    names = list(dict.fromkeys(one.name for one in known))
    found: Sequence[Testbed] = [one for one in known if one.name == reference]
    if not found:
        for unusable in broken():
            if unusable.name == reference:
                raise UserError(f"the dataset '{reference}' of {unusable.package} cannot be used: {unusable.reason}")
    if not found and users.is_dataset(reference):
        found = users.named(reference, names)
    if not found:
        raise unknown("task", reference, names)
    return next((one for one in found if learner in one.measures), found[0])


def _own() -> set[str]:
    return {one.name for one in BUILT_IN}
