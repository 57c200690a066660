"""Where a user's class comes from: a file's very bytes, or an entry point of an installed package."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.errors import UserError


@dataclass(frozen=True)
class Broken:
    """What an installed package brings and cannot be used."""

    name: str
    package: str
    reason: str


def package(point: EntryPoint) -> str:
    """Name and version of the package that an entry point is of."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def loaded(point: EntryPoint) -> Any:
    """What the entry point names. Raises UserError for whatever keeps it from loading."""
    try:
        return point.load()
    except (Exception, SystemExit) as error:
        raise UserError(f"{point.value} does not load: {told(error)}") from error


def executed(path: Path, code: str) -> ModuleType:
    """The module that a file is. Raises UserError where its sha256 is not `code`, and where it does not load."""
    content = contents(path)
    if sha256(content).hexdigest() != code:
        raise UserError(f"{path} has changed since it was named; run the command again, and the new text counts")
    name = f"prefbench_user_{sha256(str(path).encode()).hexdigest()[:16]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        exec(compile(content, str(path), "exec", dont_inherit=True), vars(module))
    except (Exception, SystemExit) as error:
        raise UserError(f"{path} does not load: {told(error)}") from error
    return module


def contents(path: Path) -> bytes:
    """Of a file. Raises UserError for one that cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error


def source_file(kind: type) -> Path | None:
    """The file in which a class is written; None where there is no such file, as of compiled ones."""
    try:
        source = inspect.getsourcefile(kind)
    except (OSError, TypeError):  # an extension module's class, or one whose module is gone
        return None
    return Path(source) if source and Path(source).is_file() else None


@cache
def source_hash(kind: type) -> str:
    """sha256 of that file as it was when this process first asked, which is right after the class was imported."""
    source = source_file(kind)
    return sha256(source.read_bytes()).hexdigest() if source else "without source"


def told(error: BaseException) -> str:
    """An error's kind and words."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
