"""Prompts whose two responses are most unlike each other, in what the policy itself makes of them.

Zhang et al. (2025), "Cultivating Pluralism in Algorithmic Monoculture: the Community Alignment dataset" (arXiv
2507.09650): what people differ in can only be learnt from candidates that differ, so candidates should be sampled with
negative correlation; see bench/generate/apart.py. Theirs is the aim. To reach it by choosing among prompts whose
candidates are already sampled, and the score below, are ours:

    -cos(f(x, y1) - m, f(x, y2) - m),

where f is the mean over a response's tokens of the policy's last hidden state, and m the mean of f over the pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.learn.policy import attention, support
from bench.learn.policy.completions import Completions
from bench.learn.policy.packing import micro_batches, pack
from bench.methods.contract import Known
from bench.select import Scores
from bench.select.responses import require_responses

Features = NDArray[np.float64]


class NegativeCorrelation:
    """Minus the correlation of the first two responses' features under the SFT policy."""

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """(n,) in [-1, 1]; -1 where the two responses are the same. Raises UserError for groups of fewer than two."""
        require_responses(groups, 2)
        pairs = [replace(group, responses=group.responses[:2]) for group in groups]
        found = uncorrelated(response_features(known.policy, pairs))
        found[[np.array_equal(pair.responses[0], pair.responses[1]) for pair in pairs]] = -1.0
        return found


def uncorrelated(features: Features) -> Scores:
    """(n,): minus the cosine of the two rows of each of `features` (n, 2, d), about the mean of all 2 n rows.

    -1 where a row is that mean.
    """
    centred = features - features.mean(axis=(0, 1))
    lengths = np.linalg.norm(centred, axis=2).prod(axis=1)
    products = np.einsum("nd,nd->n", centred[:, 0], centred[:, 1])
    cosines = np.ones(len(features))
    np.divide(products, lengths, out=cosines, where=lengths > 0)
    return -cosines


@torch.no_grad()
def response_features(model: Any, groups: Sequence[Completions], *, max_tokens: int = 8192) -> Features:
    """(n, k, d): the mean over the tokens of each of k responses of the last hidden state of `model`, in its prompt.

    At most `max_tokens` tokens are computed at a time; the model's mode is left as it was. Raises UserError for a model
    or tokens that the engine cannot take.
    """
    attention.enable(model)
    support.check_groups(model, groups)
    after = np.zeros(1, dtype=np.int32)  # the engine does not compute a last token, so each response gets one more
    longer = [replace(one, responses=tuple(np.append(own, after) for own in one.responses)) for one in groups]
    found: dict[int, Features] = {}
    was_training = model.training
    model.eval()
    try:
        for part in micro_batches(longer, range(len(longer)), max_tokens):
            packing = pack([longer[index] for index in part]).to(model.device)
            states = attention.hidden_states(model, packing)[packing.sources].double()
            ends = packing.lengths.cumsum(0).tolist()
            parts = torch.tensor_split(states, ends[:-1])
            means = [own[1:].mean(dim=0).cpu().numpy() for own in parts]
            rows = np.array(means).reshape(len(part), -1, states.shape[1])
            found |= dict(zip(part, rows, strict=True))
    finally:
        model.train(was_training)
    return np.stack([found[index] for index in range(len(groups))])
