"""The general preference model, GPM: preferences that may run in circles.

Zhang, Zhang, Wu, Xu and Gu (2024, arXiv 2410.02197): a response is a vector v of 2k numbers, and

    log-odds(y1 over y2) = <R v1, v2> = sum_l lambda_l (v1[2l] v2[2l+1] - v1[2l+1] v2[2l]),

R being block-diagonal with k rotations by 90 degrees, lambda_l the scale of the l-th. The score is skew-symmetric
whatever v is, every real skew-symmetric matrix of scores has such vectors (k is half its rank), and m responses need m
embeddings, not m (m - 1) / 2 comparisons. A reward model of Bradley and Terry is k = 1 and v = (r(y), 1).

The paper's v is a head on a language model that is trained with it. Here features x are frozen, and the head is linear:
v = A phi, phi = ((x - mean) / scale, 1), with the scale that gives the centred items of the fit a mean square length of
1. What is minimised, by L-BFGS, is

    sum_i log(1 + exp(-<R v1_i, v2_i>)) + ridge sqrt(n) / 2 (||A||^2 + ||W||^2).

Scales depend on the prompt as in the authors' released code, lambda = k softmax(W c), without its division by the root
of the width; without prompts all are 1. That code normalises v or not and divides the score by a temperature; the norm
of A does that here. The ridge is ours: on A it is a nuclear norm of the skew-symmetric matrix of phi's scores. It has
to be above what noise adds to the gradient by that matrix, which grows with the root of n; so one ridge serves for any.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import softmax

from bench.learn.reward.for_everybody import RewardModelForEverybody
from bench.learn.reward.links import Logistic
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.validation import check_count, check_positive

Array = NDArray[np.float64]

START = 0.1  # length of the rows of A that the descent starts from
ROUNDING = 1e-7  # of a row's length relative to the longest, below which it is taken for zero

_LINK = Logistic()


class GeneralPreferenceModel(RewardModelForEverybody):
    """Reads prompts where it is given them.

    The descent starts at the leading eigenvectors of the gradient by the matrix of phi's scores, at zero, without a
    draw. With 2k at least the number of features plus one, no local minimum is worse than the global one;
    with fewer some may be. A ridge sqrt(n) above that gradient's norm makes every score zero.
    Attributes: `A_` (2k, d + 1), `W_` (k, p), `mean_` (d,), `scale_`, `objective_`, `gradient_norm_`.
    """

    reads: ClassVar[str] = "items"
    reads_prompts = True

    def __init__(self, blocks: int = 4, ridge: float = 0.1, max_iter: int = 500) -> None:
        self.blocks = blocks
        self.ridge = ridge
        self.max_iter = max_iter

    def embed(self, items: Array) -> Array:
        """(..., 2k): the vectors v of items (..., d)."""
        return np.asarray(np.einsum("...f,kf->...k", self._features(items), self.A_))

    def _fit(self, known: Ordered) -> None:
        self.mean_ = known.items.mean(axis=(0, 1))
        length = float(np.sqrt(((known.items - self.mean_) ** 2).sum(axis=2).mean()))
        self.scale_ = length if length > 0 else 1.0
        problem = _Problem(
            self._features(known.items),
            known.prompts,
            check_count("blocks", self.blocks),
            check_positive("ridge", self.ridge) * np.sqrt(len(known.places)),
        )
        limit = check_count("max_iter", self.max_iter)
        options = {"maxiter": limit, "maxfun": 10 * limit, "gtol": 1e-6, "ftol": 1e-14}
        found = minimize(problem, problem.start(), jac=True, method="L-BFGS-B", options=options)
        self.A_, self.W_ = problem.parts(found.x)
        self.objective_, self.gradient_norm_ = float(found.fun), float(np.linalg.norm(found.jac))

    def _judge(self, items: Array, prompts: Array) -> Array:
        vectors = self.embed(items)
        return scores(vectors[:, 0], vectors[:, 1], scales(prompts, self.W_))

    def _features(self, items: Array) -> Array:
        constant = np.ones((*items.shape[:-1], 1))
        return np.concatenate([(items - self.mean_) / self.scale_, constant], axis=-1)

    def _shared_parameters(self) -> dict[str, int]:
        return {"A": self.A_.size, "W": self.W_.size}


def scores(first: Array, second: Array, scale: Array | float = 1.0) -> Array:
    """(...,): <R v1, v2> of vectors (..., 2k), with `scale` (..., k). Swapped, the sign alone changes."""
    blocks = first[..., 0::2] * second[..., 1::2] - first[..., 1::2] * second[..., 0::2]
    return np.asarray((scale * blocks).sum(axis=-1))


def scales(prompts: Array, W: Array) -> Array:
    """(n, k): k softmax(W c) of prompts (n, p); 1 where p is 0."""
    return np.asarray(len(W) * softmax(np.einsum("np,kp->nk", prompts, W), axis=1))


def embedding(matrix: Array, blocks: int) -> Array:
    """(m, 2k): vectors whose scores are the closest to a skew-symmetric matrix (m, m), by squares, with k blocks.

    The scores are the matrix itself where its rank is at most 2k (the paper's theorem on expressiveness). The
    eigenvalues of i M come in pairs +-sigma, and M = sum_l 2 sigma_l (q_l p_l' - p_l q_l') for eigenvectors p + i q.
    """
    values, vectors = np.linalg.eigh(1j * matrix)
    leading = np.argsort(-values, kind="stable")[:blocks]
    lengths = np.sqrt(2 * np.maximum(values[leading], 0.0))
    found = np.zeros((len(matrix), 2 * blocks))
    found[:, 0 : 2 * len(leading) : 2] = vectors[:, leading].imag * lengths
    found[:, 1 : 2 * len(leading) : 2] = vectors[:, leading].real * lengths
    return found


class _Problem:
    """The objective above as a function of A and W in one vector, with its gradient.

    `features` are (n, 2, f); `ridge` is the penalty's factor, the root of n in it.
    """

    def __init__(self, features: Array, prompts: Array, blocks: int, ridge: float) -> None:
        self._first, self._second = features[:, 0], features[:, 1]
        self._prompts, self._blocks, self._ridge = prompts, blocks, ridge

    def start(self) -> Array:
        """Where the loss falls most steeply from A = 0; W = 0."""
        steepest = self._first.T @ self._second
        A = embedding(steepest - steepest.T, self._blocks).T
        lengths = np.linalg.norm(A, axis=1, keepdims=True)
        A = START * np.divide(A, lengths, out=np.zeros_like(A), where=lengths > ROUNDING * lengths.max(initial=0.0))
        return np.concatenate([A.ravel(), np.zeros(self._blocks * self._prompts.shape[1])])

    def parts(self, point: Array) -> tuple[Array, Array]:
        """A (2k, f), W (k, p)."""
        end = 2 * self._blocks * self._first.shape[1]
        return point[:end].reshape(2 * self._blocks, -1), point[end:].reshape(self._blocks, self._prompts.shape[1])

    def __call__(self, point: Array) -> tuple[float, Array]:
        A, W = self.parts(point)
        first, second, scale = self._first @ A.T, self._second @ A.T, scales(self._prompts, W)
        blocks = first[:, 0::2] * second[:, 1::2] - first[:, 1::2] * second[:, 0::2]
        margins = (scale * blocks).sum(axis=1)
        slope = _LINK.slope(margins)[:, None]
        by_first, by_second = np.empty_like(first), np.empty_like(second)
        by_first[:, 0::2], by_first[:, 1::2] = slope * scale * second[:, 1::2], -slope * scale * second[:, 0::2]
        by_second[:, 1::2], by_second[:, 0::2] = slope * scale * first[:, 0::2], -slope * scale * first[:, 1::2]
        by_A = by_first.T @ self._first + by_second.T @ self._second + self._ridge * A
        by_gate = slope * scale * (blocks - margins[:, None] / self._blocks)
        by_W = by_gate.T @ self._prompts + self._ridge * W
        penalty = self._ridge / 2 * ((A**2).sum() + (W**2).sum())
        return float(_LINK.loss(margins).sum() + penalty), np.concatenate([by_A.ravel(), by_W.ravel()])
