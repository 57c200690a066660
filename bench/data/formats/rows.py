"""Rows of what a user names: a file, a folder of files, or a dataset of the Hugging Face hub."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.data.fingerprint import sha256_file
from bench.errors import UserError

HUB = "hub:"
SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".parquet")
CARDS = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")  # about a dataset, not rows
SPLIT = "train"  # of a hub dataset that is named without one

Row = tuple[str, dict[str, Any]]  # where it is, for errors; its columns


def rows(path: Path) -> Iterator[Row]:
    """Rows of a file, or of all files of a folder in the order of their names.

    Raises UserError for a path that is not there, a folder without a file of SUFFIXES, and what is not such a file.
    """
    for file in files(path):
        yield from _of_file(file)


def hub_rows(reference: str) -> Iterator[Row]:
    """Rows of `hub:org/name` (its split "train") or `hub:org/name:split`; needs a network, or the hub's cache.

    Raises UserError where it cannot be had, with what the hub's library says.
    """
    repo, split = hub_name(reference)
    import datasets

    try:
        table = datasets.load_dataset(repo, split=split)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise UserError(
            f"{reference}: cannot load split '{split}' of {repo}: {error}\n"
            "On a machine without a network, download its parquet files elsewhere and name their folder."
        ) from error
    yield from ((f"{repo}, split {split}, row {number}", dict(row)) for number, row in enumerate(table))


def hub_name(reference: str) -> tuple[str, str]:
    """Repository and split of `hub:org/name[:split]`. Raises UserError for what is written otherwise."""
    repo, _, split = reference.removeprefix(HUB).partition(":")
    if not reference.startswith(HUB) or repo.count("/") != 1 or not all(repo.split("/")):
        raise UserError(f"'{reference}': a dataset of the hub is named hub:org/name or hub:org/name:split")
    return repo, split or SPLIT


def files(path: Path) -> list[Path]:
    """The files that rows are read from. Raises UserError as `rows` does."""
    if path.is_file():
        if not path.name.endswith(SUFFIXES):
            raise UserError(f"{path}: not one of {', '.join(SUFFIXES)}")
        return [path]
    if not path.is_dir():
        raise UserError(f"no file or folder {path.absolute()}")
    found = sorted(file for file in path.rglob("*") if file.name.endswith(SUFFIXES) and file.name not in CARDS)
    if not found:
        has = ", ".join(sorted(file.name for file in path.iterdir())[:8])
        raise UserError(f"{path}: no {', '.join(SUFFIXES)} file in this folder; it has {has or 'nothing'}")
    return found


def sha256_content(path: Path) -> str:
    """sha256 of what `rows` reads: of the file, or of all files of a folder in their order. Their names do not count.

    Raises UserError as `rows` does.
    """
    own = [sha256_file(file) for file in files(path)]
    return own[0] if len(own) == 1 else hashlib.sha256(" ".join(own).encode()).hexdigest()


def _of_file(path: Path) -> Iterator[Row]:
    if path.suffix == ".parquet":
        yield from _parquet(path)
    elif path.suffix == ".json":
        yield from _json(path)
    else:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            yield from _lines(path, lines)


def _lines(path: Path, lines: Iterable[str]) -> Iterator[Row]:
    try:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                place = f"{path}, line {number}"
                yield place, _object(json.loads(line), place)
    except json.JSONDecodeError as error:
        raise UserError(f"{path}, line {number}: not valid JSON ({error})") from error
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
        raise UserError(f"{path}: not a text file of JSON lines ({error})") from error


def _json(path: Path) -> Iterator[Row]:
    """A list of objects; or lines of objects, which many files of that name have."""
    text = path.read_text(encoding="utf-8")
    if not text.lstrip().startswith("["):
        yield from _lines(path, text.splitlines())
        return
    try:
        listed = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: not valid JSON ({error})") from error
    yield from ((f"{path}, row {number}", _object(row, f"{path}, row {number}")) for number, row in enumerate(listed))


def _object(row: Any, place: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise UserError(f"{place}: expected a JSON object with a column for each key, found {repr(row)[:60]}")
    return row


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path}: not a parquet file ({error})") from error
    yield from ((f"{path}, row {number}", row) for number, row in enumerate(table.to_pylist()))
