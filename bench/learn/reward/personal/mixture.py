"""Groups of annotators who agree: a mixture of K Bradley-Terry models, by expectation maximisation.

    P(labels of u) = sum_k pi_k prod_(i of u) F(<theta_k, x_i>),   x_i: preferred item less the other

Every annotator belongs to one group, and q_u is what their labels say of which (the soft assignments of Park, Liu,
Kwon and Ozdaglar 2024 and of MaxMin-RLHF, Chakraborty et al. 2024). What EM raises with every step is the posterior,

    sum_u log P(labels of u) - ridge / 2 sum_k ||theta_k||^2 + sum_k log pi_k,

the last term (one annotator more in each group) keeping groups from dying. Restarts begin with groups drawn at random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from bench.learn.reward.links import Logistic
from bench.learn.reward.personal.base import ProfiledRewardModel
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.model import differences
from bench.learn.reward.personal.ridge import RIDGE, fit_weighted
from bench.learn.reward.validation import check_count, check_positive
from bench.seeds import seed_for

Array = NDArray[np.float64]

_LINK = Logistic()


class BradleyTerryMixture(ProfiledRewardModel):
    """A profile is q_u, the probability (K,) of each group; the average one is pi.

    A prediction is the log-odds of the mixture of the groups' predictions, sum_k q_uk F(<theta_k, x>). `adapt` is one
    E step. Attributes: `thetas_` (K, d), `shares_` (K,), and `objectives_`, what EM raises, after every step of the
    best start.
    """

    def __init__(
        self,
        n_groups: int = 2,
        ridge: float = RIDGE,
        restarts: int = 5,
        seed: int = 0,
        tol: float = 1e-8,
        max_iter: int = 200,
    ) -> None:
        self.n_groups = n_groups
        self.ridge = ridge
        self.restarts = restarts
        self.seed = seed
        self.tol = tol
        self.max_iter = max_iter

    def _learn(self, known: Ordered) -> Array:
        check_positive("tol", self.tol)
        starts = range(check_count("restarts", self.restarts))
        runs = [self._climb(known, np.random.default_rng(seed_for("mixture", self.seed, start))) for start in starts]
        self.thetas_, self.shares_, self.objectives_ = max(runs, key=lambda run: run[2][-1])
        self.average_profile_ = self.shares_
        return self._profile(known)

    def _climb(self, known: Ordered, rng: np.random.Generator) -> tuple[Array, Array, list[float]]:
        """thetas, shares and the objective after every step, from a random start."""
        groups, users = check_count("n_groups", self.n_groups), len(known.annotators.known)
        ridge, signed = check_positive("ridge", self.ridge), known.signed
        q = rng.dirichlet(np.ones(groups), size=users)
        thetas = np.zeros((groups, self.n_features_in_))
        objectives: list[float] = []
        for _ in range(check_count("max_iter", self.max_iter)):
            shares = (q.sum(axis=0) + 1) / (users + groups)
            thetas = fit_weighted(signed, q.T[:, known.places], ridge, thetas)
            joint = np.log(shares) + log_likelihoods(known, thetas)
            prior = np.log(shares).sum() - ridge / 2 * (thetas**2).sum()
            objectives.append(float(logsumexp(joint, axis=1).sum() + prior))
            if len(objectives) > 1 and objectives[-1] - objectives[-2] <= self.tol * abs(objectives[-1]):
                break
            q = softmax(joint, axis=1)
        return thetas, shares, objectives

    def _profile(self, judged: Ordered) -> Array:
        return np.asarray(softmax(np.log(self.shares_) + log_likelihoods(judged, self.thetas_), axis=1))

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        return mixed_log_odds(np.einsum("nd,kd->nk", differences(items), self.thetas_), profiles)

    def _shared_parameters(self) -> dict[str, int]:
        return {"thetas": self.thetas_.size, "shares": self.shares_.size}


def log_likelihoods(judged: Ordered, thetas: Array) -> Array:
    """(annotators, k): log-probability of everything that an annotator said, under each theta."""
    return np.asarray(-np.add.reduceat(_LINK.loss(judged.signed @ thetas.T), judged.starts, axis=0))


def mixed_log_odds(margins: Array, weights: Array) -> Array:
    """(n,): log-odds of the probability sum_k weights_k F(margins_k); both are (n, k)."""
    with np.errstate(divide="ignore"):  # a weight of zero takes no part
        log_weights = np.log(weights)
    first = logsumexp(log_weights - _LINK.loss(margins), axis=1)
    second = logsumexp(log_weights - _LINK.loss(-margins), axis=1)
    return np.asarray(first - second)
