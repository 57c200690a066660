"""The entropy of the policy at a prompt, from its own samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.learn.policy.completions import Completions
from bench.select.responses import lengths_of, log_probs_of
from bench.select.selector import Scores


class PolicyEntropy:
    """H(pi(.|x)) in nats a response: the more the policy has to choose from, the sooner a prompt is bought.

    The mean of -log pi(y|x) over samples y of `policy` is an unbiased estimate, if they were drawn at temperature 1
    and without a nucleus; of other responses it is a cross-entropy (the predictive entropy of Muldrew et al. 2024,
    arXiv 2402.08114, from samples). Long responses have much entropy; `per_token` divides by their mean length, which
    estimates the entropy rate in nats a token. `policy` is a model, or its log-probabilities of the groups.
    """

    def __init__(self, policy: Any, *, per_token: bool = False) -> None:
        self.policy = policy
        self.per_token = per_token

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 1 response at least."""
        found = log_probs_of(self.policy, groups, least=1)
        nats = np.array([-values.mean() for values in found])
        if self.per_token:
            nats /= np.array([lengths.mean() for lengths in lengths_of(groups)])
        return nats
