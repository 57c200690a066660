"""GPO with a preference model: the policy follows the scores of one that was fitted to the same labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Objective
from bench.learn.policy.scored import ScoredPreference
from bench.learn.reward.general_preference import GeneralPreferenceModel
from bench.methods.contract import Known

NOTHING = (np.zeros(1, dtype=np.int32),)  # the response of a group of which only the prompt is embedded


class ScoresOfAModel:
    """Log-ratios regressed on a general preference model's scores (Zhang et al. 2024, arXiv 2410.02197).

    The model's features are the SFT policy's, of prompt and response in a row, and its labels those of the pairs; its
    scores of these pairs are what the policy follows. They are the first step of the paper's iteration, whose
    responses the policy before sampled: those of a pool are. `blocks` and `ridge` are the model's: of 200 labels, a
    ridge of 1 can make every score nearly zero, and the policy then stays where it is (validation seed 10001).
    """

    def __init__(self, beta: float = 0.1, blocks: int = 4, ridge: float = 0.1) -> None:
        self.beta, self.blocks, self.ridge = beta, blocks, ridge

    def objective(self, pairs: Sequence[Completions], known: Known) -> Objective:
        """See PolicyMethod."""
        rows = [Completions(np.concatenate([pair.prompt, one]), NOTHING) for pair in pairs for one in pair.responses]
        features = np.asarray(known.embed(rows), dtype=float)
        items = features.reshape(len(pairs), 2, features.shape[1])
        model = GeneralPreferenceModel(self.blocks, self.ridge)
        model.fit(items, np.ones(len(pairs)), annotators=["everybody"] * len(pairs))
        scores = model.decision_function(items, annotators=["everybody"] * len(pairs))
        return ScoredPreference("gpo", scores, known.reference(pairs), beta=self.beta)
