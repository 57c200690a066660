"""Linear reward models with scikit-learn's interface: Bradley-Terry and Thurstone, maximum likelihood and l1.

The model: P(label = +1) = F(<coef, difference> / sigma), fitted over the ball ||coef||_2 <= radius of Yao, He and
Gastpar (ICML 2025), where the truth has unit norm. `link="logistic"` is Bradley-Terry, `link="probit"` is Thurstone.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from bench.learn.reward.loss import PreferenceLoss
from bench.learn.reward.solver import MAX_ITER, TOLERANCE, NotConverged, Solution, minimise
from bench.learn.reward.subset import best_subset
from bench.learn.reward.validation import (
    check_beta,
    check_count,
    check_differences,
    check_labels,
    check_link,
    check_positive,
    check_radius,
)

Array = NDArray[np.float64]


class LinearRewardModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """What the linear reward models share: prediction, and the attributes that a fit leaves.

    Attributes after `fit`, which takes `differences` (n, d), features of the first item minus those of the second, and
    `labels` (n,), +1 where the first item was preferred and -1 where the second was:

    - `coef_` (d,): the reward vector; zeros are exact.
    - `objective_`: average negative log-likelihood, plus the penalty where there is one.
    - `optimality_gap_`: a proven upper bound on how far `objective_` is above the minimum.
    - `converged_`: whether that bound is at most `tol`; otherwise `fit` warns `NotConverged`.
    - `n_iter_`: Newton steps taken. - `n_features_in_`: d. - `classes_`: (-1, +1).
    """

    sigma: float
    radius: float | None
    link: str
    tol: float
    max_iter: int

    def decision_function(self, differences: ArrayLike) -> Array:
        """The reward differences <coef, difference>, shape (n,)."""
        check_is_fitted(self)
        rewards: Array = check_differences(differences, self.n_features_in_) @ self.coef_
        return rewards

    def predict(self, differences: ArrayLike) -> Array:
        """+1 where the first item has the larger or the same reward, else -1; shape (n,)."""
        return np.where(self.decision_function(differences) >= 0, 1.0, -1.0)

    def predict_proba(self, differences: ArrayLike) -> Array:
        """P(label = -1) and P(label = +1), shape (n, 2), in the order of `classes_`."""
        margins = self.decision_function(differences) / check_positive("sigma", self.sigma)
        link = check_link(self.link)
        return np.column_stack([link.probability(-margins), link.probability(margins)])

    def _loss(self, differences: ArrayLike, labels: ArrayLike) -> PreferenceLoss:
        """The checked data-fit term."""
        sigma = check_positive("sigma", self.sigma)
        X = check_differences(differences)
        return PreferenceLoss(X, check_labels(labels, len(X)) / sigma, check_link(self.link))

    def _minimise(self, differences: ArrayLike, labels: ArrayLike, beta: float) -> Self:
        radius = check_radius(self.radius, needs_ball=beta == 0)
        loss = self._loss(differences, labels)
        tol, max_iter = check_positive("tol", self.tol), check_count("max_iter", self.max_iter)
        return self._store(minimise(loss, beta, radius, tol, max_iter))

    def _store(self, solution: Solution) -> Self:
        self.coef_ = solution.theta
        self.objective_ = solution.objective
        self.optimality_gap_ = solution.gap
        self.n_iter_ = solution.iterations
        self.converged_ = solution.converged
        self.n_features_in_ = len(solution.theta)
        self.classes_ = np.array([-1.0, 1.0])
        if not solution.converged:
            warnings.warn(
                f"{type(self).__name__} stopped after {solution.iterations} Newton steps with an optimality gap of "
                f"{solution.gap:.1e} above tol={self.tol:g}; raise max_iter, or tol if such a gap is good enough",
                NotConverged,
                stacklevel=3,
            )
        return self

    def __sklearn_tags__(self) -> Any:
        """Binary labels only."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


class BradleyTerry(LinearRewardModel):
    """The maximum-likelihood estimate over the ball ||coef||_2 <= radius.

    `radius` must be finite: without a ball the estimate of separable data does not exist.
    """

    def __init__(
        self,
        sigma: float = 1.0,
        radius: float = 1.0,
        link: str = "logistic",
        tol: float = TOLERANCE,
        max_iter: int = MAX_ITER,
    ) -> None:
        self.sigma = sigma
        self.radius = radius
        self.link = link
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, differences: ArrayLike, labels: ArrayLike) -> Self:
        """Fit to `differences` (n, d) and `labels` (n,) in {-1, +1}; bad input raises InvalidInputError."""
        return self._minimise(differences, labels, 0.0)


class L1BradleyTerry(LinearRewardModel):
    """The l1-regularised estimate: minimise the average negative log-likelihood plus beta ||coef||_1 over the ball.

    `radius=None` removes the ball.
    """

    def __init__(
        self,
        beta: float,
        sigma: float = 1.0,
        radius: float | None = 1.0,
        link: str = "logistic",
        tol: float = TOLERANCE,
        max_iter: int = MAX_ITER,
    ) -> None:
        self.beta = beta
        self.sigma = sigma
        self.radius = radius
        self.link = link
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, differences: ArrayLike, labels: ArrayLike) -> Self:
        """Fit to `differences` (n, d) and `labels` (n,) in {-1, +1}; bad input raises InvalidInputError."""
        return self._minimise(differences, labels, check_beta(self.beta))


class L0BradleyTerry(LinearRewardModel):
    """The best k-sparse estimate that single swaps can reach: at most k non-zero coefficients, over the ball.

    `optimality_gap_` certifies the coefficients on the chosen support. `global_gap_` bounds, for certain but often
    loosely, how far `objective_` is above the best over all supports; `bench.learn.reward.subset` has the algorithm.
    """

    def __init__(
        self,
        k: int,
        sigma: float = 1.0,
        radius: float = 1.0,
        link: str = "logistic",
        tol: float = TOLERANCE,
        max_iter: int = MAX_ITER,
    ) -> None:
        self.k = k
        self.sigma = sigma
        self.radius = radius
        self.link = link
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, differences: ArrayLike, labels: ArrayLike) -> Self:
        """Fit to `differences` (n, d), k <= d, and `labels` (n,) in {-1, +1}; bad input raises InvalidInputError."""
        loss = self._loss(differences, labels)
        k = check_count("k", self.k, most=loss.d)
        radius = check_radius(self.radius, needs_ball=True)
        tol, max_iter = check_positive("tol", self.tol), check_count("max_iter", self.max_iter)
        solution = best_subset(loss, k, radius, tol, max_iter)
        self.global_gap_ = solution.global_gap
        return self._store(replace(solution.restricted, theta=solution.theta, iterations=solution.iterations))
