"""Annotators' weights on the simplex, as free logits, and the optimiser that leaves those alone who said nothing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import torch

from bench.seeds import seed_for

BETAS = (0.9, 0.999)
EPSILON = 1e-8


def stream(role: str, seed: int, annotator: Hashable) -> np.random.Generator:
    """The random numbers of one annotator: who else there is, and in which order, changes none of them."""
    return np.random.default_rng(seed_for("pal", role, seed, str(annotator)))


def initial_logits(annotators: Sequence[Hashable], K: int, seed: int) -> torch.Tensor:
    """(N, K) float32, standard normal (released userLearner.py)."""
    drawn = [stream("weights", seed, annotator).standard_normal(K) for annotator in annotators]
    return torch.from_numpy(np.array(drawn)).float()


def simplex(logits: torch.Tensor) -> torch.Tensor:
    """w_i = softmax(W_i) (N, K)."""
    return torch.softmax(logits, dim=-1)


class RowAdam:
    """Adam on the rows of a matrix, each with moments and a count of steps of its own.

    What one optimiser over a parameter an annotator does, as released: who is not in a batch does not move.
    """

    def __init__(self, values: torch.Tensor, learning_rate: float) -> None:
        self.values = values
        self.learning_rate = learning_rate
        self.mean = torch.zeros_like(values)
        self.square = torch.zeros_like(values)
        self.steps = torch.zeros(len(values), 1, dtype=torch.float64, device=values.device)

    @torch.no_grad()
    def step(self, rows: torch.Tensor | slice, gradient: torch.Tensor) -> None:
        """Update `rows`, no row twice, by their `gradient` (rows, K)."""
        steps = self.steps[rows] + 1
        mean = torch.lerp(self.mean[rows], gradient, 1 - BETAS[0])
        square = self.square[rows] * BETAS[1] + (1 - BETAS[1]) * gradient**2
        self.steps[rows], self.mean[rows], self.square[rows] = steps, mean, square
        unbiased = mean / (1 - BETAS[0] ** steps).to(mean)  # in float64, as 0.999 is close to 1
        spread = (square / (1 - BETAS[1] ** steps).to(square)).sqrt() + EPSILON
        self.values[rows] -= self.learning_rate * unbiased / spread
