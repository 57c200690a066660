"""What dataset cards are made of: front matter, and blocks that the code writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.data.datafile import DataFile
from bench.data.hub import HubDataset


@dataclass(frozen=True)
class Card:
    """What is generated in one card: the front matter and the blocks by name."""

    front: Mapping[str, Any]  # keyword arguments of huggingface_hub.DatasetCardData
    blocks: Mapping[str, Callable[[], str]]


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


def file_table(*files: DataFile) -> str:
    """The files of a data directory: rows, fields that are read, hashes."""
    return table(
        ("file", "rows", "fields read", "sha256"),
        [(f"`{file.path}`", f"{file.rows:,}", ", ".join(file.fields), f"`{file.sha256}`") for file in files],
    )


def hub_schema(hub: HubDataset) -> str:
    """Rows and fields of a dataset of the hub."""
    sizes = ", ".join(f"{split} {rows:,}" for split, rows in hub.rows.items())
    fields = table(("field", "type"), [(f"`{name}`", kind) for name, kind in hub.fields.items()])
    return f"Hub repository `{hub.repo}`. Rows: {sizes}.\n\n{fields}"
