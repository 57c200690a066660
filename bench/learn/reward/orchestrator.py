"""Preference orchestrator, PRO: several reward models, and weights that the prompt decides.

Liu, Xu, Yang and Geng (2025, arXiv 2511.10656). Of the paper: K reward models r_k are there, each is normalised, and an
adapter w(c) = softmax(.) of the prompt c learns how much each counts there. Its targets come from preferred responses
alone: where a model likes what was preferred, it counts,

    w* = softmax(r_1(y_w), ..., r_K(y_w)),   minimise the mean of KL(w* || w(c)),   r(c, y) = sum_k w_k(c) r_k(y).

Ours: where the models come from. The paper has one for each objective, made beforehand; here only comparisons are
there, so prompts are put in K clusters (k-means), and r_k is a ridge Bradley-Terry model of the comparisons of cluster
k. The adapter is linear with ridge / 2 ||map||^2 on the sum of losses, which is convex, where the paper's is a small
network on a language model. Normalising is to mean 0 and variance 1 over all items of the fit, and log-odds are
tau (r(c, y1) - r(c, y2)) with tau by maximum a posteriori. How the paper normalises, and at what temperature, could not
be verified. Without prompts there is one cluster, hence one Bradley-Terry model.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.cluster import KMeans

from bench.learn.reward.for_everybody import RewardModelForEverybody
from bench.learn.reward.personal.base import rowwise
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.model import differences
from bench.learn.reward.personal.ridge import RIDGE, RidgeBradleyTerry
from bench.learn.reward.validation import check_count, check_positive
from bench.seeds import seed_for

Array = NDArray[np.float64]

SEEDS = 2**32  # scikit-learn's are smaller


class PreferenceOrchestrator(RewardModelForEverybody):
    """Attributes: `thetas_` (K, d), the normalised rewards' weights; `map_` (K, p + 1), the adapter, its constant last;
    `tau_`. K is at most the number of different prompts.
    """

    reads: ClassVar[str] = "items"
    reads_prompts = True

    def __init__(
        self,
        models: int = 4,
        ridge: float = RIDGE,
        adapter_ridge: float = 1.0,
        temperature: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.models = models
        self.ridge = ridge
        self.adapter_ridge = adapter_ridge
        self.temperature = temperature
        self.seed = seed

    def weights(self, prompts: Array) -> Array:
        """(n, K): w(c) of prompts (n, p)."""
        return np.asarray(softmax(np.einsum("np,kp->nk", self._contexts(prompts), self.map_), axis=1))

    def _fit(self, known: Ordered) -> None:
        self.mean_ = known.prompts.mean(axis=0)
        length = float(np.sqrt(((known.prompts - self.mean_) ** 2).sum(axis=1).mean()))
        self.scale_ = length if length > 0 else 1.0
        clusters = _clusters(known.prompts, check_count("models", self.models), self.seed)
        self.thetas_, offsets = _normalised(known, clusters, self.ridge)
        liked = known.items[:, 0] @ self.thetas_.T - offsets
        targets = softmax(liked / check_positive("temperature", self.temperature), axis=1)
        ridge = check_positive("adapter_ridge", self.adapter_ridge)
        self.map_ = adapter(self._contexts(known.prompts), targets, ridge)
        self.tau_ = 1.0
        margins = self._judge(known.items, known.prompts)[:, None]
        self.tau_ = float(RidgeBradleyTerry().fit(margins, np.ones(len(margins))).coef_[0])

    def _judge(self, items: Array, prompts: Array) -> Array:
        by_model = np.einsum("nd,kd->nk", differences(items), self.thetas_)
        return self.tau_ * rowwise(by_model, self.weights(prompts))

    def _contexts(self, prompts: Array) -> Array:
        return np.column_stack([(prompts - self.mean_) / self.scale_, np.ones(len(prompts))])

    def _shared_parameters(self) -> dict[str, int]:
        return {"rewards": self.thetas_.size, "adapter": self.map_.size, "tau": 1}


def adapter(contexts: Array, targets: Array, ridge: float) -> Array:
    """(K, p): the linear map A that minimises sum_i KL(targets_i || softmax(A c_i)) + ridge / 2 ||A||^2.

    `contexts` (n, p) end with a constant, which is penalised too: the softmax knows K - 1 of its weights only.
    """
    shape = targets.shape[1], contexts.shape[1]

    def objective(point: Array) -> tuple[float, Array]:
        scores = contexts @ point.reshape(shape).T
        gradient = (softmax(scores, axis=1) - targets).T @ contexts + ridge * point.reshape(shape)
        value = -(targets * log_softmax(scores, axis=1)).sum() + ridge / 2 * (point @ point)
        return float(value), gradient.ravel()

    options = {"maxiter": 1000, "maxfun": 10000, "gtol": 1e-8, "ftol": 1e-14}
    return np.asarray(
        minimize(objective, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options).x.reshape(shape)
    )


def _clusters(prompts: Array, count: int, seed: int) -> NDArray[np.int64]:
    """(n,): the cluster of each prompt, numbered from 0 without a gap."""
    different = len(np.unique(prompts, axis=0)) if prompts.shape[1] else 1
    if min(count, different) == 1:
        return np.zeros(len(prompts), dtype=np.int64)
    means = KMeans(min(count, different), n_init=5, random_state=seed_for("orchestrator", seed) % SEEDS)
    return np.unique(means.fit_predict(prompts), return_inverse=True)[1]


def _normalised(known: Ordered, clusters: NDArray[np.int64], ridge: float) -> tuple[Array, Array]:
    """Weights (K, d) of the clusters' models, whose rewards of all items less offsets (K,) have mean 0, variance 1."""
    signed, items = known.signed, known.items.reshape(-1, known.items.shape[2])
    thetas = []
    for cluster in range(clusters.max() + 1):
        here = signed[clusters == cluster]
        theta = RidgeBradleyTerry(ridge).fit(here, np.ones(len(here))).coef_
        spread = float((items @ theta).std())
        thetas.append(theta / spread if spread > 0 else theta)
    return np.array(thetas), np.array([float((items @ theta).mean()) for theta in thetas])
