"""Records on disk: one JSON file a task, written once, readable without this package.

    runs/<paper>/<experiment>/<id>.json           a committed record
    runs/<paper>/<experiment>/failed/<id>.json    a failure, with its traceback; never taken for a result

A file that is truncated, foreign or altered is reported and skipped; nothing is ever deleted or overwritten. Where
such a file holds a record's name, the record goes beside it as <id>.2.json.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.files import commit, replace, try_folder
from bench.spec import Outcome, Record, Task


@dataclass(frozen=True)
class Stored:
    """What a folder of records holds."""

    records: Mapping[str, Record] = field(default_factory=dict)  # by task id
    failures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by task id
    unreadable: tuple[str, ...] = ()  # one line each: file and what is wrong with it


class Store:
    """The records of one paper under a runs folder."""

    def __init__(self, runs: Path, paper: str) -> None:
        self.folder = runs / paper

    def prepare(self) -> None:
        """Make the folder and see that it can be written; UserError otherwise, before any work is done."""
        try:
            try_folder(self.folder)
        except OSError as error:
            message = f"runs folder {self.folder} cannot be written: {error.strerror or error}"
            raise UserError(f"{message}\nName another with --runs DIR or PREFBENCH_RUNS.") from None

    def read(self) -> Stored:
        """Everything there, with a line for every file that is not a record."""
        records: dict[str, Record] = {}
        unreadable: list[str] = []
        for path in sorted(self.folder.glob("*/*.json")):
            try:
                record = _parse(json.loads(path.read_bytes()))
            except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
                unreadable.append(f"{path}: not a whole record ({type(error).__name__}: {error})")
                continue
            if path.name.partition(".")[0] != record.task.id:
                unreadable.append(f"{path}: its name is not the hash of its spec (renamed or altered)")
                continue
            records.setdefault(record.task.id, record)
        return Stored(records, dict(self._failures()), tuple(unreadable))

    def write(self, record: Record) -> None:
        """Commit a record. One already there stays (same id, same result). UserError when the disk is full."""
        content = json.dumps(_plain(record), indent=1, allow_nan=False).encode()
        try:
            for suffix in (".json", ".2.json", ".3.json"):
                path = self._path(record.task, suffix)
                if commit(path, content) or _is_record(path, record.task):
                    break
            self._failure_path(record.task).unlink(missing_ok=True)
        except OSError as error:
            raise _write_error(self.folder, error) from None

    def write_failure(self, task: Task, traceback: str, provenance: Mapping[str, Any]) -> None:
        """Note that a task failed, with why; a later run asked to retry replaces the note."""
        note = {"task": task.spec(), "traceback": traceback, "provenance": dict(provenance)}
        try:
            replace(self._failure_path(task), json.dumps(note, indent=1).encode())
        except OSError as error:
            raise _write_error(self.folder, error) from None

    def _path(self, task: Task, suffix: str) -> Path:
        return self.folder / task.experiment / f"{task.id}{suffix}"

    def _failure_path(self, task: Task) -> Path:
        return self.folder / task.experiment / "failed" / f"{task.id}.json"

    def _failures(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for path in sorted(self.folder.glob("*/failed/*.json")):
            try:
                note = json.loads(path.read_bytes())
            except (ValueError, OSError):
                note = {"traceback": "(the note of this failure is unreadable)"}
            yield path.stem, note


def _plain(record: Record) -> dict[str, Any]:
    outcome = record.outcome
    return {
        "id": record.task.id,
        "task": record.task.spec(),
        "metrics": dict(outcome.metrics),
        "curves": {name: list(values) for name, values in outcome.curves.items()},
        "notes": dict(outcome.notes),
        "provenance": dict(record.provenance),
    }


def _parse(value: Mapping[str, Any]) -> Record:
    outcome = Outcome(value["metrics"], value["curves"], value["notes"])
    return Record(Task.from_spec(value["task"]), outcome, value["provenance"])


def _is_record(path: Path, task: Task) -> bool:
    try:
        return _parse(json.loads(path.read_bytes())).task.id == task.id
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def _write_error(folder: Path, error: OSError) -> UserError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    cause = "the disk is full" if full else f"{error.strerror or error}"
    return UserError(
        f"cannot write records under {folder}: {cause}.\n"
        "Every record committed so far is kept; make room (or name another folder with --runs DIR) and run the same "
        "command again: it goes on from there."
    )
