"""Features of responses, from the last hidden states of a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.learn.policy import attention, support
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import MAX_TOKENS
from bench.learn.policy.packing import micro_batches, pack

Features = NDArray[np.float64]


@torch.no_grad()
def response_features(model: Any, groups: Sequence[Completions], max_tokens: int = MAX_TOKENS) -> Features:
    """(n, k, 2 d): of every response in its prompt, the mean over its tokens, and the last token's.

    All groups have k responses. At most `max_tokens` tokens are computed at a time; the model's mode is left as it was.
    Raises UserError for a model or tokens that the engine cannot take.
    """
    attention.enable(model)
    support.check_groups(model, groups)
    was_training = model.training
    model.eval()
    end = np.zeros(1, dtype=np.int32)  # a stream leaves a response's last token out: one more lets it in
    longer = [
        replace(group, responses=tuple(np.concatenate([one, end]) for one in group.responses)) for group in groups
    ]
    found: dict[int, Features] = {}
    try:
        for part in micro_batches(longer, range(len(longer)), max_tokens):
            packing = pack([longer[index] for index in part]).to(model.device)
            states = attention.hidden_states(model, packing).index_select(0, packing.sources).double().cpu()
            # The first of a response's sources is the prompt's last token.
            each = [own[1:] for own in torch.split(states, packing.lengths.tolist())]
            rows = torch.stack([torch.cat([own.mean(dim=0), own[-1]]) for own in each]).numpy()
            k = len(groups[0].responses)
            found |= dict(zip(part, rows.reshape(len(part), k, -1), strict=True))
    finally:
        model.train(was_training)
    return np.stack([found[index] for index in range(len(groups))])


def mean_features(features: Features) -> Features:
    """(n, k, d) of (n, k, 2 d): the means over a response's tokens."""
    return features[..., : features.shape[-1] // 2]
