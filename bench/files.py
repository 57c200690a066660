"""Reading and writing files so that nothing is half read, half written or lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping. UserError names file, line and column of what cannot be read."""
    import yaml

    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise UserError(f"{path}{place}: not valid YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected keys and values, got {type(value).__name__}")
    return value


def validate(model: type[Model], value: Mapping[str, Any], where: str | Path) -> Model:
    """`value` as a `model`. UserError names file, key path and the nearest valid key of everything wrong with it."""
    import pydantic

    try:
        return model.model_validate(value)
    except pydantic.ValidationError as error:
        lines = [_describe(model, problem) for problem in error.errors()]
        raise UserError("\n".join(f"{where}: {line}" for line in dict.fromkeys(lines))) from None


def _describe(model: type[Any], problem: Mapping[str, Any]) -> str:
    key = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        siblings = _keys_beside(model, problem["loc"])
        guess = nearest(str(problem["loc"][-1]), siblings)
        hint = f" Did you mean '{guess}'?" if guess else ""
        return f"unknown key '{key}'.{hint} Valid: {', '.join(sorted(siblings))}"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"key '{key}' is missing"
    return f"key '{key}': {message}, got {problem['input']!r}" if key else message


def _keys_beside(model: type[Any], location: tuple[str | int, ...]) -> list[str]:
    """The valid keys at the place of an unknown key: follows `location` through nested models."""
    import typing

    current: Any = model
    for step in location[:-1]:
        fields = getattr(current, "model_fields", None)
        if fields is None or step not in fields:
            continue  # a list index or a mapping key: the element type is already current
        annotation = fields[step].annotation
        current = next((t for t in (*typing.get_args(annotation), annotation) if hasattr(t, "model_fields")), current)
    return [field.alias or name for name, field in getattr(current, "model_fields", {}).items()]


def commit(path: Path, content: bytes) -> bool:
    """Write `content` to `path` all at once, and never over a file that is there (then returns False).

    A temporary file beside it is written, fsynced and linked: the link is the commit, atomic and exclusive, so
    several processes may write at once and a kill leaves either the whole file or none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK) or path.exists():
                raise
            temporary.rename(path)  # a file system without hard links
        return True
    finally:
        temporary.unlink(missing_ok=True)


def replace(path: Path, content: bytes) -> None:
    """Write `content` to `path` all at once, replacing what was there (for outputs that can be made again)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
