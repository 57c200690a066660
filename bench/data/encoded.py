"""Features of the texts that people compared, by a frozen encoder: items each after its prompt, and prompts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.data.annotated import NO_PROMPT, Annotated
from bench.data.embedded import Embedded, Vectors
from bench.data.features import find_encoder, text_table
from bench.data.texts import Text
from bench.errors import UserError
from bench.spec import Progress


@dataclass(frozen=True, eq=False)
class Table:
    """Features of distinct texts: one table serves every draw of comparisons among them."""

    rows: Mapping[Text, int]
    features: Vectors  # (texts, d)


def texts_of(data: Annotated, *, alone: bool = False) -> list[Text]:
    """The distinct texts that are read of these comparisons: each item after its prompt, and each prompt by itself.

    With `alone`, items are read without their prompt.
    """
    found: dict[Text, None] = {}
    for asked, *two in zip(data.asked.tolist(), data.first.tolist(), data.second.tolist(), strict=True):
        prompt = _prompt(data, asked)
        found.update({Text("" if alone else prompt, data.items[item]): None for item in two})
        if asked != NO_PROMPT:
            found[Text(prompt, "")] = None
    return list(found)


def embedding(
    texts: Sequence[Text],
    encoder: str = "minilm",
    *,
    path: str | None = None,
    cache_dir: Path,
    progress: Progress | None = None,
) -> Table:
    """Each text is embedded once and kept in the cache, as `features.text_table` says, and what is raised."""
    features = text_table(texts, find_encoder(encoder, path), encoder, cache_dir, progress)
    return Table({text: row for row, text in enumerate(texts)}, features)


def with_features(data: Annotated, table: Table, *, alone: bool = False) -> Embedded:
    """The comparisons with features of items (n, 2, d) and of prompts (n, d), or (n, 0) where nothing was asked.

    Items are read after their prompt or, with `alone`, without it; `table` is of `texts_of` with the same `alone`.
    Raises UserError where something was asked in some comparisons only, and for a text that is not in the table.
    """
    asks = data.asked != NO_PROMPT
    if asks.any() and not asks.all():
        raise UserError(f"{data.name}: {int((~asks).sum())} of {len(data)} comparisons have no prompt, the others do")
    items = np.empty((len(data), 2), dtype=np.int64)
    for row, (asked, *two) in enumerate(
        zip(data.asked.tolist(), data.first.tolist(), data.second.tolist(), strict=True)
    ):
        before = "" if alone else _prompt(data, asked)
        items[row] = [_row(table, Text(before, data.items[item]), data.name) for item in two]
    prompts = np.empty((len(data), 0), dtype=np.float32)
    if asks.any():
        of_each = {asked: _row(table, Text(_prompt(data, asked), ""), data.name) for asked in set(data.asked.tolist())}
        prompts = table.features[[of_each[asked] for asked in data.asked.tolist()]]
    return Embedded(data, tuple(range(len(data))), prompts, table.features[items])


def _prompt(data: Annotated, asked: int) -> str:
    return "" if asked == NO_PROMPT else data.prompts[asked]


def _row(table: Table, text: Text, name: str) -> int:
    if text not in table.rows:
        raise UserError(f"{name}: a text of a comparison is not among the {len(table.rows):,} that were embedded")
    return table.rows[text]
