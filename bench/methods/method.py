"""A method as the suite knows it: its name, slot, and where its class is."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from bench.errors import UserError, unknown
from bench.methods.contract import PAIR
from bench.methods.space import Space


class Slot(StrEnum):
    """Where in the pipeline a method is clever."""

    SELECT = "select"
    LABEL = "label"
    REWARD = "reward"
    POLICY = "policy"


MARKS = {Slot.SELECT: "scores", Slot.LABEL: "label", Slot.REWARD: "decision_function", Slot.POLICY: "objective"}
OWN = ("seed",)  # arguments that the suite fills in
TRAINING = ("learning_rate", "epochs")  # of every policy's training: what a space may name beside arguments


@dataclass(frozen=True)
class Method:
    """One class in one slot. `target` names it as `module:Class`, and `path` the file where it is no module's.

    `code` changes when the class does, so that results of the old one no longer count: of a built-in it is raised by
    hand ("1", "2", ...) whenever the method gives other numbers; of a package it is its version, of a file its sha256.
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

    def load(self) -> type:
        """The class. Raises UserError where module or class are not there, or the module does not load."""
        module, _, name = self.target.partition(":")
        loaded = _from_file(self.path) if self.path else import_module(module)
        if not hasattr(loaded, name):
            classes = [key for key, value in vars(loaded).items() if inspect.isclass(value)]
            raise unknown("class", name, classes, str(self.path or module))
        found: type = getattr(loaded, name)
        return found

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


def of_class(kind: type, name: str, target: str, code: str, path: Path | None = None) -> Method:
    """The method that a user's class is: its slot by its functions, its line by its docstring, its `space` as it says.

    Raises UserError for a class that belongs to no slot or to several, has no docstring, or cannot be made without
    arguments.
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
    space = dict(getattr(kind, "space", {}))
    takes = arguments(kind)
    for key in space:
        if key not in takes and key not in TRAINING:
            raise unknown("hyper-parameter", key, takes, f"{where}: space")
    lists = getattr(kind, "lists", PAIR) if slots[0] == Slot.POLICY else PAIR
    if not isinstance(lists, int) or lists < PAIR:
        raise UserError(f"{where}: lists is how many responses it learns from, 2 or more, got {lists!r}")
    line = own.splitlines()[0].rstrip(".")
    return Method(name, slots[0], line, target, space=space, code=code, path=path, lists=lists)


def arguments(kind: type) -> tuple[str, ...]:
    """The names of the constructor's arguments."""
    return tuple(argument.name for argument in _parameters(kind))


def _parameters(kind: type) -> list[inspect.Parameter]:
    if kind.__init__ is object.__init__:  # type: ignore[misc]
        return []
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = [one for one in inspect.signature(kind).parameters.values() if one.name != "self"]
    return [one for one in parameters if one.kind in named]


def _from_file(path: Path) -> Any:
    name = f"prefbench_user_{sha256(str(path.absolute()).encode()).hexdigest()[:16]}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: not a Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"{path} does not load: {type(error).__name__}: {error}") from error
    return module
