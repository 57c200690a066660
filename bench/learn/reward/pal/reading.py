"""At which tokens PAL reads rewards of two responses, and how much each counts: what is released, and what is meant.

The released code (papers' fact sheet 4.2, 4.6, 4.7; rm_dataset_utils.py, learner.py) pads texts to a fixed length and
reads both responses at the same positions, from the first where they differ to the second padding id of the longer
one. So a token of padding is in every window, and the shorter response is read on its padding while the longer goes on.
It takes the id 1 for padding, which is OPT's; where padding has another id, windows go on to the fixed length. PAL-B
meets the item's token t with an ideal point that has read the prompt's tokens up to t. Each of these is a field here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.learn.policy.completions import Ids

Places = NDArray[np.int64]


class Asked(StrEnum):
    """Which of the prompt's tokens an ideal point has read up to."""

    LAST = "last"  # all, as the released code for deployment does
    SAME_PLACE = "same_place"  # as many as of the response, padding when the prompt is the shorter: as released


class Window(StrEnum):
    """The tokens of two responses that are read side by side."""

    OWN_TOKENS = "own_tokens"  # no padding: a response that has ended is read at its last token
    PADDED = "padded"  # up to the second padding id of the longer, padding of the shorter included: as released
    FIXED_END = "fixed_end"  # the last position of the fixed length alone, padding as a rule: AccuLastToken as released


class Weighting(StrEnum):
    """How much a window's t-th of L tokens counts."""

    CUMULATIVE = "cumulative"  # t / (L (L + 1) / 2)
    MEAN = "mean"  # 1 / L
    LAST = "last"  # only the L-th is read


@dataclass(frozen=True)
class Reading:
    """Where rewards are read."""

    asked: Asked = Asked.LAST
    window: Window = Window.OWN_TOKENS
    weighting: Weighting = Weighting.CUMULATIVE
    taken_for_padding: int | None = None  # the id that `PADDED` ends at; None: the padding token's
    max_length: int = 600  # tokens that a text is cut to, on its right, and padded to (Table D.2; configs have 512)

    def __post_init__(self) -> None:
        if self.max_length < 1:
            raise UserError(f"reading: max_length must be at least 1, got {self.max_length}")


CORRECTED = Reading()
AS_RELEASED = Reading(Asked.SAME_PLACE, Window.PADDED, Weighting.CUMULATIVE, taken_for_padding=1, max_length=512)


@dataclass(frozen=True)
class Read:
    """Positions of one comparison's T tokens: in both items, and in the prompt."""

    first: Places  # (T,)
    second: Places  # (T,)
    prompt: Places  # (T,)
    weights: NDArray[np.float32]  # (T,), adding up to 1


def read(first: Ids, second: Ids, prompt_length: int, reading: Reading, padding: int) -> Read:
    """Where two items, cut to `max_length`, are read; `padding` is the tokenizer's padding id.

    Under `PADDED` a text that has the id `taken_for_padding` early can leave no token at all.
    """
    window = {Window.OWN_TOKENS: _own, Window.PADDED: _padded, Window.FIXED_END: _fixed_end}[reading.window]
    one, other, places = window(first, second, reading, padding)
    if reading.weighting is Weighting.LAST:  # the others would be read for nothing
        one, other, places = one[-1:], other[-1:], places[-1:]
    prompt = places if reading.asked is Asked.SAME_PLACE else np.full(len(places), prompt_length - 1)
    return Read(one, other, prompt, token_weights(len(places), reading.weighting))


def token_weights(length: int, weighting: Weighting) -> NDArray[np.float32]:
    """(L,): of the L tokens that are read, adding up to 1."""
    grow = np.arange(1, length + 1) if weighting is Weighting.CUMULATIVE else np.ones(length)
    weights: NDArray[np.float32] = (grow / max(grow.sum(), 1)).astype(np.float32)
    return weights


def _own(first: Ids, second: Ids, reading: Reading, padding: int) -> tuple[Places, Places, Places]:
    shorter, longer = sorted((len(first), len(second)))
    different = np.flatnonzero(first[:shorter] != second[:shorter])
    start = int(different[0]) if len(different) else min(shorter, longer - 1)
    places = np.arange(start, longer)
    return np.minimum(places, len(first) - 1), np.minimum(places, len(second) - 1), places


def _padded(first: Ids, second: Ids, reading: Reading, padding: int) -> tuple[Places, Places, Places]:
    rows = np.full((2, reading.max_length), padding, dtype=np.int64)
    rows[0, : len(first)], rows[1, : len(second)] = first, second
    different = np.flatnonzero(rows[0] != rows[1])
    if not len(different):
        places = np.array([reading.max_length - 1])
        return places, places, places
    wanted = padding if reading.taken_for_padding is None else reading.taken_for_padding
    ends = [np.flatnonzero(row == wanted)[1:2] for row in rows]
    end = max(int(found[0]) if len(found) else reading.max_length for found in ends)
    places = np.arange(int(different[0]), end)
    return places, places, places


def _fixed_end(first: Ids, second: Ids, reading: Reading, padding: int) -> tuple[Places, Places, Places]:
    places = np.array([reading.max_length - 1])
    return places, places, places
