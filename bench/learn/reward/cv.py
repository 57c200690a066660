"""The l1 estimate with beta chosen by cross-validation."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.learn.reward.estimators import LinearRewardModel
from bench.learn.reward.loss import PreferenceLoss
from bench.learn.reward.path import RATIO, beta_grid, check_betas, solve_path, warn_missed
from bench.learn.reward.solver import MAX_ITER, TOLERANCE, minimise
from bench.learn.reward.validation import InvalidInputError, check_count, check_positive, check_radius

Array = NDArray[np.float64]


class L1BradleyTerryCV(LinearRewardModel):
    """`L1BradleyTerry` at the beta of a grid with the smallest held-out log loss, refitted on all comparisons.

    Folds are drawn from `seed`; comparisons of one group (a prompt, an annotator) stay in one fold. Attributes besides
    those of every linear reward model: `beta_`, `betas_` (n_betas,) descending, and `scores_` (n_betas, folds), the
    average held-out log loss.
    """

    def __init__(
        self,
        betas: ArrayLike | None = None,
        n_betas: int = 20,
        folds: int = 5,
        sigma: float = 1.0,
        radius: float | None = 1.0,
        link: str = "logistic",
        tol: float = TOLERANCE,
        max_iter: int = MAX_ITER,
        seed: int = 0,
    ) -> None:
        self.betas = betas
        self.n_betas = n_betas
        self.folds = folds
        self.sigma = sigma
        self.radius = radius
        self.link = link
        self.tol = tol
        self.max_iter = max_iter
        self.seed = seed

    def fit(self, differences: ArrayLike, labels: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Fit to `differences` (n, d), `labels` (n,) in {-1, +1} and, where given, `groups` (n,), any hashable ids.

        Raises InvalidInputError for bad input, as where there are fewer comparisons or groups than folds.
        """
        loss = self._loss(differences, labels)
        betas = beta_grid(loss, self.n_betas, RATIO) if self.betas is None else check_betas(self.betas)
        radius = check_radius(self.radius, needs_ball=bool(betas[-1] == 0))
        tol, max_iter = check_positive("tol", self.tol), check_count("max_iter", self.max_iter)
        fold = assign_folds(loss.n, check_count("folds", self.folds), groups, self.seed)
        scores = np.empty((len(betas), self.folds))
        for held_out in range(self.folds):
            path = solve_path(_rows(loss, fold != held_out), betas, radius, tol, max_iter)
            warn_missed(path, f"L1BradleyTerryCV, fold {held_out}", tol)
            test = _rows(loss, fold == held_out)
            scores[:, held_out] = [test.value(test.margins(coef)) for coef in path.coefs]
        self.betas_ = betas
        self.scores_ = scores
        self.beta_ = float(betas[int(np.argmin(scores.mean(axis=1)))])
        return self._store(minimise(loss, self.beta_, radius, tol, max_iter))


def assign_folds(n: int, folds: int, groups: ArrayLike | None, seed: int) -> NDArray[np.intp]:
    """The fold of each comparison, shape (n,): groups are shuffled, then dealt to the fold with the fewest so far."""
    ids = np.arange(n) if groups is None else np.asarray(groups)
    if ids.shape != (n,):
        raise InvalidInputError(f"groups must have shape ({n},), one per row of differences, got {ids.shape}")
    _, group, sizes = np.unique(ids, return_inverse=True, return_counts=True)
    if not 2 <= folds <= len(sizes):
        kind = "comparisons" if groups is None else "groups"
        raise InvalidInputError(f"folds must lie between 2 and the number of {kind}, {len(sizes)}, got {folds}")
    fold_of_group = np.empty(len(sizes), dtype=np.intp)
    filled = np.zeros(folds, dtype=np.intp)
    for member in np.random.default_rng(seed).permutation(len(sizes)):
        fold_of_group[member] = np.argmin(filled)
        filled[fold_of_group[member]] += sizes[member]
    return fold_of_group[group]


def _rows(loss: PreferenceLoss, chosen: NDArray[np.bool_]) -> PreferenceLoss:
    return PreferenceLoss(loss.differences[chosen], loss.scale[chosen], loss.link)
