"""What a study asks of the place where it runs, and the two places that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.domains.corpora import Rows, ultrafeedback_rows
from bench.errors import unknown
from bench.label import Judgements, Labeler
from bench.label.llm_judge import Question
from bench.learn.policy.completions import Completions
from bench.spec import Context

Ids = NDArray[np.int32]
Wins = NDArray[np.float64]


class Prompt(Protocol):
    """What a policy is asked."""

    @property
    def ids(self) -> Ids:
        """(P,)"""


class Domain(Protocol):
    """All of a study that is not its method. Lists of prompts, groups and responses go row by row."""

    sft: Any  # the policy before any preference
    sft_hash: str  # of its weights
    end: int  # the token that ends a response
    engine: Mapping[str, Any]  # how training is done here: further keys of Training

    def prompts(self, part: str, first: int, last: int) -> list[Any]:
        """Prompts `first` to `last`, excluded, of "train" or "test"."""

    def given(self, prompts: Sequence[Any]) -> tuple[list[Any], list[Completions]] | None:
        """Those of the prompts that have a pair which people judged, and the pairs, better and worse in random order.

        None where people judge what policies sample.
        """

    def sample(self, policy: Any, prompts: Sequence[Any], **sampling: Any) -> list[list[Ids]]:
        """Responses to each of the prompts; `sampling` as that of `bench.generate.sample`, less `stop`."""

    def people(self, prompts: Sequence[Any], groups: Sequence[Completions]) -> Judgements:
        """Paid labels."""

    def truth(self, prompts: Sequence[Any], groups: Sequence[Completions]) -> NDArray[np.float64] | None:
        """(n,): the judge's reward of the first response less that of the second; None of a judge without rewards."""

    def ranker(self) -> Labeler:
        """A preference model trained on many other labels."""

    def question(self) -> Question:
        """How a judge that answers in words is asked."""

    def base(self) -> Any:
        """The model before it was taught to follow prompts, of the same vocabulary."""

    def compare(self, prompts: Sequence[Any], own: Sequence[Ids], theirs: Sequence[Ids]) -> Wins:
        """(n,): 1 where `own` is better, 0 where `theirs` is, 0.5 for a tie."""

    def quality(self, prompts: Sequence[Any], responses: Sequence[Ids]) -> Mapping[str, float]:
        """What else the judge says of responses: means, by metric."""


def domain(
    settings: Mapping[str, Any], seed: int, context: Context, *, study: str, rows: Rows = ultrafeedback_rows
) -> Domain:
    """The domain of a task's settings (bench/domains/settings.py) for one seed of a study.

    `study` names its random streams and its folder in the cache: two studies share no draw. `rows` are the pairs of
    UltraFeedback, where the settings name it, that the training prompts are, in their order. Raises UserError for an
    unknown name.
    """
    if settings["name"] == "world":
        from bench.domains.world import WorldDomain

        return WorldDomain(settings, seed, context, study)
    if settings["name"] == "text":
        from bench.domains.text import TextDomain

        return TextDomain(settings, seed, context, study, rows)
    raise unknown("domain", settings["name"], ("world", "text"))
