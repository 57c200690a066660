"""IRPO as a method: people rank, and the policy learns from whole lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Objective
from bench.learn.policy.ranked import RankedPreference
from bench.methods.contract import Known


class RankedLists:
    """DPO of ranked lists, in which the top counts most (Wu et al. 2025, arXiv 2504.15477).

    The paper's lists come with relevances, and its labels are not counted. Here a list of three costs the three
    comparisons that it is made of.
    """

    lists: ClassVar[int] = 3

    def __init__(self, beta: float = 0.1) -> None:
        self.beta = beta

    def objective(self, pairs: Sequence[Completions], known: Known) -> Objective:
        """See PolicyMethod."""
        return RankedPreference(known.reference(pairs), beta=self.beta)
