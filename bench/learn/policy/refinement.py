"""SPA's self-refinement: DPO that smooths the labels of the pairs it is least sure of (Kim et al. 2025, Eq. 9-12).

With m = beta (log pi(y_w|x)/pi_ref(y_w|x) - log pi(y_l|x)/pi_ref(y_l|x)), the log-odds of the label, the loss is

    -(1 - alpha z) log sigmoid(m) - alpha z log sigmoid(-m)      (Eq. 10)

z marks a pair whose log-odds are no higher than those of the K % least sure of late. In de-coupled noise detection
these are not the policy's own but those of the extrapolated model whose next-token logits are
(1 + lambda) h_theta - lambda h_ref (Eq. 12): a policy trained with a KL term 1 + lambda times smaller. No gradient
goes through the mark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy, softplus

from bench.errors import UserError, unknown
from bench.learn.policy import attention, support
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import hidden_states, in_chunks
from bench.learn.policy.metrics import Measures, Memory
from bench.learn.policy.objectives import Batch, Preference
from bench.learn.policy.packing import pack
from bench.learn.policy.reference import ReferenceLogProbs, weights_hash


def released_threshold(recent: Sequence[float], share: float) -> float:
    """SPA's released code: half-way between ranks down + 1 and down + 2, down = int(n share); 6 and 7 of 50 at 10 %.

    That marks 12.9 % of exchangeable pairs, not 10 %.
    """
    down = int(len(recent) * share)
    low, high = sorted(recent)[down : down + 2]
    return (low + high) / 2


def quantile_threshold(recent: Sequence[float], share: float) -> float:
    """The (n + 1) share-th smallest, interpolated: a new exchangeable value lies below it with probability `share`."""
    return float(np.quantile(recent, share, method="weibull"))


THRESHOLDS: Mapping[str, Callable[[Sequence[float], float], float]] = MappingProxyType(
    {"quantile": quantile_threshold, "released": released_threshold}
)


class Refinement:
    """An `Adaptive` objective on pairs (chosen, rejected). Defaults are SPA's.

    `reference` are the log-probabilities of the pairs under the policy that training starts from. `decoupling` is
    lambda; above 0 it needs that policy itself, `reference_model`, in memory beside the one that learns. The
    threshold is `threshold` (a name in THRESHOLDS) of the last `window` pairs, and stands still within a step; until
    there are as many, it is 0, as in the released code. Marks count once `start` of the steps are over.
    Raises UserError for a value outside its range, and a reference model without use or missing.
    """

    couples_batch = False

    def __init__(
        self,
        reference: ReferenceLogProbs,
        *,
        beta: float = 0.1,
        alpha: float = 0.1,
        share: float = 0.1,
        decoupling: float = 0.0,
        reference_model: Any = None,
        threshold: str = "quantile",
        window: int = 50,
        start: float = 0.2,
    ) -> None:
        if threshold not in THRESHOLDS:
            raise unknown("threshold", threshold, THRESHOLDS)
        _require("alpha", alpha, 0 <= alpha < 1, "a number, 0 <= alpha < 1")
        _require("share", share, 0 < share < 1, "a share of the pairs, 0 < share < 1")
        _require("decoupling", decoupling, 0 <= decoupling < math.inf, "a number >= 0")
        _require("start", start, 0 <= start <= 1, "a share of the steps, 0 <= start <= 1")
        _require("window", window, window >= 2 and int(window * share) + 2 <= window, "large enough for the share")
        if (decoupling > 0) != (reference_model is not None):
            raise UserError("a reference model is needed where decoupling is above 0, and only there")
        self.dpo = Preference("dpo", reference, beta=beta)
        self.beta, self.alpha, self.share, self.decoupling = beta, alpha, share, decoupling
        self.threshold, self.window, self.begin = threshold, window, start
        self.reference_model = reference_model

    def identity(self) -> Mapping[str, Any]:
        """See Objective."""
        own = ("alpha", "share", "decoupling", "threshold", "window", "begin")
        model = None if self.reference_model is None else weights_hash(self.reference_model)
        values = {name: getattr(self, name) for name in own}
        return {**self.dpo.identity(), "objective": "refinement", "reference_model": model, **values}

    def check(self, model: Any, groups: Sequence[Completions]) -> None:
        """See Objective."""
        self.dpo.check(model, groups)
        if self.reference_model is not None:
            support.check_reference(model, self.reference_model)
            attention.enable(self.reference_model)
            self.reference_model.eval()  # its forward pass keeps no gradient

    def outputs(self, model: Any, groups: Sequence[Completions]) -> torch.Tensor:
        """See Objective: of each group, its tokens' log-probabilities, then those under the extrapolated model."""
        if self.reference_model is None:
            return self.dpo.outputs(model, groups)
        both = mixed_log_probs(model, self.reference_model, groups, self.decoupling)
        sizes = [self.dpo.size(group) for group in groups]
        return torch.cat([rows.T.reshape(-1) for rows in torch.split(both, sizes)])

    def size(self, group: Completions) -> int:
        """See Objective."""
        return self.dpo.size(group) * (1 if self.reference_model is None else 2)

    def weight(self, group: Completions) -> int:
        """See Objective."""
        return 1

    def losses(self, outputs: torch.Tensor, batch: Batch) -> torch.Tensor:
        """See Objective."""
        own, judged = self._split(outputs, batch)
        log_odds = self._log_odds(own, batch)
        flipped = self.alpha * self._marks(judged, batch).to(log_odds) if self._begun(batch) else 0.0
        return (1 - flipped) * softplus(-log_odds) + flipped * softplus(log_odds)

    def measure(self, outputs: torch.Tensor, batch: Batch) -> Measures:
        """See Objective."""
        return self.dpo.measure(self._split(outputs, batch)[0], batch)

    def start(self, steps: int) -> Memory:
        """See Adaptive: `marked` are the indices of the pairs whose labels were smoothed, step after step."""
        return {"step": 0, "steps": steps, "recent": [], "marked": []}

    def remember(self, outputs: torch.Tensor, batch: Batch) -> Memory:
        """See Adaptive."""
        memory, judged = _memory(batch), self._split(outputs, batch)[1]
        log_odds = self._log_odds(judged, batch).tolist()
        marks = self._marks(judged, batch).tolist() if self._begun(batch) else [False] * len(log_odds)
        order = sorted(range(len(log_odds)), key=lambda place: batch.indices[place])  # whatever the micro-batches were
        return {
            "step": memory["step"] + 1,
            "steps": memory["steps"],
            "recent": [*memory["recent"], *(log_odds[place] for place in order)][-self.window :],
            "marked": [*memory["marked"], *(batch.indices[place] for place in order if marks[place])],
        }

    def _begun(self, batch: Batch) -> bool:
        memory = _memory(batch)
        return bool(memory["step"] >= self.begin * memory["steps"])

    def _marks(self, judged: torch.Tensor, batch: Batch) -> torch.Tensor:
        """(B,) z: whether a pair's log-odds are no higher than the threshold; a tie is marked, as released."""
        recent = _memory(batch)["recent"]
        at = THRESHOLDS[self.threshold](recent, self.share) if len(recent) == self.window else 0.0
        return self._log_odds(judged, batch).detach() <= at

    def _log_odds(self, tokens: torch.Tensor, batch: Batch) -> torch.Tensor:
        """(B,): m of the module, with the policy's log-probabilities of `tokens`."""
        ratios = self.dpo.log_ratios(tokens, batch)
        return self.beta * (ratios[0::2] - ratios[1::2])

    def _split(self, outputs: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities of tokens under the policy, and under the model that pairs are judged by."""
        if self.reference_model is None:
            return outputs, outputs
        sizes = [self.dpo.size(group) for group in batch.groups for _ in range(2)]
        parts = torch.split(outputs, sizes)
        return torch.cat(parts[0::2]), torch.cat(parts[1::2])


def mixed_log_probs(model: Any, reference: Any, groups: Sequence[Completions], decoupling: float) -> torch.Tensor:
    """(T, 2) float32: log-probabilities of response tokens under `model`, and, without gradient, under the mixture.

    The mixture's logits are (1 + decoupling) those of `model` less decoupling those of `reference` (Eq. 12). Both
    models share a vocabulary and a device. Logits exist in chunks, as in `log_probs`.
    """
    packing = pack(groups).to(model.device)
    hidden = hidden_states(model, packing).index_select(0, packing.sources)
    with torch.no_grad():
        fixed = hidden_states(reference, packing).index_select(0, packing.sources)

    def both(own: torch.Tensor, other: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        logits = support.logits(model, own)
        with torch.no_grad():
            mixed = torch.lerp(support.logits(reference, other), logits, 1 + decoupling)
            judged = cross_entropy(mixed, targets, reduction="none")
        return -torch.stack([cross_entropy(logits, targets, reduction="none"), judged], dim=1)

    return in_chunks(model, both, hidden, fixed, packing.targets)


def _memory(batch: Batch) -> Memory:
    if batch.memory is None:
        raise ValueError("self-refinement goes by earlier steps: the batch has no memory")
    return batch.memory


def _require(name: str, value: object, valid: bool, expected: str) -> None:
    if not valid:
        raise UserError(f"{name} must be {expected}, got {value!r}")
