"""The policy's own likelihood as a judge, without a reference (a row of SPA's Table 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.label.judgements import Judgements, first_minus_second, require_two
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import response_log_probs, response_sums
from bench.learn.policy.reference import ReferenceLogProbs


class Likelihood:
    """log-odds = beta (log pi(y1|x) - log pi(y2|x)), summed over tokens, in nats."""

    def __init__(self, policy: Any, *, beta: float = 0.1) -> None:
        self.policy = policy
        self.beta = beta

    def label(self, groups: Sequence[Completions]) -> Judgements:
        """See Labeler."""
        require_two(groups)
        return Judgements(self.beta * log_ratio(self.policy, groups))


def log_ratio(model: Any, groups: Sequence[Completions]) -> NDArray[np.float64]:
    """(n,): log pi(y1|x) - log pi(y2|x) under `model`, nats; it may be the log-probabilities of these very groups."""
    if isinstance(model, ReferenceLogProbs):
        model.check_data(groups)
        return first_minus_second(model.sums)
    return first_minus_second(response_sums(groups, response_log_probs(model, groups)))
