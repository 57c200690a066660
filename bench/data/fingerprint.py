"""Content hashes that do not depend on a library's version, a file's date or the machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.spec import canonical


def sha256_file(path: Path) -> str:
    """sha256 of a file's bytes (64 hex digits); read once per process unless size or modification time change."""
    status = path.stat()
    return _sha256_file(path.resolve(), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _sha256_file(path: Path, modified_ns: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_rows(rows: Iterable[Any]) -> str:
    """sha256 of rows of JSON values in their order: each row as canonical JSON, each ended by a newline.

    The newline cannot occur inside canonical JSON, so no two different sequences of rows share a serialisation.
    """
    digest = hashlib.sha256()
    for row in rows:
        digest.update(canonical(row).encode())
        digest.update(b"\n")
    return digest.hexdigest()
