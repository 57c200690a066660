"""Policy methods that are a loss of pairs and nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor

from bench.learn.policy import losses
from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Objective, Preference
from bench.methods.contract import Known
from bench.methods.space import Values


class PairLoss(ABC):
    """Write `loss` and hyper-parameters, and it is a method.

        def loss(self, policy_chosen, policy_rejected, reference_chosen, reference_rejected)

    gets four (B,) tensors of summed log-probabilities in nats and gives (B,), a value a pair, which hangs on that pair
    alone, or `couples_batch` says that it does not. It may name any of `bench.learn.policy.losses.BATCH_QUANTITIES` as
    a keyword-only argument besides (lengths, log-probabilities of tokens).
    """

    space: ClassVar[Mapping[str, Values]] = {}
    couples_batch: ClassVar[bool] = False

    @abstractmethod
    def loss(self, *log_probabilities: Any, **quantities: Any) -> Tensor:
        """(B,): what training makes small."""

    def objective(self, pairs: Sequence[Completions], known: Known) -> Objective:
        """See PolicyMethod."""
        objective = Preference(self.loss, known.reference(pairs))
        objective.couples_batch = self.couples_batch
        settings = ", ".join(f"{name}={value!r}" for name, value in sorted(vars(self).items()))
        objective.name = f"{type(self).__qualname__}({settings})"  # with another setting, it is another objective
        return objective


class NamedLoss:
    """A loss of `bench.learn.policy.losses.LOSSES`, by name."""

    def __init__(self, loss: str, **hyper: Any) -> None:
        self.loss = loss
        self.hyper = hyper

    @staticmethod
    def hyper_parameters(loss: str) -> Mapping[str, float]:
        """Those of the loss, with its defaults."""
        return losses.hyper_parameters(loss)

    def objective(self, pairs: Sequence[Completions], known: Known) -> Objective:
        """See PolicyMethod."""
        reference = known.reference(pairs) if losses.needs_reference(self.loss) else None
        return Preference(self.loss, reference, **self.hyper)
