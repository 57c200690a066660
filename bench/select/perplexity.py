"""How surprising the responses are to a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.learn.policy.completions import Completions
from bench.select.responses import lengths_of, log_probs_of
from bench.select.selector import Scores


class Perplexity:
    """The geometric mean of the responses' perplexities exp(-log pi(y|x) / |y|): the higher, the sooner bought.

    Unlike the policy's entropy a token, it gives every response the same weight, and responses may come from
    elsewhere. Whether surprising or plain data serve better depends on the data (Marion et al. 2023, arXiv
    2309.04564, prune by it): `choose` with "bottom" buys the plain first. `model` is a model, or its
    log-probabilities of the groups.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 1 response at least."""
        found = zip(log_probs_of(self.model, groups, least=1), lengths_of(groups), strict=True)
        nats: Scores = np.array([-(values / lengths).mean() for values, lengths in found])  # a token
        return np.exp(nats)
