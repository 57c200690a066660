"""What chosen prompts and their pairs are like, by the truth and by the model that chose them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.label.judgements import longer_first
from bench.learn.policy.completions import Completions
from bench.papers.pvar.lab import Lab, Values
from bench.select.pvar import preference_variance


def selection_facts(
    lab: Lab,
    spread: str,
    model: str,
    rows: NDArray[np.int64],
    prompts: Sequence[Any],
    pairs: Sequence[Completions],
) -> dict[str, float]:
    """Of the pool's `rows` and their (chosen, rejected); a label is right where the chosen has the higher gold reward.

    Gold gaps are in units of the gold reward; pairs of equal gold reward have no right label. Where nobody knows the
    truth, there is nothing by it.
    """
    facts = {
        "pairs_trained": float(len(pairs)),
        "pvar": float(preference_variance(lab.rewards(spread, model)[rows]).mean()),
        "length_difference": float(longer_first(pairs).mean()),
        "response_length": float(np.mean([len(y) for pair in pairs for y in pair.responses])),
    }
    truth = lab.truth(prompts, pairs)
    return facts if truth is None else facts | _by_the_truth(lab, spread, rows, prompts, truth)


def _by_the_truth(
    lab: Lab, spread: str, rows: NDArray[np.int64], prompts: Sequence[Any], truth: Values
) -> dict[str, float]:
    gap = np.subtract(*truth.T)
    decided = gap != 0
    facts = {
        "pvar_gold": float(preference_variance(lab.rewards(spread, "gold")[rows]).mean()),
        "gold_gap": float(gap.mean()),
        "gold_gap_size": float(np.abs(gap).mean()),
        "high_stakes": float(np.mean([prompt.stakes == "high" for prompt in prompts])),
    }
    return facts | ({"label_agreement": float((gap[decided] > 0).mean())} if decided.any() else {})
