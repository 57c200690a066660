"""What a fit of PAL leaves, whatever its items are: a network, who is known, and their weights on the simplex."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bench.errors import UserError
from bench.learn.reward.pal.adaptation import adapt, freeze, frozen_losses
from bench.learn.reward.pal.batch import Source, parts
from bench.learn.reward.pal.checks import check_simplex
from bench.learn.reward.pal.networks import Network
from bench.learn.reward.pal.training import Adaptation, History, Training, train
from bench.learn.reward.pal.users import initial_logits, simplex
from bench.learn.reward.personal.model import UNKNOWN, Annotators

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """A trained network and those whom it knows."""

    network: Network
    annotators: Annotators
    logits: torch.Tensor  # (N, K): weights are softmax(logits)
    history: History

    @staticmethod
    def of(
        network: Network,
        source: Source,
        annotators: Annotators,
        training: Training,
        seed: int,
        validation: Source | None = None,
        backbone: Sequence[nn.Parameter] = (),
    ) -> Fitted:
        """Train `network` in place. Raises UserError for strangers in `validation`, and as `train` does."""
        _check_known(validation, "the fit has none of")
        logits = initial_logits(annotators.known, network.K, seed).to(source.labels.device)
        history = train(network, logits, source, training, seed, validation, backbone)
        return Fitted(network, annotators, logits, history)

    def adapted(
        self,
        source: Source,
        annotators: Annotators,
        adaptation: Adaptation,
        seed: int,
        validation: Source | None = None,
    ) -> Fitted:
        """One that knows `annotators` too, those known already by their new comparisons alone; the network is shared.

        With `validation`, the epoch with the smallest mean loss there is kept, the same for all.
        """
        _check_known(validation, "are not adapted to")
        after = adapt(self.network, source, annotators.known, adaptation, seed)
        logits = after[-1]
        if validation is not None:
            asked, of = freeze(self.network, validation), validation.annotators
            logits = min(after, key=lambda one: float(frozen_losses(self.network, asked, simplex(one)[of]).mean()))
        new = set(annotators.known)
        kept = [place for place, annotator in enumerate(self.annotators.known) if annotator not in new]
        known = Annotators((*(self.annotators.known[place] for place in kept), *annotators.known))
        return replace(self, annotators=known, logits=torch.cat([self.logits[kept], logits]))

    @torch.no_grad()
    def margins(self, source: Source) -> tuple[Array, Array, NDArray[np.int64]]:
        """Of every token (M,): the margin, its weight in the loss, and the row of its comparison.

        Strangers have the known annotators' mean weights.
        """
        weights = simplex(self.logits)
        weights = torch.cat([weights, weights.mean(0, keepdim=True)])
        margins, of_tokens, comparisons = [], [], []
        for rows in parts(torch.arange(len(source))):
            batch = source.batch(rows)
            who = torch.where(batch.annotators == UNKNOWN, len(weights) - 1, batch.annotators)
            margins.append(self.network(batch, weights, who)[0].double().cpu().numpy())
            of_tokens.append(batch.weights.double().cpu().numpy())
            comparisons.append(rows.numpy()[batch.comparison.cpu().numpy()])
        return np.concatenate(margins), np.concatenate(of_tokens), np.concatenate(comparisons)

    def decisions(self, source: Source) -> Array:
        """(n,): the mean of every comparison's margins, by their weights in the loss; 0 where it has no token."""
        margins, weights, comparisons = self.margins(source)
        return np.bincount(comparisons, weights=margins * weights, minlength=len(source)).astype(np.float64)

    def weights(self) -> Mapping[Hashable, Array]:
        """Every known annotator's weights (K,) on the simplex."""
        return dict(zip(self.annotators.known, simplex(self.logits).double().cpu().numpy(), strict=True))

    def mixture(self, of: Hashable | Mapping[Hashable, float] | Array) -> torch.Tensor:
        """(1, K): weights of an annotator (a stranger's are the mean), or of a mixture.

        `of` is an annotator's id, a mapping from ids to shares that add up to 1, or weights (K,) on the simplex.
        Raises UserError for shares and weights that are not.
        """
        known = self.weights()
        average = np.mean(list(known.values()), axis=0)
        if isinstance(of, np.ndarray):
            weights = check_simplex(of, self.network.K)
        elif isinstance(of, Mapping):
            shares = check_simplex(list(of.values()), len(of))
            weights = shares @ np.array([known.get(annotator, average) for annotator in of])
        else:
            weights = known.get(of, average)
        return torch.from_numpy(weights).to(self.logits)[None]

    def learned_parameters(self) -> Mapping[str, int]:
        """Numbers learnt, by part; those of all annotators are named "annotators"."""
        shared = {part: sum(values.numel() for values in found) for part, found in self.network.parts().items()}
        return {**shared, "annotators": self.logits.numel()}


def _check_known(validation: Source | None, why: str) -> None:
    if validation is not None and (validation.annotators == UNKNOWN).any():
        raise UserError(f"validation: has comparisons of annotators that {why}")
