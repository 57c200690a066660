"""A pipeline is a method for each place: who chooses, who labels, who learns. Running one is one task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.compare.cost import Growth
from bench.errors import UserError
from bench.label import Judgements
from bench.label.rankings import comparisons
from bench.methods.contract import PAIR
from bench.methods.method import TRAINING, Method, Slot
from bench.select import choose
from bench.spec import Outcome
from bench.testbeds.stopwatch import Stopwatch
from bench.testbeds.testbed import Ground


@dataclass(frozen=True)
class Pipeline:
    """Selector, labeler and learner. Those that a comparison does not vary are `random` and `people`."""

    select: Method
    label: Method
    learn: Method

    @property
    def parts(self) -> tuple[Method, Method, Method]:
        """In the order of the pipeline."""
        return self.select, self.label, self.learn


def run(pipeline: Pipeline, hyper: Mapping[str, Mapping[str, Any]], ground: Ground, budget: int, seed: int) -> Outcome:
    """Spend `budget` labels, and learn. `hyper` has hyper-parameters by place: select, label, learn.

    Its cost is metrics, too: `method_seconds` of choosing, labelling and learning, `method_memory_bytes` as `Growth`
    has them (judging among what grows), labels and pairs.

    Raises UserError for a pool smaller than the budget, and for methods that choose or label where that cannot be done.
    """
    if budget > ground.size:
        raise UserError(f"a budget of {budget:,} labels, and the pool has {ground.size:,}; that is the most")
    learner, training = _learner(pipeline.learn, hyper.get("learn", {}), seed)
    labeler = pipeline.label.make(seed, **hyper.get("label", {}))
    selector = pipeline.select.make(seed, **hyper.get("select", {}))
    each = comparisons(getattr(learner, "lists", PAIR))
    with Growth() as growth:
        with Stopwatch() as before:
            ground.buy(_chosen(selector, ground, budget, each, seed))
            rows, judgements = list(ground.sold), Judgements(np.array(list(ground.sold.values())), ground.spent)
            if getattr(labeler, "expands", True):
                rows, judgements = _expanded(labeler, rows, judgements, ground)
        learnt = ground.learn(learner, rows, judgements, training)
    costs = {
        "method_seconds": before.seconds + learnt.seconds,
        "method_memory_bytes": float(growth.bytes),
        "labels_spent": float(ground.spent),
        "pairs": float(len(rows)),
    }
    return Outcome({**learnt.metrics, **costs}, notes=learnt.notes)


def _learner(method: Method, hyper: Mapping[str, Any], seed: int) -> tuple[Any, dict[str, Any]]:
    """The learner, and what of the hyper-parameters belongs to training."""
    training = {name: value for name, value in hyper.items() if method.slot == Slot.POLICY and name in TRAINING}
    own = {name: value for name, value in hyper.items() if name not in training}
    return method.make(seed, **own), training


def _chosen(selector: Any, ground: Ground, budget: int, each: int, seed: int) -> list[int]:
    """The rows that labels are bought for, `each` in all.

    With the same scores, those of a smaller budget are among those of a larger one. What a selector buys itself, to
    learn what it goes by, is of the same budget, and is learnt from like the rest.
    """
    if ground.known is None:
        return [int(row) for row in choose(np.zeros(ground.size), budget, "random", seed=seed)]
    scores = np.asarray(selector.scores(ground.groups, ground.known), dtype=float)
    if scores.shape != (ground.size,):
        raise UserError(f"{type(selector).__name__}: {ground.size} groups were given, scores of shape {scores.shape}")
    left = np.array([row for row in range(ground.size) if row not in ground.sold])
    promised = (each - 1) * len(ground.sold)  # a ranking goes on from the first pair, which the selector bought
    count = max(0, min((budget - ground.spent - promised) // each, len(left)))
    return [int(left[place]) for place in choose(scores[left], count, seed=seed)] if count else []


def _expanded(labeler: Any, rows: Sequence[int], bought: Judgements, ground: Ground) -> tuple[list[int], Judgements]:
    """What was bought, and the labeler's own judgements of the rest of the pool."""
    rest = sorted(set(range(ground.size)).difference(rows))
    if not rest or ground.known is None:
        return list(rows), bought
    groups = [replace(ground.groups[row], responses=ground.groups[row].responses[:2]) for row in rest]
    own = labeler.label(groups, ground.known)
    if len(own.log_odds) != len(groups):
        raise UserError(f"{type(labeler).__name__}: {len(groups)} groups were given, {len(own.log_odds)} judgements")
    return [*rows, *rest], Judgements(np.concatenate([bought.log_odds, own.log_odds]), bought.labels_spent)
