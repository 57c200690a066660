"""Texts on their way into an encoder: cut to its length, batched by length, and back in their own order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.data.tables import read_table, write_table
from bench.spec import Progress

if TYPE_CHECKING:
    import torch

TOKENS_PER_BATCH = 4_096
SAVE_SECONDS = 60.0

Rows = Sequence[Sequence[int]]  # token ids, one text a row


@dataclass(frozen=True)
class Text:
    """A text to embed: where it is too long, its prompt loses its beginning and its answer is kept."""

    prompt: str
    answer: str


def token_ids(texts: Sequence[Text], tokenize: Callable[[list[str]], Rows], room: int) -> list[list[int]]:
    """Token ids of each text, at most `room`: all of the answer that fits, after what fits of the prompt's end.

    `tokenize` adds no special tokens. Prompt and answer are tokenized apart, and each distinct prompt once.
    """
    prompts = list(dict.fromkeys(text.prompt for text in texts))
    prompt_ids = dict(zip(prompts, tokenize(prompts), strict=True)) if prompts else {}
    rows = []
    for text, answer in zip(texts, tokenize([text.answer for text in texts]) if texts else [], strict=True):
        kept = answer[:room]
        left = room - len(kept)
        rows.append([*(prompt_ids[text.prompt][-left:] if left else []), *kept])
    return rows


def embed_in_batches(
    rows: Rows,
    dimension: int,
    forward: Callable[[Rows], NDArray[np.float32]],
    progress: Progress | None = None,
    partial: Path | None = None,
) -> NDArray[np.float32]:
    """`forward` of all rows, (rows, dimension) in their order; `progress` gets (rows done, rows in all).

    Rows of similar length share a batch, so that a batch carries next to no padding. What is done is kept in the file
    `partial` every SAVE_SECONDS, and what an earlier call left there is not computed again.
    """
    shape = len(rows), dimension
    embedded = None if partial is None else read_table(partial, shape)
    if embedded is None:
        embedded = np.full(shape, np.nan, dtype=np.float32)
    done, saved = 0, time.monotonic()
    for batch in _batches([len(row) for row in rows]):
        done += len(batch)
        if not np.isnan(embedded[batch]).any():
            continue
        embedded[batch] = forward([rows[index] for index in batch])
        if progress is not None:
            progress(done, len(rows))
        if partial is not None and time.monotonic() - saved > SAVE_SECONDS:
            write_table(partial, embedded)
            saved = time.monotonic()
    return embedded


def padded(rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids (rows, longest) with zeros on the right, and their lengths (rows,); both int64."""
    import torch

    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.zeros(len(rows), int(lengths.max()), dtype=torch.long)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
    return ids, lengths


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Row numbers, shortest first, cut so that no batch exceeds TOKENS_PER_BATCH once padded to its longest."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda row: (lengths[row], row)):
        if batch and (len(batch) + 1) * lengths[index] > TOKENS_PER_BATCH:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
