"""What a method of each slot must have, and what it may know of the place where it runs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from bench.label.judgements import Judgements
    from bench.learn.policy.completions import Completions
    from bench.learn.policy.objectives import Objective
    from bench.learn.policy.reference import ReferenceLogProbs

READINGS = ("linear", "prompted", "items")  # in which features a reward method can ask for comparisons
PAIR = 2  # responses that a policy method learns from, where it does not say otherwise


class Known(Protocol):
    """All that a method may use. Nothing of it comes from held-out labels, and what people say is counted."""

    seed: int
    policy: Any  # the SFT policy, which everything starts from: a transformers decoder, not to be changed
    end: int  # the token that ends a response
    bought: Sequence[Completions]  # (chosen, rejected): the labels that were paid for, once there are any

    def rewards(self, groups: Sequence[Completions]) -> list[NDArray[np.floating]]:
        """(k,) of every group: of a reward model that was at hand before any label was bought.

        It learnt from labels that are counted nowhere, so whoever reads it is not compared at equal labels with whoever
        does not; `prefbench methods` marks those that do.
        """

    def reference(self, groups: Sequence[Completions]) -> ReferenceLogProbs:
        """Log-probabilities of every response under the SFT policy, computed once."""

    def embed(self, groups: Sequence[Completions]) -> NDArray[np.float64]:
        """(n, d): features of every prompt, by the SFT policy."""

    def taught(self) -> Any:
        """A policy that learnt from `bought` by DPO, as SPA's begins. Its training counts as cost of the method.

        It trains with the testbed's own settings, whatever tuning found for the method or for the learner.
        """

    def people(self, groups: Sequence[Completions]) -> Judgements:
        """More labels of people, each counted. Raises UserError where they would exceed the budget."""

    def sample(self, policy: Any, groups: Sequence[Completions], samples: int, name: str) -> list[Completions]:
        """The same prompts, each with so many responses of `policy`, drawn from a stream that `name` names."""


class SelectMethod(Protocol):
    """Which prompts a label is bought for."""

    def scores(self, groups: Sequence[Completions], known: Known) -> ArrayLike:
        """(n,), finite: the higher, the sooner a label is bought. A group is a prompt with k sampled responses."""


class LabelMethod(Protocol):
    """Who says which response is better, where no label was bought.

    `expands` (default true) says that the method labels the rest of the pool; what was bought is learnt from always.
    """

    expands: ClassVar[bool]

    def label(self, groups: Sequence[Completions], known: Known) -> Judgements:
        """(n,) judgements of groups of two responses."""


class RewardMethod(Protocol):
    """A reward model of comparisons in features; see bench/learn/reward/personal/model.py for the arrays.

    `reads` (default "linear") says in which features: "linear" those in which rewards are linear, as far as that is
    known; "prompted" those of items that know their prompt, for models that read none; "items" those of items as they
    are, with `prompts` beside them wherever something was asked. Only with "items" are there `prompts`.
    """

    reads: ClassVar[str]

    def fit(
        self, X: ArrayLike, labels: ArrayLike, *, annotators: Sequence[Hashable], prompts: ArrayLike | None = None
    ) -> Self:
        """Learn from items X (n, 2, d) and labels (n,) of +1 or -1."""

    def decision_function(
        self, X: ArrayLike, *, annotators: Sequence[Hashable], prompts: ArrayLike | None = None
    ) -> ArrayLike:
        """(n,): log-odds that the first item is preferred."""


class PolicyMethod(Protocol):
    """What a policy is trained for.

    `lists` (default 2, which are pairs) says how many responses of a prompt it learns from. With k > 2 of them, people
    compare all k (k - 1) / 2 pairs of the prompt's first k responses, each comparison a label. So many prompts are
    ranked as the budget pays for, in the selector's order, and what is left of it buys nothing. Labelers that label
    more than was bought label pairs, and do not go with it.
    """

    lists: ClassVar[int]

    def objective(self, pairs: Sequence[Completions], known: Known) -> Objective:
        """The objective for training the SFT policy on `pairs` (chosen, rejected), in their order.

        With `lists` of k > 2 a group has k responses: those that won most comparisons first, and of equally many wins
        those that were sampled first.
        """
