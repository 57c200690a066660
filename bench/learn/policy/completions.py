"""What the engine reads: a prompt and its responses as token ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Completions:
    """A prompt with k responses, without padding.

    k = 2 is a preference pair, `responses = (chosen, rejected)`; k = 1 a demonstration; k > 2 a set of samples.
    """

    prompt: Ids  # (P,), P >= 1, the begin token among them where the tokenizer sets one
    responses: tuple[Ids, ...]  # each (T,), T >= 1, the end token among them unless the response was cut

    @property
    def stream_length(self) -> int:
        """Tokens that a forward pass must see: the last token of a response predicts nothing."""
        return len(self.prompt) + sum(len(response) - 1 for response in self.responses)


def turned(group: Completions) -> Completions:
    """The group with its responses in the other order."""
    return replace(group, responses=group.responses[::-1])


def require_two(groups: Sequence[Completions], why: str) -> None:
    """Raise UserError, ending in `why`, unless every group has two responses."""
    for index, group in enumerate(groups):
        if len(group.responses) != 2:
            raise UserError(f"group {index} has {len(group.responses)} responses; {why}")
