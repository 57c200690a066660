"""A deep reward model: a transformer's hidden states and a linear head without bias, as DeepSpeed-Chat's step 2.

The head is the layer that Yao, He and Gastpar (ICML 2025, Figure 3) make sparse. Pairs become token ids in
`deep_pairs`, the loss is in `deep_loss`, training in `deep_train`, where backbones come from in `bench.models`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bench.learn.reward.deep_loss import end_scores
from bench.learn.reward.deep_pairs import Batch, EncodedPair, collate

Array = NDArray[np.float64]


class Precision(StrEnum):
    """Arithmetic of the backbone. Weights, head, loss and optimiser are float32 in either."""

    FP32 = "fp32"
    BF16 = "bf16"


class RewardModel(nn.Module):
    """`backbone` gives hidden states (rows, T, hidden), `v_head` turns each into a reward.

    The head starts uniform on +-1/sqrt(hidden), torch's default for a linear layer, drawn from `seed` alone.
    """

    def __init__(self, backbone: Any, padding: int, seed: int, precision: Precision = Precision.FP32) -> None:
        super().__init__()
        self.backbone = backbone
        self.padding = padding
        self.precision = precision
        hidden = int(backbone.config.hidden_size)
        self.v_head = nn.Linear(hidden, 1, bias=False)
        bound = hidden**-0.5
        with torch.no_grad():
            self.v_head.weight.uniform_(-bound, bound, generator=torch.Generator().manual_seed(seed))

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.v_head.weight.device

    def forward(self, batch: Batch) -> torch.Tensor:
        """The reward (2B, T) at every position of every text."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision is Precision.BF16):
            hidden = self.backbone(
                input_ids=batch.input_ids.to(self.device),
                attention_mask=batch.attention_mask.to(self.device),
                use_cache=False,
            ).last_hidden_state
        return self.v_head(hidden.float()).squeeze(-1)  # type: ignore[no-any-return]


@torch.no_grad()
def score(model: RewardModel, pairs: Sequence[EncodedPair], batch_size: int) -> tuple[Array, Array]:
    """The scores (n,) of the chosen and of the rejected texts at their end tokens, in the order of `pairs`.

    Pairs of similar length share a batch, which saves padding and changes no score.
    """
    chosen, rejected = np.empty(len(pairs)), np.empty(len(pairs))
    by_length = np.argsort([pair.end for pair in pairs], kind="stable")
    with _evaluating(model):
        for start in range(0, len(pairs), batch_size):
            indices = by_length[start : start + batch_size]
            batch = collate([pairs[index] for index in indices], model.padding)
            first, second = end_scores(model(batch), batch.ends.to(model.device))
            chosen[indices], rejected[indices] = first.cpu().numpy(), second.cpu().numpy()
    return chosen, rejected


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
