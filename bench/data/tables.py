"""Tables of float32 on disk: whole or not there, and never trusted when damaged."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.files import replace


def read_table(path: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """The table in a file; None where there is no file, or it is damaged or of another shape."""
    if not path.is_file():
        return None
    try:
        table: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except (ValueError, EOFError):
        return None
    return table if table.shape == shape and table.dtype == np.float32 else None


def write_table(path: Path, table: NDArray[np.float32]) -> None:
    """Write a table of features at once. Raises UserError where the file cannot be written."""
    buffer = io.BytesIO()
    np.save(buffer, table, allow_pickle=False)
    try:
        replace(path, buffer.getvalue())
    except OSError as error:
        raise UserError(f"cannot write the feature cache {path}: {error.strerror}; set PREFBENCH_CACHE") from error
