"""What a policy is trained for. An objective turns a batch into outputs of the model, and those into losses.

Outputs are a flat float32 vector, group by group: a log-probability for every response token, or a score for every
response. Losses are a value a group, summed and divided by the weight of the whole batch, so that neither
micro-batches nor ranks change the gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch.nn.functional import softplus
from torch.nn.utils.rnn import pad_sequence

from bench.errors import UserError, unknown
from bench.learn.policy import attention, losses
from bench.learn.policy.completions import Completions, require_two
from bench.learn.policy.log_probs import log_probs
from bench.learn.policy.metrics import Measures, Memory
from bench.learn.policy.packing import pack
from bench.learn.policy.reference import ReferenceLogProbs


@dataclass(frozen=True)
class Batch:
    """Groups and where they stand in the data that `train` was given."""

    groups: tuple[Completions, ...]
    indices: tuple[int, ...]
    memory: Memory | None = None  # of an `Adaptive` objective, as it was before the step


class Objective(Protocol):
    """See the module."""

    @property
    def couples_batch(self) -> bool:
        """Whether a group's loss depends on the other groups of the batch."""

    def identity(self) -> Mapping[str, Any]:
        """JSON values of everything that the trained weights depend on."""

    def check(self, model: Any, groups: Sequence[Completions]) -> None:
        """Make `model` ready. Raises UserError for a model or data that the objective cannot use."""

    def outputs(self, model: Any, groups: Sequence[Completions]) -> torch.Tensor:
        """The model's outputs, (sum of sizes,)."""

    def size(self, group: Completions) -> int:
        """Outputs of a group."""

    def weight(self, group: Completions) -> int:
        """What a group counts in the mean loss."""

    def losses(self, outputs: torch.Tensor, batch: Batch) -> torch.Tensor:
        """(groups of the batch,): the loss of each, times its weight."""

    def measure(self, outputs: torch.Tensor, batch: Batch) -> Measures:
        """What to report of a whole batch."""


@runtime_checkable
class Adaptive(Objective, Protocol):
    """An objective whose loss depends on earlier steps: what it goes by is kept in checkpoints."""

    def start(self, steps: int) -> Memory:
        """What it goes by at the first of `steps` steps."""

    def remember(self, outputs: torch.Tensor, batch: Batch) -> Memory:
        """What it goes by at the next step, from `batch.memory` and the whole batch's outputs at this one."""


@dataclass(frozen=True)
class Demonstration:
    """Supervised fine-tuning: the mean negative log-probability of a response token, over the batch's tokens."""

    couples_batch = False

    def identity(self) -> Mapping[str, Any]:
        """See Objective."""
        return {"objective": "demonstration"}

    def check(self, model: Any, groups: Sequence[Completions]) -> None:
        """See Objective."""
        attention.enable(model)

    def outputs(self, model: Any, groups: Sequence[Completions]) -> torch.Tensor:
        """See Objective."""
        return log_probs(model, pack(groups).to(model.device)).tokens

    def size(self, group: Completions) -> int:
        """See Objective."""
        return sum(map(len, group.responses))

    def weight(self, group: Completions) -> int:
        """See Objective."""
        return sum(map(len, group.responses))

    def losses(self, outputs: torch.Tensor, batch: Batch) -> torch.Tensor:
        """See Objective."""
        return -_segment_sums(outputs, [self.size(group) for group in batch.groups])

    def measure(self, outputs: torch.Tensor, batch: Batch) -> Measures:
        """See Objective."""
        responses = sum(len(group.responses) for group in batch.groups)
        return Measures(chosen=float(outputs.sum()) / responses)


class Preference:
    """A preference loss, of `losses.LOSSES` by name or any like these: the mean over pairs (chosen, rejected).

    `reference` holds the log-probabilities of the very groups trained on, in their order; it may be None for a loss
    that needs no reference. `hyper` are the loss's hyper-parameters. Raises UserError for a loss that does not exist,
    a hyper-parameter that it does not have or allow, and a missing reference.
    """

    def __init__(self, loss: str | losses.Loss, reference: ReferenceLogProbs | None = None, **hyper: float) -> None:
        self.loss = losses.get(loss)
        self.name = loss if isinstance(loss, str) else getattr(loss, "__qualname__", repr(loss))
        known = losses.hyper_parameters(loss)
        for name in hyper:
            if name not in known:
                raise unknown(f"hyper-parameter of {self.name}", name, known)
        if reference is None and losses.needs_reference(loss):
            raise UserError(f"the loss {self.name} needs reference log-probabilities (reference.reference_log_probs)")
        self.reference = reference
        self.hyper = {**known, **hyper}
        self.quantities = losses.batch_quantities(loss)
        self.couples_batch = losses.needs_whole_batch(loss)
        self._try()

    def identity(self) -> Mapping[str, Any]:
        """See Objective."""
        reference = self.reference.fingerprint if self.reference else None
        return {"objective": "preference", "loss": self.name, "hyper": self.hyper, "reference": reference}

    def check(self, model: Any, groups: Sequence[Completions]) -> None:
        """See Objective."""
        attention.enable(model)
        require_two(groups, f"{self.name} needs (chosen, rejected)")
        if self.reference is not None:
            self.reference.check(model, groups)

    def outputs(self, model: Any, groups: Sequence[Completions]) -> torch.Tensor:
        """See Objective."""
        return log_probs(model, pack(groups).to(model.device)).tokens

    def size(self, group: Completions) -> int:
        """See Objective."""
        return sum(map(len, group.responses))

    def weight(self, group: Completions) -> int:
        """See Objective."""
        return 1

    def losses(self, outputs: torch.Tensor, batch: Batch) -> torch.Tensor:
        """See Objective."""
        policy, reference, _ = self._sums(outputs, batch)
        supply = self.supply(outputs, batch) if self.quantities else {}
        return self.loss(
            *(policy[0::2], policy[1::2], reference[0::2], reference[1::2]),
            **{name: supply[name] for name in self.quantities},
            **self.hyper,
        )

    def supply(self, outputs: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
        """All of `losses.BATCH_QUANTITIES`. An objective that knows better masks or scores of pairs replaces them."""
        lengths = [len(response) for group in batch.groups for response in group.responses]
        return _quantities(outputs, self._reference_tokens(outputs, batch), lengths)

    def measure(self, outputs: torch.Tensor, batch: Batch) -> Measures:
        """See Objective."""
        policy, _, _ = self._sums(outputs, batch)
        ratios = self.log_ratios(outputs, batch)
        margins = ratios[0::2] - ratios[1::2]
        margin = float(margins.mean())
        has_reference = self.reference is not None
        moved = outputs - self._reference_tokens(outputs, batch)
        return Measures(
            margin=margin,
            reward_margin=self.hyper["beta"] * margin if has_reference and "beta" in self.hyper else None,
            accuracy=float((margins > 0).float().mean()),
            chosen=float(policy[0::2].mean()),
            rejected=float(policy[1::2].mean()),
            log_ratio=float(ratios.mean()) if has_reference else None,
            kl=float((torch.expm1(moved) - moved).mean()) if has_reference else None,
        )

    def log_ratios(self, tokens: torch.Tensor, batch: Batch) -> torch.Tensor:
        """(2B,): log pi(y|x) - log pi_ref(y|x) of every response, from log-probabilities of tokens."""
        policy, reference, _ = self._sums(tokens, batch)
        return policy - reference

    def _sums(self, outputs: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
        """(2B,) summed log-probabilities of policy and reference (zeros without one), and the responses' lengths."""
        lengths = [len(response) for group in batch.groups for response in group.responses]
        tokens = self._reference_tokens(outputs, batch)
        return _segment_sums(outputs, lengths), _segment_sums(tokens, lengths), lengths

    def _reference_tokens(self, outputs: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The reference's log-probabilities of tokens, in the order of `outputs`."""
        if self.reference is None:
            return torch.zeros_like(outputs)
        rows = [torch.from_numpy(self.reference.tokens[index]) for index in batch.indices]
        return torch.cat(rows).to(outputs)

    def _try(self) -> None:
        """Have the loss judge its hyper-parameters now, on a pair of one-token responses."""
        pair = torch.full((1,), -1.0)
        supply = _quantities(torch.full((2,), -1.0), torch.full((2,), -1.0), [1, 1])
        try:
            self.loss(pair, pair, pair, pair, **{name: supply[name] for name in self.quantities}, **self.hyper)
        except ValueError as error:
            raise UserError(str(error)) from None


@dataclass(frozen=True)
class PairwiseReward:
    """Bradley-Terry: -log sigmoid(r(chosen) - r(rejected)), the mean over pairs, for a `reward_model.RewardModel`."""

    couples_batch = False

    def identity(self) -> Mapping[str, Any]:
        """See Objective."""
        return {"objective": "pairwise reward"}

    def check(self, model: Any, groups: Sequence[Completions]) -> None:
        """See Objective."""
        attention.enable(model.base_model)
        require_two(groups, "a pairwise reward needs (chosen, rejected)")

    def outputs(self, model: Any, groups: Sequence[Completions]) -> torch.Tensor:
        """See Objective."""
        scores: torch.Tensor = model(groups)
        return scores

    def size(self, group: Completions) -> int:
        """See Objective."""
        return len(group.responses)

    def weight(self, group: Completions) -> int:
        """See Objective."""
        return 1

    def losses(self, outputs: torch.Tensor, batch: Batch) -> torch.Tensor:
        """See Objective."""
        return softplus(outputs[1::2] - outputs[0::2])

    def measure(self, outputs: torch.Tensor, batch: Batch) -> Measures:
        """See Objective."""
        chosen, rejected = outputs[0::2], outputs[1::2]
        return Measures(
            margin=float((chosen - rejected).mean()),
            accuracy=float((chosen > rejected).float().mean()),
            chosen=float(chosen.mean()),
            rejected=float(rejected.mean()),
        )


def _quantities(outputs: torch.Tensor, reference: torch.Tensor, lengths: Sequence[int]) -> dict[str, torch.Tensor]:
    """All of `losses.BATCH_QUANTITIES`: (B,) lengths and scores, (B, T) log-probabilities of tokens, masks.

    Log-probabilities are 0 in the padding. A label is all that is known of a preference: its score is 1.
    """
    count = torch.tensor(lengths, device=outputs.device)
    supply = {"chosen_lengths": count[0::2].to(outputs), "rejected_lengths": count[1::2].to(outputs)}
    supply["scores"] = torch.ones_like(supply["chosen_lengths"])
    rows = [torch.split(values, list(lengths)) for values in (outputs, reference, torch.ones_like(reference))]
    for side, start in (("chosen", 0), ("rejected", 1)):
        policy, fixed, mask = (pad_sequence(list(row[start::2]), batch_first=True) for row in rows)
        supply[f"policy_{side}_tokens"] = policy
        supply[f"reference_{side}_tokens"] = fixed
        supply[f"{side}_mask"] = mask
    return supply


def _segment_sums(values: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """(len(sizes),): the sums of successive segments of `values`."""
    lengths = torch.tensor(sizes, device=values.device)
    segment = torch.repeat_interleave(torch.arange(len(sizes), device=values.device), lengths)
    return values.new_zeros(len(sizes)).index_add(0, segment, values)
