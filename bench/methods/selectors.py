"""The selectors of `bench.select` as methods: each made with what is known where it runs."""

from __future__ import annotations

from collections.abc import Sequence

from bench import select
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
