"""In-context ranking preference optimisation, IRPO: DPO of ranked lists, in which the top counts most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from bench.errors import UserError
from bench.learn.policy import attention
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import log_probs
from bench.learn.policy.metrics import Measures
from bench.learn.policy.objectives import Batch
from bench.learn.policy.packing import pack
from bench.learn.policy.reference import ReferenceLogProbs


def irpo(log_ratios: Tensor, *, beta: float = 0.1) -> Tensor:
    """(): the loss of one list; `log_ratios` (k,) h(y_i) = log pi(y_i|x) - log pi_ref(y_i|x), nats, best first, k >= 2.

    L = -sum_i w_i log sigma(-log mean_{j != i} exp(beta (h_j - h_i))),   w_i ~ (2^g_i - 1) / log2(1 + i), sum_i w_i = 1

    Wu et al. 2025 (COLM), arXiv 2504.15477; g_i is the relevance of the response at place i, and the weights are the
    gains and discounts of DCG. As in the authors' code, the mean is over the other responses; that code takes the mean
    of w_i times the logarithm instead of the weighted mean. In a list that is ranked without grades, g_i = k - i here:
    of two responses it is DPO. beta as in DPO; 1.0 in that code, 0.1 here as for pairs.
    """
    k = len(log_ratios)
    place = torch.arange(1, k + 1, device=log_ratios.device, dtype=log_ratios.dtype)
    weights = (2 ** (k - place) - 1) / torch.log2(1 + place)
    differences = beta * (log_ratios[None, :] - log_ratios[:, None])
    itself = torch.eye(k, dtype=torch.bool, device=log_ratios.device)
    others = torch.logsumexp(differences.masked_fill(itself, -torch.inf), 1) - torch.log(place[-1] - 1)
    return (weights / weights.sum() * softplus(others)).sum()


class RankedPreference:
    """IRPO: the mean over lists. A group's k >= 2 responses are in order of rank, best first; k may differ.

    `reference` holds the log-probabilities of the very groups trained on, in their order. Raises UserError for a beta
    that is not positive.
    """

    couples_batch = False

    def __init__(self, reference: ReferenceLogProbs, *, beta: float = 0.1) -> None:
        if not 0 < beta < float("inf"):
            raise UserError(f"irpo: beta must be positive and finite, got {beta!r}")
        self.reference = reference
        self.beta = beta

    def identity(self) -> Mapping[str, Any]:
        """See Objective."""
        return {"objective": "ranked lists", "beta": self.beta, "reference": self.reference.fingerprint}

    def check(self, model: Any, groups: Sequence[Completions]) -> None:
        """See Objective."""
        attention.enable(model)
        for index, group in enumerate(groups):
            if len(group.responses) < 2:
                raise UserError(f"group {index} has {len(group.responses)} response; a ranking is of 2 or more")
        self.reference.check(model, groups)

    def outputs(self, model: Any, groups: Sequence[Completions]) -> Tensor:
        """See Objective."""
        return log_probs(model, pack(groups).to(model.device)).tokens

    def size(self, group: Completions) -> int:
        """See Objective."""
        return sum(map(len, group.responses))

    def weight(self, group: Completions) -> int:
        """See Objective."""
        return 1

    def losses(self, outputs: Tensor, batch: Batch) -> Tensor:
        """See Objective."""
        return torch.stack([irpo(ratios, beta=self.beta) for _, ratios in self._lists(outputs, batch)])

    def measure(self, outputs: Tensor, batch: Batch) -> Measures:
        """See Objective. `chosen` is the first of each list, `rejected` the last, and the margin that between them."""
        lists = self._lists(outputs, batch)
        margins = torch.stack([ratios[0] - ratios[-1] for _, ratios in lists])
        return Measures(
            margin=float(margins.mean()),
            reward_margin=self.beta * float(margins.mean()),
            accuracy=float((margins > 0).float().mean()),
            chosen=float(torch.stack([sums[0] for sums, _ in lists]).mean()),
            rejected=float(torch.stack([sums[-1] for sums, _ in lists]).mean()),
            log_ratio=float(torch.cat([ratios for _, ratios in lists]).mean()),
        )

    def _lists(self, outputs: Tensor, batch: Batch) -> list[tuple[Tensor, Tensor]]:
        """Of every group, summed log-probabilities and log-ratios (k,)."""
        found = []
        for index, group, values in zip(
            batch.indices, batch.groups, torch.split(outputs, [self.size(group) for group in batch.groups]), strict=True
        ):
            sums = torch.stack([part.sum() for part in torch.split(values, list(map(len, group.responses)))])
            found.append((sums, sums - torch.from_numpy(self.reference.sums[index]).to(sums)))
        return found
