"""What a stage's labels are worth by the gold reward: how often they agree, where, and what the mark catches.

Pairs of equal gold reward have no right label and are left out throughout. `gap` (n,) is the gold reward of the first
responses less that of the second. What there is none of (no mark, no doubt) has no entry.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bench.label import Judgements
from bench.learn.policy.metrics import Memory

THIRDS = ("least", "middle", "most")
Gap = NDArray[np.float64]


def label_facts(judgements: Judgements, gap: Gap) -> dict[str, float]:
    """Agreement of the labels with the gold order, in all and by thirds of confidence; people name no confidence."""
    decided = gap != 0
    correct = (judgements.first == (gap > 0))[decided]
    facts = {"pairs": float(len(gap))} | _share("label_agreement", correct)
    confidence = judgements.confidence[decided]
    if (confidence < 1).any():
        order = np.argsort(confidence, kind="stable")
        for name, part in zip(THIRDS, np.array_split(order, len(THIRDS)), strict=True):
            facts |= _share(f"label_agreement_{name}_sure", correct[part])
    return facts


def length_facts(judgements: Judgements, longer: NDArray[np.float64]) -> dict[str, float]:
    """How often the longer response is preferred; `longer` (n,) is the first's tokens less the second's."""
    decided = longer != 0
    return _share("label_prefers_longer", (judgements.first == (longer > 0))[decided])


def mark_facts(memory: Memory, judgements: Judgements, gap: Gap, batch_size: int, start: float) -> dict[str, float]:
    """How many of the pairs that came once marks counted were marked, and how many of these have the wrong label.

    `memory` is that of `Refinement` after one epoch over the pairs.
    """
    marked = np.array(memory["marked"], dtype=int)
    came = len(gap) - math.ceil(start * memory["steps"]) * batch_size
    wrong = judgements.first != (gap > 0)
    facts = {"marked_share": len(marked) / came} if came > 0 else {}
    return facts | _share("marked_wrong", wrong[marked[gap[marked] != 0]]) | _share("labels_wrong", wrong[gap != 0])


def _share(name: str, values: NDArray[np.bool_]) -> dict[str, float]:
    return {name: float(values.mean())} if len(values) else {}
