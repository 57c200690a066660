"""Reading a data file that the user keeps: found, unchanged, whole, and with the fields it should have."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.data.fingerprint import sha256_file
from bench.errors import UserError
from bench.spec import Unavailable


@dataclass(frozen=True)
class DataFile:
    """A file of the data directory: where it lies, what its bytes hash to, and the fields of its rows."""

    path: str  # relative to the data directory
    sha256: str
    fields: tuple[str, ...]
    rows: int
    of_content: bool = False  # the hash is of what is in the archive, so that packing it again changes nothing


def require(data_dir: Path | None, file: DataFile) -> str:
    """The hash that reading `file` holds it to. Raises Unavailable where there is no data directory or file."""
    path = named(data_dir) / file.path
    if not path.is_file():
        raise Unavailable(f"needs {path}")
    return file.sha256


def named(data_dir: Path | None) -> Path:
    """The data directory. Raises Unavailable where there is none."""
    if data_dir is None:
        raise Unavailable("needs a data directory: name one with --data-dir or PREFBENCH_DATA")
    return data_dir


def read_rows(data_dir: Path, file: DataFile, how_to_get: str) -> list[dict[str, Any]]:
    """The rows of a gzipped JSON-lines file.

    Raises UserError when the file is missing (with `how_to_get`), when its sha256 is not the expected one, and when
    it is cut short or a line is not a JSON object with all of the file's fields (with the line's number).
    """
    path = data_dir / file.path
    if file.of_content:
        _check_content(path, file.sha256, how_to_get)
    else:
        check_file(path, file.sha256, how_to_get)
    return list(_parse(path, file.fields))


def check_file(path: Path, expected_sha256: str, how_to_get: str) -> None:
    """Raises UserError unless `path` is a file whose bytes have the expected sha256."""
    if not path.is_file():
        raise UserError(f"missing data file {path}\n{how_to_get}")
    _compare(path, sha256_file(path), expected_sha256, how_to_get)


def _check_content(path: Path, expected_sha256: str, how_to_get: str) -> None:
    if not path.is_file():
        raise UserError(f"missing data file {path}\n{how_to_get}")
    try:
        with gzip.open(path, "rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path}: unreadable ({error}); fetch the file again") from error
    _compare(path, found, expected_sha256, how_to_get)


def _compare(path: Path, found: str, expected_sha256: str, how_to_get: str) -> None:
    if found != expected_sha256:
        raise UserError(
            f"{path} is not the file that this suite was tested with\n"
            f"expected sha256 {expected_sha256}\n"
            f"found    sha256 {found}\n{how_to_get}"
        )


def _parse(path: Path, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise UserError(f"{path}, line {number}: expected a JSON object, found {line[:40].strip()!r}")
                missing = [name for name in fields if name not in row]
                if missing:
                    raise UserError(f"{path}, line {number}: field '{missing[0]}' is missing; found {', '.join(row)}")
                yield row
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError) as error:
        raise UserError(f"{path}: unreadable after line {number} ({error}); fetch the file again") from error
    except json.JSONDecodeError as error:
        raise UserError(f"{path}, line {number}: not valid JSON ({error})") from error
