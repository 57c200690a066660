"""How large the DPO gradient of a prompt can be, by its preference variance: a bound that is certain.

One prompt has k responses; a pair (i, j) of them is drawn with probability w_ij, q_ij is the label (the probability
that i is preferred) and p_ij = sigma(beta (h_i - h_j)), h = log pi/pi_ref, what the policy says. The loss is
L = -E[q log p + (1 - q) log(1 - p)], the pairs held fixed under differentiation as in offline DPO, so that

    grad L = -beta E[(q_ij - p_ij)(grad log pi(y_i) - grad log pi(y_j))],
    |grad L| <= 2 beta G sqrt(E[(q - p)^2]) <= 2 beta G (sqrt(PVar_theta) + sqrt(PVar_label)),

with G = max_i |grad log pi(y_i)|, PVar_theta = E[(p - 1/2)^2] and PVar_label = E[(q - 1/2)^2]. This is derived here
and tested: Guo et al. 2025 (arXiv 2510.13022) state a bound by the preference variance of which we know neither the
exponent nor the constants.

By PVar_theta alone there is no such bound where labels come from outside: where the policy is its reference, PVar_theta
is 0 and the gradient is not. At the start of DPO it is the variance of the labels that bounds the gradient.

Everywhere, `p`, `q` and `weights` are (k, k), entry (i, j) about the pair (i, j), its diagonal of no weight.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from bench.errors import UserError

Matrix = NDArray[np.float64]  # (k, k)


def preferences(rewards: ArrayLike) -> Matrix:
    """(k, k): sigma(r_i - r_j), Bradley-Terry, of rewards (k,); of beta log pi/pi_ref, what the policy prefers."""
    values = np.asarray(rewards, dtype=float)
    return np.asarray(expit(values[:, None] - values[None, :]))


def check_beta(beta: float) -> None:
    """Raise UserError unless `beta` is a positive number."""
    if not (math.isfinite(beta) and beta > 0):
        raise UserError(f"beta must be a number > 0, got {beta}")


def all_pairs(k: int) -> Matrix:
    """(k, k) weights of every ordered pair alike: 1 / (k (k - 1)), none of a response with itself.

    Raises UserError for fewer than two responses.
    """
    if k < 2:
        raise UserError(f"a preference is between 2 responses, and there are {k}; sample at least 2")
    return (1 - np.eye(k)) / (k * (k - 1))


def variance(p: ArrayLike, weights: ArrayLike) -> float:
    """E[(p - 1/2)^2]: PVar_theta of what a policy says, PVar_label of labels; 0 to 1/4.

    Of `preferences(r)` and `all_pairs(k)`, it is the unbiased `pvar.preference_variance` of the rewards r.
    """
    p, weights = checked(weights, p=p)
    return float((weights * (p - 0.5) ** 2).sum())


def gradient_coefficients(p: ArrayLike, q: ArrayLike, weights: ArrayLike, beta: float) -> NDArray[np.float64]:
    """(k,): c with grad L = sum_i c_i grad log pi(y_i); they add up to 0."""
    p, q, weights = checked(weights, p=p, q=q)
    pull = weights * (q - p)
    return np.asarray(beta * (pull.sum(0) - pull.sum(1)))


def gradient_norm(gram: ArrayLike, coefficients: ArrayLike) -> float:
    """|sum_i c_i grad log pi(y_i)| from the gradients' inner products (k, k) (`learn.policy.prompt_gradients`)."""
    c = np.asarray(coefficients, dtype=float)
    return float(np.sqrt(max(c @ np.asarray(gram, dtype=float) @ c, 0.0)))  # rounding may take a zero below it


def largest_gradient(gram: ArrayLike) -> float:
    """G = max_i |grad log pi(y_i)|, from the gradients' inner products (k, k)."""
    return float(np.sqrt(np.diag(np.asarray(gram, dtype=float)).max()))


def residual_bound(p: ArrayLike, q: ArrayLike, weights: ArrayLike, beta: float, largest: float) -> float:
    """2 beta G sqrt(E[(q - p)^2]): the tighter of the two in the module's chain; `largest` is G."""
    p, q, weights = checked(weights, p=p, q=q)
    return float(2 * beta * largest * np.sqrt((weights * (q - p) ** 2).sum()))


def bound(p: ArrayLike, q: ArrayLike, weights: ArrayLike, beta: float, largest: float) -> float:
    """2 beta G (sqrt(PVar_theta) + sqrt(PVar_label)); `largest` is G."""
    both = variance(p, weights), variance(q, weights)
    return float(2 * beta * largest * np.sqrt(both).sum())


def cube_root_bound(p: ArrayLike, q: ArrayLike, weights: ArrayLike, beta: float, largest: float) -> float:
    """3 beta G (cbrt(PVar_theta) + cbrt(PVar_label)): weaker, as sqrt(v) <= 4^(-1/6) cbrt(v) for v <= 1/4."""
    both = variance(p, weights), variance(q, weights)
    return float(3 * beta * largest * np.cbrt(both).sum())


def checked(weights: ArrayLike, **probabilities: ArrayLike) -> list[Matrix]:
    """All as (k, k) arrays, `weights` last. Raises UserError for what is no probability or no distribution of pairs."""
    w = np.asarray(weights, dtype=float)
    if w.ndim != 2 or w.shape[0] != w.shape[1] or not (w >= 0).all() or not np.isclose(w.sum(), 1) or np.diag(w).any():
        raise UserError(
            "weights must be (k, k), not negative, 0 on the diagonal, and add up to 1 (all_pairs makes such)"
        )
    found = []
    for name, given in probabilities.items():
        values = np.asarray(given, dtype=float)
        if values.shape != w.shape or not ((values >= 0) & (values <= 1)).all():
            raise UserError(
                f"{name} must be probabilities of shape {w.shape}, as weights are; got shape {values.shape}"
            )
        found.append(values)
    return [*found, w]
