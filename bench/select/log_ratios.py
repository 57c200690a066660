"""What a policy prefers against its reference, as selectors by loss and gradient read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.learn.policy import support
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import ReferenceLogProbs
from bench.select.responses import log_probs_of, require_responses


def log_ratios(policy: Any, reference: Any | None, groups: Sequence[Completions]) -> list[NDArray[np.float64]]:
    """log pi(y|x) - log pi_ref(y|x) of every group's responses (k,), in nats; 0 without a reference.

    `reference` is a model, or its log-probabilities of these groups. Raises UserError for groups of fewer than 2
    responses, and for models of different vocabularies.
    """
    if reference is None:
        require_responses(groups, 2)
        return [np.zeros(len(group.responses)) for group in groups]
    if isinstance(reference, ReferenceLogProbs):
        support.check_vocabulary(policy, reference.vocabulary)
    else:
        support.check_reference(policy, reference)
    both = (log_probs_of(model, groups, least=2) for model in (policy, reference))
    return [ours - theirs for ours, theirs in zip(*both, strict=True)]
