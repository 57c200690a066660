"""Rationale-augmented DPO: the policy also learns to say why the chosen response is the better one.

    L = -log sigma(beta (h(y+) - h(y-))) - gamma log pi(r | x, y+, y-)

Just et al. 2024 (COLM 2025), arXiv 2407.14477: the likelihood of the rationale r, given prompt and preference, beside
DPO's loss. The paper writes that condition in words; here it is the prompt with the chosen response after it, and then
the rejected one, and r is the response to that. The likelihood is a sum over tokens, as in the equation; beta as in
DPO, gamma >= 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.errors import UserError
from bench.learn.policy import support
from bench.learn.policy.completions import Completions, Ids, require_two
from bench.learn.policy.log_probs import log_probs
from bench.learn.policy.metrics import Measures
from bench.learn.policy.objectives import Batch, Preference
from bench.learn.policy.packing import pack
from bench.learn.policy.reference import ReferenceLogProbs, data_hash


def reasoned(pair: Completions, rationale: Ids) -> Completions:
    """The rationale (R,) as a response to prompt, chosen and rejected in a row."""
    return Completions(np.concatenate([pair.prompt, *pair.responses]), (rationale,))


class RationalePreference(Preference):
    """DPO with a rationale (R,), R >= 1, for every pair; None for a pair without one, which is then DPO's alone.

    `pairs` and `reference` are of the very groups trained on, in their order; pairs that are equal need equal
    rationales. Outputs are log-probabilities of a pair's response tokens, then of its rationale's. With gamma = 0 no
    rationale is computed. A budget of tokens for micro-batches does not count rationales, whose prompt is a pair.
    Raises UserError for rationales that are not one a pair, are empty or contradict each other, and a negative gamma.
    """

    def __init__(
        self,
        pairs: Sequence[Completions],
        rationales: Sequence[Ids | None],
        reference: ReferenceLogProbs,
        *,
        beta: float = 0.1,
        gamma: float = 1.0,
    ) -> None:
        super().__init__("dpo", reference, beta=beta)
        if not 0 <= gamma < math.inf:
            raise UserError(f"rationale DPO: gamma must be at least 0 and finite, got {gamma!r}")
        if len(rationales) != len(pairs):
            raise UserError(f"{len(rationales):,} rationales for {len(pairs):,} pairs: give one for each, or None")
        require_two(pairs, "a rationale is of (chosen, rejected)")
        self.gamma = gamma
        self.reasoned: dict[tuple[bytes, ...], Completions] = {}
        for index, (pair, rationale) in enumerate(zip(pairs, rationales, strict=True)):
            if rationale is None or gamma == 0:
                continue
            if not len(rationale):
                raise UserError(f"pair {index}: its rationale has no tokens; give None for a pair without one")
            known = self.reasoned.setdefault(_key(pair), reasoned(pair, rationale))
            if not np.array_equal(known.responses[0], rationale):
                raise UserError(f"pair {index} is in the data twice, with different rationales")

    def identity(self) -> Mapping[str, Any]:
        """See Objective."""
        rationales = data_hash(list(self.reasoned.values()))
        return {**super().identity(), "objective": "rationale", "gamma": self.gamma, "rationales": rationales}

    def check(self, model: Any, groups: Sequence[Completions]) -> None:
        """See Objective."""
        super().check(model, groups)
        support.check_groups(model, list(self.reasoned.values()))

    def outputs(self, model: Any, groups: Sequence[Completions]) -> Tensor:
        """See Objective."""
        why = {place: self.reasoned[_key(pair)] for place, pair in enumerate(groups) if _key(pair) in self.reasoned}
        streams = [*groups, *why.values()]
        tokens = torch.split(log_probs(model, pack(streams).to(model.device)).tokens, list(map(_tokens, streams)))
        of_rationales = dict(zip(why, tokens[len(groups) :], strict=True))
        parts = [(tokens[place], of_rationales.get(place)) for place in range(len(groups))]
        return torch.cat([values for both in parts for values in both if values is not None])

    def size(self, group: Completions) -> int:
        """See Objective."""
        return _tokens(group) + self._extra(group)

    def losses(self, outputs: Tensor, batch: Batch) -> Tensor:
        """See Objective."""
        tokens, surprise = self._split(outputs, batch)
        found = super().losses(tokens, batch)
        return found if self.gamma == 0 else found + self.gamma * surprise

    def measure(self, outputs: Tensor, batch: Batch) -> Measures:
        """See Objective."""
        return super().measure(self._split(outputs, batch)[0], batch)

    def _extra(self, pair: Completions) -> int:
        """Tokens of its rationale."""
        found = self.reasoned.get(_key(pair))
        return 0 if found is None else _tokens(found)

    def _split(self, outputs: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Log-probabilities of the pairs' tokens, and (B,) -log pi of each pair's rationale, 0 without one."""
        sizes = [size for pair in batch.groups for size in (_tokens(pair), self._extra(pair))]
        parts = torch.split(outputs, sizes)
        return torch.cat(parts[0::2]), torch.stack([-part.sum() for part in parts[1::2]])


def _tokens(group: Completions) -> int:
    return sum(map(len, group.responses))


def _key(pair: Completions) -> tuple[bytes, ...]:
    """What tells pairs apart: the engine hands groups over without their places in the data."""
    return tuple(ids.astype("<i4").tobytes() for ids in (pair.prompt, *pair.responses))
