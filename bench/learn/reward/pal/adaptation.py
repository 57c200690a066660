"""Weights of new annotators, all else frozen: any number of them at once, none knowing of the others.

What is frozen is projected once. Where a reward needs no more of the network than inner products with the K prototypes
or mappings, the steps work on K numbers a token, and cost nearly the same for one annotator and for thousands.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from bench.learn.reward.pal.batch import Source, parts
from bench.learn.reward.pal.networks import Network
from bench.learn.reward.pal.training import Adaptation
from bench.learn.reward.pal.users import RowAdam, initial_logits, simplex, stream


@dataclass(frozen=True)
class Frozen:
    """Comparisons as functions of weights alone, padded to the same number of tokens T."""

    summary: tuple[torch.Tensor, ...]  # each (n, T, ...): see Network.summary
    token_weights: torch.Tensor  # (n, T), 0 where a comparison has no such token
    labels: torch.Tensor  # (n,)


def adapt(
    network: Network, source: Source, annotators: Sequence[Hashable], adaptation: Adaptation, seed: int
) -> torch.Tensor:
    """(epochs, N, K): the logits of `annotators`, whose places `source` has, after each epoch.

    Each annotator starts at weights of their own, goes through their own comparisons in an order of their own, and
    has moments of their own: the result is that of a call for each alone, but for rounding.
    """
    frozen = freeze(network, source)
    plan = _plan(source.annotators.cpu().numpy(), annotators, adaptation, seed)
    longest_first = np.argsort(-plan.steps, kind="stable")  # those who have steps to go are the first rows
    steps, starts = plan.steps[longest_first], torch.from_numpy(plan.starts[longest_first])
    per_epoch = torch.from_numpy(steps // adaptation.epochs)
    logits = initial_logits(annotators, network.K, seed).to(frozen.labels)[longest_first]
    optimizer = RowAdam(logits, adaptation.learning_rate)
    after = logits.new_empty(adaptation.epochs, *logits.shape)
    for step in range(int(steps[0])):
        active = int(np.searchsorted(-steps, -step, side="left"))
        read = plan.comparisons[starts[:active] + step]
        optimizer.step(slice(active), _gradient(network, frozen, read, logits[:active]))
        ended = torch.nonzero((step + 1) % per_epoch[:active] == 0)[:, 0]
        after[step // per_epoch[ended], ended] = logits[ended]
    return after[:, np.argsort(longest_first)]


def _gradient(network: Network, frozen: Frozen, comparisons: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """(U, K): of the mean loss over each annotator's `comparisons` (U, b), where -1 is none."""
    own = logits.detach().clone().requires_grad_()
    there = (comparisons >= 0).to(logits)
    rows = comparisons.clamp(min=0).to(frozen.labels.device)
    summary = [values[rows].flatten(1, 2) for values in frozen.summary]
    margins = network.margins(summary, simplex(own)).reshape(*rows.shape, -1)
    losses = frozen.token_weights[rows] * network.loss(margins, frozen.labels[rows][..., None])
    mean = (losses.sum(-1) * there).sum(-1) / there.sum(-1)
    (gradient,) = torch.autograd.grad(mean.sum(), own)
    return gradient


@dataclass(frozen=True)
class _Plan:
    """Which comparisons each annotator's steps read."""

    comparisons: torch.Tensor  # (all steps, b): rows of comparisons; -1 fills an epoch's last batch
    starts: NDArray[np.int64]  # (N,) an annotator's first step in it
    steps: NDArray[np.int64]  # (N,) an annotator's steps, over all epochs


def _plan(places: NDArray[np.int64], annotators: Sequence[Hashable], adaptation: Adaptation, seed: int) -> _Plan:
    of_each = np.split(np.argsort(places, kind="stable"), np.cumsum(np.bincount(places))[:-1])
    blocks = []
    for annotator, rows in zip(annotators, of_each, strict=True):
        orders = np.tile(rows, (adaptation.epochs, 1))
        orders = stream("adaptation order", seed, annotator).permuted(orders, axis=1)
        if missing := -len(rows) % adaptation.batch_size:
            orders = np.pad(orders, ((0, 0), (0, missing)), constant_values=-1)
        blocks.append(orders.reshape(-1, adaptation.batch_size))
    steps = np.array([len(block) for block in blocks])
    return _Plan(torch.from_numpy(np.concatenate(blocks)), np.cumsum(steps) - steps, steps)


@torch.no_grad()
def freeze(network: Network, source: Source) -> Frozen:
    """Run the network over all comparisons, once."""
    summaries, rows, weights = [], [], []
    for part in parts(torch.arange(len(source))):
        batch = source.batch(part)
        summaries.append(network.summary(batch))
        rows.append(part.to(batch.comparison.device)[batch.comparison])
        weights.append(batch.weights)
    row = torch.cat(rows)
    place = _places(row, len(source))
    summary = tuple(_padded(torch.cat(columns), row, place, len(source)) for columns in zip(*summaries, strict=True))
    return Frozen(summary, _padded(torch.cat(weights), row, place, len(source)), source.labels)


@torch.no_grad()
def frozen_losses(network: Network, frozen: Frozen, weights: torch.Tensor) -> torch.Tensor:
    """(n,): the loss of every comparison at `weights` (n, K), those of its annotator."""
    of_tokens = network.loss(network.margins(frozen.summary, weights), frozen.labels[:, None])
    return (frozen.token_weights * of_tokens).sum(-1)


def _places(rows: torch.Tensor, count: int) -> torch.Tensor:
    """(M,): which token of its comparison each is, where tokens of a comparison stand together."""
    tokens = torch.bincount(rows, minlength=count)
    starts = tokens.cumsum(0) - tokens
    return torch.arange(len(rows), device=rows.device) - starts[rows]


def _padded(values: torch.Tensor, rows: torch.Tensor, places: torch.Tensor, count: int) -> torch.Tensor:
    """(count, T, ...) of one value (M, ...) a token; zeros where a comparison has no such token."""
    table = values.new_zeros(count, int(places.max()) + 1, *values.shape[1:])
    table[rows, places] = values
    return table
