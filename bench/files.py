"""Reading and writing files so that nothing is half read, half written or lost."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bench.errors import UserError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")
Value = TypeVar("Value")


def try_folder(folder: Path) -> None:
    """Make the folder and see that it can be written, before hours of work. Raises OSError where it cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


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
    steps, beside = _place(model, problem["loc"])
    key = ".".join(map(str, steps))
    if problem["type"] == "extra_forbidden":
        siblings = [field.alias or name for name, field in getattr(beside, "model_fields", {}).items()]
        guess = nearest(str(problem["loc"][-1]), siblings)
        hint = f" Did you mean '{guess}'?" if guess else ""
        return f"unknown key '{key}'.{hint} Valid: {', '.join(sorted(siblings))}"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"key '{key}' is missing"
    return f"key '{key}': {message}, got {problem['input']!r}" if key else message


def _place(model: type[Any], location: tuple[str | int, ...]) -> tuple[list[str | int], Any]:
    """The steps of `location` that a file has, and the model that its last is a key of.

    Of a union, pydantic names the member that a file chose by a tag; the tag is no key.
    """
    import typing

    steps: list[str | int] = []
    models: list[Any] = [model]
    for step in location[:-1]:
        if tagged := [one for one in models if len(models) > 1 and _has_tag(one, step)]:
            models = tagged
            continue
        steps.append(step)
        fields = models[0].model_fields if models else {}
        if step in fields:
            annotation = fields[step].annotation
            inner = [one for one in (*typing.get_args(annotation), annotation) if hasattr(one, "model_fields")]
            models = inner or models
    return [*steps, *location[-1:]], models[0]


def _has_tag(model: Any, tag: object) -> bool:
    import typing

    return any(tag in typing.get_args(field.annotation) for field in model.model_fields.values())


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


def once(
    path: Path,
    read: Callable[[Path], Value | None],
    make: Callable[[], Value],
    write: Callable[[Path, Value], None],
) -> Value:
    """What `read(path)` gives; where that is None (missing, damaged), what `make()` gives, written.

    Of several processes that want the same, one makes it and the others wait.
    """
    from filelock import FileLock

    if (found := read(path)) is not None:
        return found
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if (found := read(path)) is None:
            found = make()
            write(path, found)
    return found
