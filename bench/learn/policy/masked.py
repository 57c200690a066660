"""SparsePO: a preference lies in some tokens, and a mask says in which.

Christopoulou et al. 2024 (Findings of EMNLP 2025), arXiv 2410.05102; the loss is `losses.sparse_po`. Its masks come
from the reference model's activations ("MaPO" in that paper, which is not the loss `mapo`), or are learned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import layer_norm
from torch.nn.utils.rnn import pad_sequence

from bench.errors import UserError
from bench.learn.policy import attention
from bench.learn.policy.activations import layers, mean_activations, states
from bench.learn.policy.completions import Completions
from bench.learn.policy.metrics import Measures
from bench.learn.policy.objectives import Batch, Preference
from bench.learn.policy.reference import ReferenceLogProbs

Masks = Sequence[NDArray[np.float32]]

SIDES = ("chosen", "rejected")


def activation_masks(model: Any, groups: Sequence[Completions]) -> list[NDArray[np.float32]]:
    """(T,) of every group, response after response, in [0, 1]: how active `model` is where it predicts each token.

    Mean activations (`activations.mean_activations`), each rescaled to [0, 1] over the response, then averaged: the
    paper's Section on model activations as its code has it, whose z-score before the rescaling changes nothing. That
    code hooks more places, inside attention and feed-forward networks and at the logits; here they are the outputs of
    blocks and their parts, which every architecture has. A response of one token, or of equal activations, has ones.
    """
    found = []
    for group, values in zip(groups, mean_activations(model, groups), strict=True):
        parts = np.split(values, np.cumsum([len(response) for response in group.responses])[:-1])
        found.append(np.concatenate([_rescaled(part).mean(1) for part in parts]).astype(np.float32))
    return found


def _rescaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Columns (T, A) from 0 to 1."""
    low, high = values.min(0), values.max(0)
    flat = high == low
    return np.asarray(np.where(flat, 1.0, (values - low) / np.where(flat, 1.0, high - low)))


class MaskedPreference(Preference):
    """SparsePO with masks that are given: (T,) of every group, response after response, at least 0.

    Raises UserError for masks that are not one number a response token, negative or not finite.
    """

    def __init__(self, reference: ReferenceLogProbs, masks: Masks, **hyper: float) -> None:
        super().__init__("sparse_po", reference, **hyper)
        if len(masks) != len(reference.tokens):
            raise UserError(f"{len(masks):,} masks for {len(reference.tokens):,} groups")
        for index, (mask, tokens) in enumerate(zip(masks, reference.tokens, strict=True)):
            if mask.shape != tokens.shape:
                raise UserError(f"group {index} has {len(tokens)} response tokens, and a mask of shape {mask.shape}")
            if not (np.isfinite(mask) & (mask >= 0)).all():
                raise UserError(f"group {index}: its mask must be finite, and at least 0")
        self.masks = [np.asarray(mask, dtype=np.float32) for mask in masks]

    def identity(self) -> Mapping[str, Any]:
        """See Objective."""
        digest = hashlib.sha256(b"".join(mask.astype("<f4").tobytes() for mask in self.masks))
        return {**super().identity(), "masks": digest.hexdigest()}

    def supply(self, outputs: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
        """See Preference."""
        masks = torch.cat([torch.from_numpy(self.masks[index]) for index in batch.indices]).to(outputs)
        return {**super().supply(outputs, batch), **_padded(masks, batch)}


class LearnedMask(nn.Module):
    """A weight at least 0 for every token, read off the reference's states: ReLU(sum_l c_l ReLU(<a_l, LN(s_l)> + b_l)).

    s_l is the output of the l-th of L blocks. The paper's code has these layers, with dropout between them, which is
    left out here, and a random start, where this one gives every token the weight 1, as DPO does.
    """

    def __init__(self, depth: int, width: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.zeros(depth, width))
        self.b = nn.Parameter(torch.ones(depth))
        self.c = nn.Parameter(torch.full((depth,), 1.0 / depth))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """(T,) weights of states (T, L, d)."""
        normal = layer_norm(values.to(self.a.dtype), values.shape[-1:])
        found: torch.Tensor = torch.relu(torch.relu((normal * self.a).sum(2) + self.b) @ self.c)
        return found


class LearnedMaskPreference(nn.Module):
    """SparsePO whose mask is trained with the policy, on the same loss: its weights are parameters of the objective.

    `model` is the reference, kept and read at every step; `reference` are its log-probabilities. Outputs are those of a
    group's response tokens, then their weights. Every training begins with the mask's start.
    Raises UserError as `Preference` does.
    """

    couples_batch = False

    def __init__(self, model: Any, reference: ReferenceLogProbs, **hyper: float) -> None:
        super().__init__()
        self.preference = Preference("sparse_po", reference, **hyper)
        self._model = (model,)  # in a tuple: what is a module's own is trained
        self.mask = self._start()

    def identity(self) -> Mapping[str, Any]:
        """See Objective."""
        return {**self.preference.identity(), "masks": "learned"}

    def check(self, model: Any, groups: Sequence[Completions]) -> None:
        """See Objective."""
        self.preference.check(model, groups)
        attention.enable(self._model[0])
        self.mask = self._start()

    def outputs(self, model: Any, groups: Sequence[Completions]) -> torch.Tensor:
        """See Objective."""
        tokens = self.preference.outputs(model, groups)
        weights = self.mask(states(self._model[0], groups)).to(tokens)
        sizes = [self.preference.size(group) for group in groups]
        both = zip(torch.split(tokens, sizes), torch.split(weights, sizes), strict=True)
        return torch.cat([part for pair in both for part in pair])

    def size(self, group: Completions) -> int:
        """See Objective."""
        return 2 * self.preference.size(group)

    def weight(self, group: Completions) -> int:
        """See Objective."""
        return 1

    def losses(self, outputs: torch.Tensor, batch: Batch) -> torch.Tensor:
        """See Objective."""
        tokens, weights = self._split(outputs, batch)
        supply = {**self.preference.supply(tokens, batch), **_padded(weights, batch)}
        sums = [supply[f"{who}_{side}_tokens"].sum(1) for who in ("policy", "reference") for side in SIDES]
        given = {name: supply[name] for name in self.preference.quantities}
        return self.preference.loss(*sums, **given, **self.preference.hyper)

    def measure(self, outputs: torch.Tensor, batch: Batch) -> Measures:
        """See Objective."""
        return self.preference.measure(self._split(outputs, batch)[0], batch)

    def _start(self) -> LearnedMask:
        model = self._model[0]
        width = model.config.get_text_config().hidden_size
        return LearnedMask(len(layers(model)), width).to(model.device)

    def _split(self, outputs: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities of tokens and their weights, each in the order of the batch's tokens."""
        parts = torch.split(outputs, [self.preference.size(group) for group in batch.groups for _ in range(2)])
        return torch.cat(parts[0::2]), torch.cat(parts[1::2])


def _padded(weights: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
    """The masks (B, T) of chosen and rejected responses from the weights of the batch's tokens, 0 in the padding."""
    rows = torch.split(weights, [len(response) for group in batch.groups for response in group.responses])
    return {f"{side}_mask": pad_sequence(list(rows[start::2]), batch_first=True) for start, side in enumerate(SIDES)}
