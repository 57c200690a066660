"""The selectors of `bench.select` as methods: each made with what is known where it runs.

Two of them are not here, and cannot be where all labels are bought at once: the variance of a policy's own implied
preference and the expected loss of a policy are the same for every prompt before anything was learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench import select
from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.methods.contract import Known
from bench.select import Scores


class Random:
    """Scores without information."""

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """See SelectMethod."""
        return select.RandomScores(known.seed).scores(groups)


class PVar:
    """The variance of the preference under the reward model at hand, whose rewards are divided by `scale`."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """See SelectMethod."""
        return select.PVar(known.rewards, scale=self.scale).scores(groups)


class RewardGap:
    """The best reward less the worst."""

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """See SelectMethod."""
        return select.RewardGap(known.rewards).scores(groups)


class RewardVariance:
    """The variance of the rewards."""

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """See SelectMethod."""
        return select.RewardVariance(known.rewards).scores(groups)


class LengthDifference:
    """How far apart in length the responses are."""

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """See SelectMethod."""
        return select.LengthDifference().scores(groups)


class Perplexity:
    """How surprising the responses are to the SFT policy."""

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """See SelectMethod."""
        return select.Perplexity(known.reference(groups)).scores(groups)


class PolicyEntropy:
    """The SFT policy's entropy, from its samples; `per_token` divides by their mean length."""

    def __init__(self, per_token: bool = False) -> None:
        self.per_token = per_token

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """See SelectMethod."""
        return select.PolicyEntropy(known.reference(groups), per_token=self.per_token).scores(groups)


class ReferenceMargin:
    """How close the SFT policy sees the responses; `per_token` compares log-probabilities a token."""

    def __init__(self, per_token: bool = False) -> None:
        self.per_token = per_token

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """See SelectMethod."""
        return select.ReferenceMargin(known.reference(groups), per_token=self.per_token).scores(groups)


class GradientNorm:
    """The norm of DPO's gradient of the first `responses` of a prompt: cost grows with their number, fast."""

    def __init__(self, responses: int = 2) -> None:
        if responses < 2:
            raise UserError(f"responses must be at least 2, got {responses}: a preference is between 2")
        self.responses = responses

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """See SelectMethod."""
        few = [replace(group, responses=group.responses[: self.responses]) for group in groups]
        return select.GradientNorm(known.policy, known.rewards).scores(few)


class Diversity:
    """Each prompt as far as can be from those before it, in the SFT policy's features."""

    def scores(self, groups: Sequence[Completions], known: Known) -> Scores:
        """See SelectMethod."""
        return select.Diversity(known.embed).scores(groups)
