"""Training what annotators share, and the weights of those who are in the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import nn

from bench.errors import UserError
from bench.learn.reward.pal.batch import Batch, Source, parts
from bench.learn.reward.pal.losses import norm_bound
from bench.learn.reward.pal.networks import Network
from bench.learn.reward.pal.users import RowAdam, simplex
from bench.seeds import seed_for


@dataclass(frozen=True)
class Rates:
    """Learning rates by part: PAL's Table D.2, and the released configs for what the table leaves out."""

    backbone: float = 9.65e-6
    projector_f: float = 1e-4
    projectors_g: float = 1e-4
    prototypes: float = 5e-3
    annotators: float = 5e-3
    temperature: float = 0.1


@dataclass(frozen=True)
class Training:
    """How `fit` learns; the defaults are those of Reddit TL;DR. Raises UserError for counts below one."""

    epochs: int = 1
    batch_size: int = 4
    rates: Rates = field(default_factory=Rates)
    weight_decay: float = 0.01  # of projectors; nothing else decays
    decoupled: bool = False  # decay as AdamW (Pick-a-Pic) or within the gradient, as Adam (Reddit TL;DR)
    bound: float | None = None  # on the norm of ideal points: 4 for Pick-a-Pic; for text it is not in the loss
    projector_updates: int = 1  # by each gradient: PAL-A's f is in the released optimiser twice

    def __post_init__(self) -> None:
        counts = {"epochs": self.epochs, "batch_size": self.batch_size, "projector_updates": self.projector_updates}
        check_counts("training", **counts)


@dataclass(frozen=True)
class Adaptation:
    """How `adapt` learns new annotators' weights: AdamW without decay, 20 epochs.

    The released code puts all new annotators into joint batches of 4, each with an Adam state of its own, so that among
    many annotators a batch has one comparison of each: here `batch_size` counts comparisons of the same annotator.
    """

    epochs: int = 20
    batch_size: int = 1
    learning_rate: float = 5e-3

    def __post_init__(self) -> None:
        check_counts("adaptation", epochs=self.epochs, batch_size=self.batch_size)


@dataclass(frozen=True)
class History:
    """Mean losses, one an epoch; of the validation comparisons where there were any, and then which epoch was kept."""

    losses: Sequence[float]
    validation: Sequence[float] = ()
    kept: int = -1


def check_counts(where: str, **counts: int) -> None:
    """Raise UserError for a count below one."""
    for name, count in counts.items():
        if count < 1:
            raise UserError(f"{where}: {name} must be at least 1, got {count}")


@contextmanager
def seeded(*axes: str | int) -> Iterator[None]:
    """torch's global generator, started at the stream's seed, and afterwards as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(seed_for("pal", *axes))
        yield


def comparison_losses(network: Network, batch: Batch, margins: torch.Tensor) -> torch.Tensor:
    """(B,): sum_t alpha_t loss(s_t, y) of every comparison."""
    of_tokens = batch.weights * network.loss(margins, batch.labels[batch.comparison])
    return torch.zeros_like(batch.labels).index_add(0, batch.comparison, of_tokens)


def train(
    network: Network,
    logits: torch.Tensor,
    source: Source,
    training: Training,
    seed: int,
    validation: Source | None = None,
    backbone: Sequence[nn.Parameter] = (),
) -> History:
    """Train `network` and the annotators' `logits` (N, K) in place.

    With `validation`, they end as they were after the epoch with the smallest mean loss there. `backbone` are the
    parameters behind the features of `source`, where those learn too. Raises FloatingPointError for a loss that is
    not finite.
    """
    learned = {**network.parts(), "backbone": list(backbone)}
    optimizer, users = _optimizer(learned, training), RowAdam(logits, training.rates.annotators)
    losses: list[float] = []
    validated: list[float] = []
    best: dict[str, torch.Tensor] = {}
    with seeded("dropout", seed):
        for epoch in range(training.epochs):
            network.train()
            losses.append(_epoch(network, logits, source, training, _order(len(source), seed, epoch), optimizer, users))
            network.eval()
            if validation is None:
                continue
            validated.append(float(losses_of(network, simplex(logits), validation).mean()))
            if validated[-1] <= min(validated):
                best = _copies(network, logits, backbone)
    network.eval()
    if best:
        _restore(best, network, logits, backbone)
    return History(losses, validated, validated.index(min(validated)) if validated else training.epochs - 1)


@torch.no_grad()
def losses_of(network: Network, weights: torch.Tensor, source: Source) -> torch.Tensor:
    """(n,): the loss of every comparison, for annotators with `weights` (N, K)."""
    found = []
    for rows in parts(torch.arange(len(source))):
        batch = source.batch(rows)
        found.append(comparison_losses(network, batch, network(batch, weights, batch.annotators)[0]))
    return torch.cat(found)


def _order(count: int, seed: int, epoch: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed_for("pal", "order", seed, epoch))
    return torch.randperm(count, generator=generator)


def _optimizer(learned: Mapping[str, list[nn.Parameter]], training: Training) -> torch.optim.Adam:
    groups = [
        {
            "params": parameters,
            "lr": getattr(training.rates, part),
            "weight_decay": training.weight_decay if part.startswith("projector") else 0.0,
        }
        for part, parameters in learned.items()
        if parameters
    ]
    kind = torch.optim.AdamW if training.decoupled else torch.optim.Adam
    return kind(groups, fused=True)


def _epoch(
    network: Network,
    logits: torch.Tensor,
    source: Source,
    training: Training,
    order: torch.Tensor,
    optimizer: torch.optim.Adam,
    users: RowAdam,
) -> float:
    """One pass; the mean of the comparisons' losses, each before its step."""
    total = torch.zeros((), dtype=logits.dtype, device=logits.device)
    for rows in parts(order, training.batch_size):
        batch = source.batch(rows)
        present, who = torch.unique(batch.annotators, return_inverse=True)
        own = logits[present].requires_grad_()
        margins, points = network(batch, simplex(own), who)
        loss = comparison_losses(network, batch, margins).mean()
        total += loss.detach() * len(rows)
        if training.bound is not None:
            loss = loss + norm_bound(points, training.bound)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        _update_projector_again(network, optimizer, training.projector_updates - 1)
        assert own.grad is not None
        users.step(present, own.grad)
    mean = float(total) / len(order)
    if not torch.isfinite(total):
        raise FloatingPointError(f"training diverged: mean loss {mean} in an epoch of {len(order):,} comparisons")
    return mean


def _update_projector_again(network: Network, optimizer: torch.optim.Adam, times: int) -> None:
    """Further steps of f alone by the gradient that there is, moments included."""
    if not times:
        return
    projector = {id(parameter) for parameter in network.parts()["projector_f"]}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            if id(parameter) not in projector:
                parameter.grad = None  # which a step passes over
    for _ in range(times):
        optimizer.step()


def _copies(network: Network, logits: torch.Tensor, backbone: Sequence[nn.Parameter]) -> dict[str, torch.Tensor]:
    tensors = {name: parameter.detach() for name, parameter in network.named_parameters()}
    tensors |= {f"backbone {index}": parameter.detach() for index, parameter in enumerate(backbone)}
    return {name: tensor.clone() for name, tensor in {**tensors, "logits": logits}.items()}


@torch.no_grad()
def _restore(
    best: Mapping[str, torch.Tensor], network: Network, logits: torch.Tensor, backbone: Sequence[nn.Parameter]
) -> None:
    for name, parameter in network.named_parameters():
        parameter.copy_(best[name])
    for index, parameter in enumerate(backbone):
        parameter.copy_(best[f"backbone {index}"])
    logits.copy_(best["logits"])
