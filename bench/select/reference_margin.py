"""How far apart the reference model sees a prompt's responses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.learn.policy.completions import Completions
from bench.select.responses import lengths_of, log_probs_of, mean_absolute_difference, of_each
from bench.select.selector import Scores


class ReferenceMargin:
    """-|log pi_ref(y1|x) - log pi_ref(y2|x)|: the smaller the margin, the sooner a prompt is bought.

    Small first, for two reasons. As sampling by uncertainty has it, the label of a pair that the model finds about as
    likely one way as the other tells most. And a pair with a large margin is either one that the model gets right
    without a label, or one that a DPO step hardly turns: a policy seldom learns to rank a pair against a strong
    preference of its reference (Chen et al. 2024, arXiv 2405.19534). Who wants the large ones, as those where a sure
    model may be wrong, buys with the rule "bottom".

    Of more than two responses it is the mean over their pairs. `per_token` compares log-probabilities a token, so
    that a margin is not mostly a difference of lengths. `reference` is a model, or its log-probabilities of the groups.
    """

    def __init__(self, reference: Any, *, per_token: bool = False) -> None:
        self.reference = reference
        self.per_token = per_token

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 2 responses at least."""
        found = log_probs_of(self.reference, groups, least=2)
        if self.per_token:
            found = [values / lengths for values, lengths in zip(found, lengths_of(groups), strict=True)]
        return -of_each(found, mean_absolute_difference)
