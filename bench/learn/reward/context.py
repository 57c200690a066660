"""A reward that depends on the context: which features count is read off what was asked.

    log-odds(y1 over y2 | c) = <theta + W c, x1 - x2>,   W = sum_k u_k v_k'  of low rank

Pitis, Xiao, Le Roux and Sordoni (2024, arXiv 2407.14916) condition a reward model on a context, r(c, x, y), so that the
preference between the same two answers may be reversed by another context. Theirs is a language model that is
finetuned on texts which state the context; here items and contexts are frozen features, and the bilinear form is ours,
the simplest in which a context reverses a preference. Their other step, predicting a context that nobody stated, is
left out: the prompt is the context.

What is minimised, by L-BFGS, is the sum of logistic losses plus ridge / 2 (||theta||^2 + sum_k ||u_k||^2 + ||v_k||^2).
The penalty of the factors is ridge times the nuclear norm of W. Contexts are centred and divided by the root of their
mean square length, so theta is the reward of an average context. Without prompts there is no W, and theta is a
Bradley-Terry model's with that ridge.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bench.learn.reward.for_everybody import RewardModelForEverybody
from bench.learn.reward.links import Logistic
from bench.learn.reward.personal.base import rowwise
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.model import differences
from bench.learn.reward.personal.ridge import RIDGE, RidgeBradleyTerry
from bench.learn.reward.validation import check_count, check_positive

Array = NDArray[np.float64]

START = 0.1  # length of the u_k and v_k that the descent starts from

_LINK = Logistic()


class ContextualBradleyTerry(RewardModelForEverybody):
    """The descent starts from the Bradley-Terry model and the leading singular vectors of the gradient by W there.

    Attributes: `theta_` (d,), `U_` (d, rank), `V_` (p, rank), rank 0 without prompts; `mean_` (p,) and `scale_` of
    contexts; `objective_`, `gradient_norm_`.
    """

    reads: ClassVar[str] = "items"
    reads_prompts = True

    def __init__(self, rank: int = 4, ridge: float = RIDGE, max_iter: int = 500) -> None:
        self.rank = rank
        self.ridge = ridge
        self.max_iter = max_iter

    def weights(self, prompts: Array) -> Array:
        """(n, d): theta + W c for prompts (n, p)."""
        inner = np.einsum("np,pk->nk", (prompts - self.mean_) / self.scale_, self.V_)
        return np.asarray(self.theta_ + np.einsum("nk,dk->nd", inner, self.U_))

    def _fit(self, known: Ordered) -> None:
        limit, rank = check_count("max_iter", self.max_iter), check_count("rank", self.rank)
        self.mean_ = known.prompts.mean(axis=0)
        centred = known.prompts - self.mean_
        length = float(np.sqrt((centred**2).sum(axis=1).mean()))
        self.scale_ = length if length > 0 else 1.0
        signed = known.signed
        alone = RidgeBradleyTerry(self.ridge, max_iter=limit).fit(signed, np.ones(len(signed)))
        rank = min(rank, centred.shape[1], signed.shape[1])
        problem = _Problem(signed, centred / self.scale_, rank, check_positive("ridge", self.ridge))
        options = {"maxiter": limit, "maxfun": 10 * limit, "gtol": 1e-6, "ftol": 1e-14}
        found = minimize(problem, problem.start(alone.coef_), jac=True, method="L-BFGS-B", options=options)
        self.theta_, self.U_, self.V_ = problem.parts(found.x)
        self.objective_, self.gradient_norm_ = float(found.fun), float(np.linalg.norm(found.jac))

    def _judge(self, items: Array, prompts: Array) -> Array:
        return rowwise(differences(items), self.weights(prompts))

    def _shared_parameters(self) -> dict[str, int]:
        return {"theta": self.theta_.size, "W": self.U_.size + self.V_.size}


class _Problem:
    """The objective above as a function of theta, U and V in one vector, with its gradient."""

    def __init__(self, signed: Array, contexts: Array, rank: int, ridge: float) -> None:
        self._signed, self._contexts, self._rank, self._ridge = signed, contexts, rank, ridge

    def start(self, theta: Array) -> Array:
        """Where the loss falls most steeply from W = 0."""
        slope = _LINK.slope(self._signed @ theta)
        left, _, right = np.linalg.svd(-(self._signed * slope[:, None]).T @ self._contexts, full_matrices=False)
        kept = self._rank
        return np.concatenate([theta, START * left[:, :kept].ravel(), START * right[:kept].T.ravel()])

    def parts(self, point: Array) -> tuple[Array, Array, Array]:
        """theta (d,), U (d, rank), V (p, rank)."""
        d, end = self._signed.shape[1], self._signed.shape[1] * (1 + self._rank)
        return point[:d], point[d:end].reshape(d, self._rank), point[end:].reshape(self._contexts.shape[1], self._rank)

    def __call__(self, point: Array) -> tuple[float, Array]:
        theta, U, V = self.parts(point)
        of_items, of_contexts = self._signed @ U, self._contexts @ V
        margins = self._signed @ theta + rowwise(of_items, of_contexts)
        slope = _LINK.slope(margins)
        by_theta = self._signed.T @ slope + self._ridge * theta
        by_U = self._signed.T @ (slope[:, None] * of_contexts) + self._ridge * U
        by_V = self._contexts.T @ (slope[:, None] * of_items) + self._ridge * V
        penalty = self._ridge / 2 * (point @ point)
        return float(_LINK.loss(margins).sum() + penalty), np.concatenate([by_theta, by_U.ravel(), by_V.ravel()])
