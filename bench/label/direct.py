"""Direct preference judgement: the reward that a policy trained by DPO implies, read off its own likelihoods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bench.errors import UserError
from bench.label.judgements import Judgements, longer_first, require_two
from bench.label.likelihood import log_ratio
from bench.learn.policy import support
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import ReferenceLogProbs


class Direct:
    """SPA, Eq. 7: log-odds = beta (log pi(y1|x)/pi_ref(y1|x) - log pi(y2|x)/pi_ref(y2|x)).

    SPA's reference is the SFT model at every iteration, also where training has another one; Table 7 has the policy
    of the iteration before. `length_penalty` (Eq. 13) takes that much a token off a response's reward: SPA has 0.001
    to 0.01. `policy` may be its log-probabilities of the groups that are to be judged, where they are known already.
    """

    def __init__(self, policy: Any, reference: Any, *, beta: float = 0.1, length_penalty: float = 0.0) -> None:
        for name, value in (("beta", beta), ("length_penalty", length_penalty)):
            if not (math.isfinite(value) and value >= 0):
                raise UserError(f"{name} must be a number >= 0, got {value}")
        self.policy = policy
        self.reference = reference
        self.beta = beta
        self.length_penalty = length_penalty

    def label(self, groups: Sequence[Completions]) -> Judgements:
        """See Labeler."""
        require_two(groups)
        if isinstance(self.policy, ReferenceLogProbs):
            support.check_vocabulary(self.reference, self.policy.vocabulary)
        else:
            support.check_reference(self.policy, self.reference)
        implied = self.beta * (log_ratio(self.policy, groups) - log_ratio(self.reference, groups))
        return Judgements(implied - self.length_penalty * longer_first(groups))
