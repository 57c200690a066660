"""The labelers of `bench.label` as methods: each made with what is known where it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bench import label
from bench.label import Direct, Judgements, Reward
from bench.learn.policy.completions import Completions
from bench.methods.contract import Known


class People:
    """Labels that are paid for, and no others."""

    expands: ClassVar[bool] = False

    def label(self, groups: Sequence[Completions], known: Known) -> Judgements:
        """See LabelMethod."""
        return known.people(groups)


class SPA:
    """Direct preference judgement by a policy that learnt from what was bought (SPA, Eq. 7)."""

    expands: ClassVar[bool] = True

    def __init__(self, beta: float = 0.1) -> None:
        self.beta = beta

    def label(self, groups: Sequence[Completions], known: Known) -> Judgements:
        """See LabelMethod."""
        return Direct(known.taught(), known.policy, beta=self.beta).label(groups)


class LengthRegularisedSPA:
    """Direct preference judgement with `length_penalty` a token off a response's reward (SPA, Eq. 13)."""

    expands: ClassVar[bool] = True

    def __init__(self, beta: float = 0.1, length_penalty: float = 0.003) -> None:
        self.beta = beta
        self.length_penalty = length_penalty

    def label(self, groups: Sequence[Completions], known: Known) -> Judgements:
        """See LabelMethod."""
        return Direct(known.taught(), known.policy, beta=self.beta, length_penalty=self.length_penalty).label(groups)


class Likelihood:
    """The likelihoods of a policy that learnt from what was bought, whatever the SFT policy's were (SPA, Table 7)."""

    expands: ClassVar[bool] = True

    def __init__(self, beta: float = 0.1) -> None:
        self.beta = beta

    def label(self, groups: Sequence[Completions], known: Known) -> Judgements:
        """See LabelMethod."""
        return label.Likelihood(known.taught(), beta=self.beta).label(groups)


class RewardModel:
    """The reward model at hand, as SPA's experiments have PairRM."""

    expands: ClassVar[bool] = True

    def label(self, groups: Sequence[Completions], known: Known) -> Judgements:
        """See LabelMethod."""
        return Reward(known.rewards).label(groups)


class Random:
    """Labels without information."""

    expands: ClassVar[bool] = True

    def label(self, groups: Sequence[Completions], known: Known) -> Judgements:
        """See LabelMethod."""
        return label.Random(known.seed).label(groups)
