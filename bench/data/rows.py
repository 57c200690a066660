"""Lists of row numbers as short text: runs such as "0-5", in the list's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def compress(rows: Iterable[int]) -> list[str]:
    """Row numbers as runs, about a hundred characters to a string: [0, 1, 2, 7] -> ["0-2 7"]."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    lines = [""]
    for start, stop in runs:
        run = str(start) if start == stop else f"{start}-{stop}"
        if len(lines[-1]) + len(run) > 100:
            lines.append("")
        lines[-1] = f"{lines[-1]} {run}".strip()
    return lines


def expand(lines: Sequence[str]) -> list[int]:
    """The inverse of `compress`."""
    rows: list[int] = []
    for run in " ".join(lines).split():
        start, _, stop = run.partition("-")
        rows.extend(range(int(start), int(stop or start) + 1))
    return rows
