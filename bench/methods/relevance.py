"""Regularised relevance as a method: labels that cost nothing, and learn from nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from bench.label import Judgements
from bench.label.judgements import require_two
from bench.learn.policy.completions import Completions
from bench.learn.reward.relevance import nearness, regularised_relevance
from bench.methods.contract import Known


class RegularisedRelevance:
    """The response with the higher regularised relevance: see bench/learn/reward/relevance.py.

    Texts are compared in features of the SFT policy, prompts and responses each by themselves.
    """

    expands: ClassVar[bool] = True

    def label(self, groups: Sequence[Completions], known: Known) -> Judgements:
        """See LabelMethod. Raises UserError for a group with another number of responses than two."""
        require_two(groups)
        responses = [response for group in groups for response in group.responses]
        asked = np.repeat(known.embed(groups), 2, axis=0)
        said = known.embed([Completions(response, ()) for response in responses])
        tokens = [[int(token) for token in response if token != known.end] for response in responses]
        rewards = regularised_relevance(nearness(asked, said), tokens)
        return Judgements(rewards[0::2] - rewards[1::2])
