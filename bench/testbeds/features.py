"""The ground of reward models on features: a pool of comparisons, labels that are bought, and held-out comparisons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.evaluate.personal import accuracy_by_person
from bench.label.judgements import Judgements
from bench.testbeds.reading import accuracy, decided, reading
from bench.testbeds.stopwatch import Stopwatch
from bench.testbeds.testbed import Learnt

if TYPE_CHECKING:
    from bench.learn.policy.completions import Completions
    from bench.methods.contract import Known

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Part:
    """Comparisons in features, as a reward model takes them."""

    items: NDArray[np.floating]  # (n, 2, d)
    annotators: Sequence[str]  # (n,)
    prompts: NDArray[np.floating] | None  # (n, p)


@dataclass(frozen=True, eq=False)
class Held:
    """What is known of comparisons besides features. Of the pool it is sold; of the test it is for judging."""

    labels: NDArray[np.int64]  # (n,): +1 where the first item was preferred, else -1
    clusters: Sequence[str]  # (n,): what makes comparisons alike: who judged them, or what was asked


class FeatureGround:
    """See Ground. `read` gives pool and test in one of READINGS; it is asked for what the learner reads, and no more.

    `people`: annotators are told apart, so that everyone's accuracy is their own. `facts` go into the metrics.
    """

    groups: Sequence[Completions] = ()
    known: Known | None = None

    def __init__(
        self,
        read: Callable[[str], tuple[Part, Part]],
        pool: Held,
        test: Held,
        budget: int,
        *,
        people: bool,
        facts: Mapping[str, float],
    ) -> None:
        self.size = len(pool.labels)
        self.spent = 0
        self.sold: dict[int, float] = {}
        self._read, self._pool, self._test = read, pool, test
        self._budget, self._people, self._facts = budget, people, facts

    def buy(self, rows: Sequence[int]) -> Judgements:
        """See Ground."""
        places = np.asarray(rows, dtype=np.int64)
        if self.spent + len(places) > self._budget:
            raise UserError(f"{len(places)} more labels: {self.spent} of the budget of {self._budget} are spent")
        if len(wrong := places[(places < 0) | (places >= self.size)]):
            raise UserError(f"row {wrong[0]}: the pool has {self.size} rows")
        self.spent += len(places)
        log_odds = np.where(self._pool.labels[places] > 0, np.inf, -np.inf)
        self.sold.update(zip(places.tolist(), log_odds.tolist(), strict=True))
        return Judgements(log_odds, len(places))

    def learn(self, learner: Any, rows: Sequence[int], judgements: Judgements, training: Mapping[str, Any]) -> Learnt:
        """See Ground. Raises UserError for a learner that reads something else, or gives no (n,) numbers."""
        pool, test = self._read(reading(learner))
        places = np.asarray(rows, dtype=np.int64)
        with Stopwatch() as learning:
            learner.fit(  # indexing by places copies: a learner may work in place
                pool.items[places],
                np.where(judgements.first, 1, -1),
                annotators=[pool.annotators[place] for place in places],
                prompts=None if pool.prompts is None else pool.prompts[places],
            )
        decisions = decided(learner, test.items, list(test.annotators), test.prompts)
        metrics = {**self._judged(decisions, test.annotators), **_sizes(learner), **self._facts}
        return Learnt(metrics, learning.seconds)

    def _judged(self, decisions: Array, annotators: Sequence[str]) -> dict[str, float]:
        metrics = accuracy(decisions, self._test.labels, self._test.clusters)
        if self._people:
            own = accuracy_by_person(decisions, self._test.labels, annotators)
            metrics["accuracy_by_person"] = float(np.mean(list(own.values())))
        return metrics


def _sizes(learner: Any) -> dict[str, float]:
    """Numbers that were learnt, of what all share and of all people, where the learner counts them."""
    counts: Mapping[str, int] | None = getattr(learner, "learned_parameters_", None)
    if counts is None:
        return {}
    personal = counts.get("annotators", 0)
    return {
        "shared_parameters": float(sum(counts.values()) - personal),
        "personal_parameters": float(personal),
    }
