"""What a step of PAL reads: comparisons token by token. A comparison of two vectors has one token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch

CHUNK = 4096  # comparisons at a time where nothing is learnt


@dataclass(frozen=True)
class Batch:
    """B comparisons, whose M tokens (in all) each compare two of R item features at one of Q prompts.

    Shared features stand here once: the last token of a prompt serves all tokens of its comparison.
    """

    items: torch.Tensor  # (R, d) features
    first: torch.Tensor  # (M,) rows of `items`
    second: torch.Tensor  # (M,)
    prompts: torch.Tensor | None  # (Q, p) features, for models that read them
    annotators: torch.Tensor  # (Q,) places
    prompt: torch.Tensor  # (M,) rows of `prompts` and of `annotators`
    comparison: torch.Tensor  # (M,) 0..B-1
    weights: torch.Tensor  # (M,) of a token in the loss of its comparison; they add up to 1 there
    labels: torch.Tensor  # (B,) +1 where the first item was preferred, else -1


class Source(Protocol):
    """Comparisons in an order."""

    def __len__(self) -> int:
        """How many."""

    @property
    def annotators(self) -> torch.Tensor:
        """(n,) places of who judged."""

    @property
    def labels(self) -> torch.Tensor:
        """(n,)"""

    def batch(self, rows: torch.Tensor) -> Batch:
        """The comparisons of these rows (B,), in that order."""


def parts(rows: torch.Tensor, size: int = CHUNK) -> Iterator[torch.Tensor]:
    """`rows` (n,) in order, `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


@dataclass(frozen=True)
class Vectors:
    """Comparisons of items that an encoder gives one vector each."""

    items: torch.Tensor  # (n, 2, d)
    prompts: torch.Tensor | None  # (n, p)
    annotators: torch.Tensor  # (n,)
    labels: torch.Tensor  # (n,)

    def __len__(self) -> int:
        return len(self.items)

    def batch(self, rows: torch.Tensor) -> Batch:
        """See Source."""
        items = self.items[rows]
        each = torch.arange(len(rows), device=items.device)
        return Batch(
            items=items.flatten(0, 1),
            first=2 * each,
            second=2 * each + 1,
            prompts=None if self.prompts is None else self.prompts[rows],
            annotators=self.annotators[rows],
            prompt=each,
            comparison=each,
            weights=torch.ones(len(rows), dtype=items.dtype, device=items.device),
            labels=self.labels[rows],
        )
