"""Features of the texts that people compared, by a frozen encoder: items each after its prompt, and prompts alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.data.annotated import NO_PROMPT, Annotated
from bench.data.embedded import Embedded
from bench.data.features import find_encoder, text_table
from bench.data.texts import Text
from bench.spec import Progress


def encode(
    data: Annotated,
    encoder: str = "minilm",
    *,
    path: str | None = None,
    cache_dir: Path,
    progress: Progress | None = None,
) -> Embedded:
    """The comparisons with features of items (n, 2, d) and of prompts (n, d), or (n, 0) where nothing was asked.

    Each distinct text is embedded once and kept in the cache, as `features.text_table` says, which also says what is
    raised.
    """
    rows: dict[Text, int] = {}
    items = np.empty((len(data), 2), dtype=np.int64)
    prompts = np.empty(len(data), dtype=np.int64)
    asks = len(data) > 0 and data.asked.min() != NO_PROMPT
    for row, (asked, *two) in enumerate(zip(data.asked, data.first, data.second, strict=True)):
        prompt = "" if asked == NO_PROMPT else data.prompts[asked]
        for side, item in enumerate(two):
            items[row, side] = rows.setdefault(Text(prompt, data.items[item]), len(rows))
        if asks:
            prompts[row] = rows.setdefault(Text(prompt, ""), len(rows))
    table = text_table(list(rows), find_encoder(encoder, path), encoder, cache_dir, progress)
    asked_features = table[prompts] if asks else np.empty((len(data), 0), dtype=np.float32)
    return Embedded(data, tuple(range(len(data))), asked_features, table[items])
