"""What one step on one prompt does: how much of it is signal, and how much lower it brings the prompt's loss.

A step of stochastic gradient descent takes one pair (i, j) of a prompt's responses, drawn with probability w_ij, and
buys one label, which is "i" with probability q_ij. Its DPO gradient is

    g = -beta (1 - p_ij)(grad_i - grad_j) after "i",   g = beta p_ij (grad_i - grad_j) after "j",

grad_i = grad log pi(y_i|x), whose mean over pairs and labels is the gradient of the soft loss (`bound`). All moments
follow exactly from the inner products of the k gradients: nothing is sampled. Matrices are (k, k) as in `bound`.

The longer version of the PVar paper (ICLR 2026 submission axQgyubT4X) says, in words that we know, that preference
variance governs the signal-to-noise ratio of updates and their directional descent; its definitions are not known to
us, and these are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.learn.policy.completions import Completions
from bench.learn.policy.prompt_gradients import combined_gradient, inner_products
from bench.select.bound import checked, gradient_coefficients, gradient_norm

ROUNDING = 1e-12  # of E |g|^2: less noise than this is none


@dataclass(frozen=True)
class Update:
    """The gradient g of a random pair with a bought label."""

    signal: float  # |E g|
    noise: float  # sqrt(E |g - E g|^2)
    length: float  # E |g|, the "expected gradient length" of Settles, Craven and Ray (2008)

    @property
    def ratio(self) -> float:
        """Signal to noise; 0 where there is no signal, infinite where all pairs and labels give one gradient."""
        if self.signal == 0:
            return 0.0
        return self.signal / self.noise if self.noise else float("inf")


def update(gram: ArrayLike, p: ArrayLike, q: ArrayLike, weights: ArrayLike, beta: float) -> Update:
    """Moments of g, from the inner products `gram` (k, k) of the gradients of log pi(y_i|x).

    Raises UserError for what is no probability or no distribution of pairs.
    """
    p, q, w = checked(weights, p=p, q=q)
    K = np.asarray(gram, dtype=float)
    signal = gradient_norm(K, gradient_coefficients(p, q, w, beta))
    squared = np.maximum(np.diag(K)[:, None] + np.diag(K)[None, :] - 2 * K, 0.0)  # |grad_i - grad_j|^2
    second = beta**2 * float((w * (q * (1 - p) ** 2 + (1 - q) * p**2) * squared).sum())  # E |g|^2
    length = beta * float((w * (q * (1 - p) + (1 - q) * p) * np.sqrt(squared)).sum())
    variance = second - signal**2
    return Update(signal, float(np.sqrt(variance)) if variance > ROUNDING * second else 0.0, length)


def own_descent(gram: ArrayLike, p: ArrayLike, q: ArrayLike, weights: ArrayLike, beta: float) -> float:
    """How fast the prompt's soft loss falls along its own gradient: L(theta - eta grad L) = L - eta |grad L|^2 + ...

    The first-order decrease a unit of learning rate eta.
    """
    return gradient_norm(gram, gradient_coefficients(p, q, weights, beta)) ** 2


def shared_descent(
    policy: Any, groups: Sequence[Completions], coefficients: Sequence[NDArray[np.floating]]
) -> NDArray[np.float64]:
    """(n,): how fast each prompt's soft loss falls along the mean gradient of all: <grad L_x, mean of grad L>.

    `coefficients` are `bound.gradient_coefficients` of every prompt; negative is a prompt whose loss the others raise.
    Two passes over the groups. Raises UserError as `gram_matrices` does.
    """
    mean = combined_gradient(policy, groups, [values / len(groups) for values in coefficients])
    along = inner_products(policy, groups, mean)
    return np.array([values @ products for values, products in zip(coefficients, along, strict=True)])
