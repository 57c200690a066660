"""What the two networks among the baselines share: standardised inputs, a small perceptron, seeded training.

In float64, on the CPU: results then depend on which rows share a batch by the last bits at most, and networks of this
size gain little from less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.float64]

WEIGHT_DECAY = 0.01


class Standardiser:
    """Features to mean 0 and standard deviation 1 over the items of a fit; a prompt's features follow its items'."""

    def __init__(self, items: Array, prompts: Array) -> None:
        both = self._joined(items, prompts)
        flat = both.reshape(-1, both.shape[2])
        self._mean = flat.mean(axis=0)
        spread = flat.std(axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)

    def __call__(self, items: Array, prompts: Array) -> Tensor:
        """(n, 2, d + p)."""
        return torch.from_numpy((self._joined(items, prompts) - self._mean) / self._spread)

    def _joined(self, items: Array, prompts: Array) -> Array:
        asked = np.broadcast_to(prompts[:, None], (len(items), 2, prompts.shape[1]))
        return np.concatenate([items, asked], axis=2)


def perceptron(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers of these widths with GELU between them."""
    layers: list[nn.Module] = []
    for inner, outer in pairwise(widths):
        layers += [nn.Linear(inner, outer, dtype=torch.float64), nn.GELU()]
    return nn.Sequential(*layers[:-1])


def margins(reward: nn.Module, pairs: Tensor, persons: Tensor) -> Tensor:
    """(n,): reward of the first less that of the second of `pairs` (n, 2, f), for `persons` (n, q)."""
    both = torch.cat([pairs, persons[:, None].expand(-1, 2, -1)], dim=2)
    rewards: Tensor = reward(both)[:, :, 0]
    return rewards[:, 0] - rewards[:, 1]


def parameter_count(module: nn.Module) -> int:
    """How many numbers it has."""
    return sum(parameter.numel() for parameter in module.parameters())


@contextmanager
def drawn_from(seed: int) -> Iterator[torch.Generator]:
    """Layers made inside have weights of this seed, and so has the generator; torch's own stream stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)


def descend(
    networks: Sequence[nn.Module],
    others: Sequence[nn.Parameter],
    losses: Iterator[Callable[[], Tensor]],
    steps: int,
    rate: float,
) -> None:
    """AdamW on one loss after another, the learning rate falling linearly to zero; the networks' matrices decay."""
    weights = [parameter for network in networks for parameter in network.parameters()]
    groups = [
        {"params": [p for p in weights if p.ndim >= 2], "weight_decay": WEIGHT_DECAY},
        {"params": [*(p for p in weights if p.ndim < 2), *others], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate)
    for step, loss in zip(range(steps), losses, strict=False):
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 - step / steps)
        optimizer.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
