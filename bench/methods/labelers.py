"""The labelers of `bench.label` as methods: each made with what is known where it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bench.label import Direct, Judgements
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
