"""Preference pairs as token ids: what the deep reward model reads, and where it reads a score.

Two rules for the end of an answer. `EndRule.DEEPSPEED` is DeepSpeed-Chat's (data_utils.py and reward_model.py of
DeepSpeedExamples, with num_padding_at_beginning = 1): the text '<|endoftext|>' is appended and tokenised, and the end
is the second padding id of the row padded to the maximum length. Where '<|endoftext|>' is the padding token (Pythia)
the score is read on it; elsewhere (Llama 3) on the first padding token. `EndRule.EOS` appends the tokenizer's own end
token, keeps it when a text is cut, and reads the score there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.data.pairs import Pair
from bench.errors import UserError

END_TEXT = "<|endoftext|>"

Ids = NDArray[np.int32]


class EndRule(StrEnum):
    """How an answer ends, and so where its score is read."""

    DEEPSPEED = "deepspeed"
    EOS = "eos"


@dataclass(frozen=True, slots=True)
class EncodedPair:
    """Token ids of both texts without padding, and the half-open range of positions that the loss averages over.

    The score of a text is read at its end - 1. Under `EndRule.DEEPSPEED` the end can lie one past the ids: the score
    is then read on a padding token.
    """

    chosen: Ids
    rejected: Ids
    chosen_end: int
    rejected_end: int
    first: int  # the first position where the two differ (for identical texts: the last of the range)

    @property
    def end(self) -> int:
        """One past the last position of the loss: the later of the two ends."""
        return max(self.chosen_end, self.rejected_end)


@dataclass(frozen=True)
class Batch:
    """B pairs, padded on the right to the batch's longest: rows 0..B-1 are the chosen texts, B..2B-1 the rejected."""

    input_ids: torch.Tensor  # (2B, T) int64
    attention_mask: torch.Tensor  # (2B, T) int64
    ends: torch.Tensor  # (2B,) int64: the score of a row is read at ends - 1
    first: torch.Tensor  # (B,) int64: the loss averages over positions first..last-1
    last: torch.Tensor  # (B,) int64


def encode(pairs: Sequence[Pair], tokenizer: Any, max_length: int, rule: EndRule) -> list[EncodedPair]:
    """Tokenise pairs, cutting texts on the right at `max_length` tokens (end token included).

    Raises UserError for a tokenizer without an end token, or an empty text.
    """
    if tokenizer.eos_token_id is None:
        raise UserError(f"the tokenizer of {tokenizer.name_or_path} has no end-of-sequence token; a reward needs one")
    chosen = _token_ids([pair.prompt + pair.chosen for pair in pairs], tokenizer, max_length, rule)
    rejected = _token_ids([pair.prompt + pair.rejected for pair in pairs], tokenizer, max_length, rule)
    padding = int(tokenizer.eos_token_id)  # the released code pads with the end token, for every model
    return [_encoded(c, r, padding, max_length, rule) for c, r in zip(chosen, rejected, strict=True)]


def collate(pairs: Sequence[EncodedPair], padding: int) -> Batch:
    """Pad a batch to its longest pair. Later positions than that are never read, so they are left out."""
    rows = [pair.chosen for pair in pairs] + [pair.rejected for pair in pairs]
    length = max(pair.end for pair in pairs)
    input_ids = torch.full((len(rows), length), padding, dtype=torch.long)
    attention_mask = torch.zeros((len(rows), length), dtype=torch.long)
    for index, row in enumerate(rows):
        kept = torch.from_numpy(row[:length].astype(np.int64))
        input_ids[index, : len(kept)] = kept
        attention_mask[index, : len(kept)] = 1
    return Batch(
        input_ids,
        attention_mask,
        ends=torch.tensor([pair.chosen_end for pair in pairs] + [pair.rejected_end for pair in pairs]),
        first=torch.tensor([pair.first for pair in pairs]),
        last=torch.tensor([pair.end for pair in pairs]),
    )


def _token_ids(texts: list[str], tokenizer: Any, max_length: int, rule: EndRule) -> list[Ids]:
    if not texts:
        return []
    if rule is EndRule.DEEPSPEED:
        rows = tokenizer([text + END_TEXT for text in texts], truncation=True, max_length=max_length).input_ids
    else:
        cut = tokenizer(texts, truncation=True, max_length=max_length - 1).input_ids
        rows = [[*row, tokenizer.eos_token_id] for row in cut]
    return [np.asarray(row, dtype=np.int32) for row in rows]


def _encoded(chosen: Ids, rejected: Ids, padding: int, max_length: int, rule: EndRule) -> EncodedPair:
    if rule is EndRule.DEEPSPEED:
        chosen_end, rejected_end = (_second_padding(ids, padding, max_length) for ids in (chosen, rejected))
    else:
        chosen_end, rejected_end = len(chosen), len(rejected)
    first = min(_first_difference(chosen, rejected, padding), max(chosen_end, rejected_end) - 1)
    return EncodedPair(chosen, rejected, chosen_end, rejected_end, first)


def _second_padding(ids: Ids, padding: int, max_length: int) -> int:
    """The position of the second padding id in `ids` padded to `max_length`; `max_length` where there is none."""
    found = [*np.flatnonzero(ids == padding).tolist(), *range(len(ids), max_length)]
    return int(found[1]) if len(found) > 1 else max_length


def _first_difference(chosen: Ids, rejected: Ids, padding: int) -> int:
    """The first position where the padded rows differ; past their end where they do not."""
    length = max(len(chosen), len(rejected))
    rows = np.full((2, length), padding, dtype=np.int32)
    rows[0, : len(chosen)] = chosen
    rows[1, : len(rejected)] = rejected
    different = np.flatnonzero(rows[0] != rows[1])
    return int(different[0]) if len(different) else length
