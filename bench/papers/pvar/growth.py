"""How margins grow in training: on the pairs trained on, and on held-out pairs that are the same for every policy.

A margin is the log-ratio to the SFT policy of the chosen response less that of the rejected, in nats, for any loss.
Pairs that are trained on differ from one choice of prompts to the next, and so do their margins; held-out ones do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import response_log_probs, response_sums
from bench.learn.policy.metrics import StepMetrics

TENTHS = 10  # of the steps, over which the training margin is averaged
QUARTERS = 4  # of the steps, after which held-out margins are measured


class HeldOut:
    """Margins of pairs (better, worse) that no policy is trained on, at every quarter of a training."""

    def __init__(self, pairs: Sequence[Completions], before: NDArray[np.float64], steps: int) -> None:
        self.pairs = pairs
        self.before = before  # the `gaps` of the SFT policy
        self.due = {max(1, round(steps * part / QUARTERS)): part for part in range(1, QUARTERS + 1)}
        self.found: dict[str, float] = {}

    def measure(self, policy: Any, metrics: StepMetrics) -> None:
        """After every step; most have nothing due."""
        if (part := self.due.get(metrics.step)) is None:
            return
        margin = gaps(policy, self.pairs) - self.before
        self.found[f"held_out_margin_{part}"] = float(margin.mean())
        if part == QUARTERS:
            self._end(margin)

    def finish(self, policy: Any) -> None:
        """After the training: what nobody measured at its last step."""
        if "held_out_margin" not in self.found:
            self._end(gaps(policy, self.pairs) - self.before)

    def _end(self, margin: NDArray[np.float64]) -> None:
        self.found["held_out_margin"] = float(margin.mean())
        self.found["held_out_accuracy"] = float((margin > 0).mean())


def by_tenth(curves: Mapping[str, Sequence[float]], name: str) -> dict[str, float]:
    """`name`_1 to `name`_10: means over tenths of the steps, where there are as many."""
    values = np.asarray(curves.get(name, ()), dtype=float)
    if len(values) < TENTHS:
        return {}
    return {f"{name}_{at}": float(part.mean()) for at, part in enumerate(np.array_split(values, TENTHS), start=1)}


def curves_of(steps: Sequence[StepMetrics]) -> dict[str, list[float]]:
    """By step: the loss and the margin of its batch before it, and the gradient's norm.

    A loss without a reference has no margin, as its batches have nothing to be held against.
    """
    curves = {
        "step": [float(one.step) for one in steps],
        "loss": [one.loss for one in steps],
        "gradient_norm": [one.gradient_norm for one in steps],
    }
    margins = [one.measures.margin for one in steps if one.measures.log_ratio is not None]
    found = [margin for margin in margins if margin is not None]
    return curves | ({"margin": found} if found else {})


def gaps(model: Any, pairs: Sequence[Completions]) -> NDArray[np.float64]:
    """(n,): log-probability of the first response less that of the second, in nats."""
    sums = np.stack(response_sums(pairs, response_log_probs(model, pairs)))
    return np.asarray(sums[:, 0] - sums[:, 1])
