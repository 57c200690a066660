"""A method as the suite knows it: its name, slot, and where its class is."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.errors import UserError, unknown
from bench.methods.contract import PAIR
from bench.methods.sources import executed, source_hash, told
from bench.methods.space import Log, Space, Uniform


class Slot(StrEnum):
    """Where in the pipeline a method is clever."""

    SELECT = "select"
    LABEL = "label"
    REWARD = "reward"
    POLICY = "policy"


MARKS = {Slot.SELECT: "scores", Slot.LABEL: "label", Slot.REWARD: "decision_function", Slot.POLICY: "objective"}
OWN = ("seed",)  # arguments that the suite fills in
# Of every policy's training: what a policy's space may name beside arguments, to have another range than the testbed's.
# Epochs are none of it: whoever may train longer than the others would be compared for that.
TRAINING = ("learning_rate",)


@dataclass(frozen=True)
class Method:
    """One class in one slot. `target` names it as `module:Class`, and `path` the file where it is no module's.

    `code` changes when the class does, so that results of the old one no longer count. Of a built-in it is raised by
    hand ("1", "2", ...) whenever the method gives other numbers; tests pin its defaults to it. Of a file it is the
    sha256, of a package name, version and the sha256 of the file in which the class is written. What that file imports
    does not count.
    """

    name: str
    slot: Slot
    line: str  # what it does
    target: str
    source: str = ""  # paper, section or equation
    fixed: Mapping[str, Any] = field(default_factory=dict)  # arguments that make this method of a class of several
    space: Space = field(default_factory=dict)  # what tuning may try
    code: str = "1"
    path: Path | None = None
    lists: int = PAIR  # responses of a prompt that a policy method learns from, as its class says
    package: str = ""  # the installed package that brings it, and its version
    reads_rewards: bool = False  # whether it uses `known.rewards`, of a model that learnt from labels counted nowhere

    def load(self) -> type:
        """The class. Raises UserError where module or class are not there, the module does not load, or `code` is not
        that of what was loaded: a file that changes while it is compared."""
        module, _, name = self.target.partition(":")
        found = executed(self.path, self.code) if self.path else _imported(module)
        where = str(self.path or module)
        if not hasattr(found, name):
            raise unknown("class", name, [key for key, value in vars(found).items() if inspect.isclass(value)], where)
        kind = getattr(found, name)
        if not isinstance(kind, type):
            raise UserError(f"{where}: {name} is no class")
        if self.package and code_of(kind, self.package) != self.code:
            raise UserError(f"{where} has changed since it was named; run the command again, and the new text counts")
        return kind

    def make(self, seed: int, **hyper: Any) -> Any:
        """One of it. Raises UserError for a hyper-parameter that its constructor does not have or allow."""
        kind = self.load()
        takes = self.hyper_parameters()
        for name in hyper:
            if name not in takes:
                raise unknown(f"hyper-parameter of {self.name}", name, takes)
        own = {"seed": seed} if "seed" in arguments(kind) else {}
        return kind(**{**self.fixed, **hyper, **own})

    def hyper_parameters(self) -> dict[str, Any]:
        """Names and defaults of the constructor's arguments that are neither fixed nor filled in by the suite.

        A class that stands for several methods says itself what each has: `hyper_parameters(**fixed)`.
        """
        kind = self.load()
        several = getattr(kind, "hyper_parameters", None)
        if several is not None:
            return dict(several(**self.fixed))
        taken = {*OWN, *self.fixed}
        return {one.name: one.default for one in _parameters(kind) if one.name not in taken}


def code_of(kind: type, package: str) -> str:
    """The `code` of an installed package's class; an editable one keeps its version when its text changes."""
    return f"{package} {source_hash(kind)}"


def of_class(kind: type, name: str, target: str, code: str, path: Path | None = None, package: str = "") -> Method:
    """The method that a user's class is: its slot by its functions, its line by its docstring, its `space` as it says.

    Raises UserError for a class that belongs to no slot or to several, has no docstring, cannot be made without
    arguments, or whose `space` or `lists` are none.
    """
    slots = [slot for slot, mark in MARKS.items() if callable(getattr(kind, mark, None))]
    where = f"{path or target}: class {kind.__name__}"
    if len(slots) != 1:
        wanted = "; ".join(f"{slot}: {mark}" for slot, mark in MARKS.items())
        has = f"those of {' and '.join(slots)}" if slots else "none of them"
        raise UserError(f"{where}: a method has the function of one slot ({wanted}); this class has {has}")
    own = (kind.__doc__ or "").strip()
    if not own:
        raise UserError(f"{where}: needs a docstring; its first line says in lists what the method does")
    required = [argument.name for argument in _parameters(kind) if argument.default is argument.empty]
    if required:
        raise UserError(f"{where}: argument '{required[0]}' needs a default: hyper-parameters have one")
    space = _space(kind, slots[0], where)
    lists = getattr(kind, "lists", PAIR) if slots[0] == Slot.POLICY else PAIR
    if not isinstance(lists, int) or lists < PAIR:
        raise UserError(f"{where}: lists is how many responses it learns from, 2 or more, got {lists!r}")
    line = own.splitlines()[0].rstrip(".")
    return Method(name, slots[0], line, target, space=space, code=code, path=path, lists=lists, package=package)


def arguments(kind: type) -> tuple[str, ...]:
    """The names of the constructor's arguments."""
    return tuple(argument.name for argument in _parameters(kind))


def _parameters(kind: type) -> list[inspect.Parameter]:
    if kind.__init__ is object.__init__:  # type: ignore[misc]
        return []
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = [one for one in inspect.signature(kind).parameters.values() if one.name != "self"]
    return [one for one in parameters if one.kind in named]


def _space(kind: type, slot: Slot, where: str) -> Space:
    space = getattr(kind, "space", {})
    if not isinstance(space, Mapping):
        raise UserError(f"{where}: space is a dict from hyper-parameters to values, got {space!r}")
    takes = arguments(kind) + (TRAINING if slot == Slot.POLICY else ())
    for key, values in space.items():
        if key not in takes:
            raise unknown("hyper-parameter", key, takes, f"{where}: space")
        several = isinstance(values, Sequence) and not isinstance(values, str) and len(values) > 0
        if not several and not isinstance(values, Log | Uniform):
            raise UserError(f"{where}: space of {key} is a list of values, Log(low, high) or Uniform(low, high)")
    return dict(space)


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except (Exception, SystemExit) as error:
        raise UserError(f"{module} does not load: {told(error)}") from error
