"""Where methods come from: the catalogue, installed packages, and files that a user names."""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path

from bench.errors import UserError, unknown
from bench.methods.catalogue import BUILT_IN
from bench.methods.method import Method, Slot, code_of, of_class
from bench.methods.sources import Broken, contents, loaded, package

GROUP = "prefbench.methods"  # entry points: a name, and the class


def methods(slot: Slot | None = None) -> list[Method]:
    """Those that have a name here: built-in ones, and those of installed packages that can be used."""
    brought = [one for one in _installed() if isinstance(one, Method)]
    return [one for one in (*BUILT_IN, *brought) if slot is None or one.slot == slot]


def broken() -> list[Broken]:
    """The others of installed packages."""
    return [one for one in _installed() if isinstance(one, Broken)]


def method(reference: str, slot: Slot) -> Method:
    """The method of that name in `slot`, or the class that `file.py:Class` names.

    Raises UserError for an unknown name, with the nearest, and for a file or class that is not there or belongs to
    another slot, and with the reason for one that a package brings and that cannot be used.
    """
    if ".py:" in reference or reference.endswith(".py"):
        found = from_file(reference)
        if found.slot != slot:
            raise UserError(f"{reference} belongs to the slot '{found.slot}', and is named where '{slot}' is asked for")
        return found
    for one in methods(slot):
        if one.name == reference:
            return one
    for unusable in broken():
        if unusable.name == reference:
            raise UserError(f"'{reference}' of {unusable.package} cannot be used: {unusable.reason}")
    others = [str(one.slot) for one in methods() if one.name == reference]
    if others:
        raise UserError(f"'{reference}' belongs to the slot '{others[0]}', and is named where '{slot}' is asked for")
    raise unknown(f"{slot} method", reference, [one.name for one in methods(slot)])


def from_file(reference: str) -> Method:
    """The method `path/to/file.py:Class`. Raises UserError as `Method.load` and `of_class` do."""
    written, _, name = reference.rpartition(":")
    path = Path(written)
    if not written or not name:
        raise UserError(f"'{reference}': name a class of the file, as {reference.rstrip(':')}:MyMethod")
    if not path.is_file():
        raise UserError(f"'{reference}': no file {path.absolute()}")
    target = f"{path.name}:{name}"
    code = sha256(contents(path)).hexdigest()
    kind = Method(name, Slot.POLICY, "", target, code=code, path=path.absolute()).load()
    return of_class(kind, name, target, code, path.absolute())


def _installed() -> list[Method | Broken]:
    taken = {(one.slot, one.name) for one in BUILT_IN}
    found: list[Method | Broken] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        brings = package(point)
        try:
            kind = loaded(point)
            if not isinstance(kind, type):
                raise UserError(f"{point.value} is no class")
            one = of_class(kind, point.name, point.value, code_of(kind, brings), package=brings)
        except UserError as error:
            found.append(Broken(point.name, brings, str(error)))
            continue
        if (one.slot, one.name) in taken:
            found.append(Broken(point.name, brings, f"there is a method of that name in the slot '{one.slot}' already"))
            continue
        taken.add((one.slot, one.name))
        found.append(one)
    return found
