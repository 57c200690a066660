"""Where methods come from: the catalogue, installed packages, and files that a user names."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from bench.errors import UserError, unknown
from bench.methods.catalogue import BUILT_IN
from bench.methods.method import Method, Slot, of_class

GROUP = "prefbench.methods"  # entry points: a name, and the class


def methods(slot: Slot | None = None) -> list[Method]:
    """Those that have a name here: built-in ones, and those of installed packages."""
    return [one for one in (*BUILT_IN, *_installed()) if slot is None or one.slot == slot]


def method(reference: str, slot: Slot) -> Method:
    """The method of that name in `slot`, or the class that `file.py:Class` names.

    Raises UserError for an unknown name, with the nearest, and for a file or class that is not there or belongs to
    another slot.
    """
    if ".py:" in reference or reference.endswith(".py"):
        found = from_file(reference)
        if found.slot != slot:
            raise UserError(f"{reference} belongs to the slot '{found.slot}', and is named where '{slot}' is asked for")
        return found
    for one in methods(slot):
        if one.name == reference:
            return one
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
    code = sha256(path.read_bytes()).hexdigest()
    kind = Method(name, Slot.POLICY, "", target, path=path.absolute()).load()
    return of_class(kind, name, target, code, path.absolute())


def _installed() -> Sequence[Method]:
    return [_of_entry(point) for point in entry_points(group=GROUP)]


def _of_entry(point: EntryPoint) -> Method:
    version = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown"
    return of_class(point.load(), point.name, point.value, version)
