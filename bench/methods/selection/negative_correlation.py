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

import numpy as np

from bench.learn.policy.completions import Completions
from bench.methods.contract import Known
from bench.select import Scores
from bench.select.response_features import Features, mean_features, response_features
from bench.select.responses import require_responses

TOKENS = 8192  # at a time


class NegativeCorrelation:
    """Minus the correlation of the first two responses' features under the SFT policy."""

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """(n,) in [-1, 1]; -1 where the two responses are the same. Raises UserError for groups of fewer than two."""
        require_responses(groups, 2)
        pairs = [replace(group, responses=group.responses[:2]) for group in groups]
        found = uncorrelated(mean_features(response_features(known.policy, pairs, TOKENS)))
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
