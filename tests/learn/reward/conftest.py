"""Problems on which the linear estimators are held against oracles."""

import numpy as np
import pytest

from bench.data.synthetic import linear_problem
from bench.learn.reward.links import LINKS
from bench.learn.reward.loss import PreferenceLoss


@pytest.fixture
def make_loss():
    """The data-fit term of a synthetic problem."""

    def make(n=60, d=40, k=5, sigma=0.1, seed=0, link="logistic"):
        problem = linear_problem(n, d, k, sigma, seed)
        return PreferenceLoss(problem.differences, problem.labels / sigma, LINKS[link])

    return make


@pytest.fixture
def objective():
    """P(theta) from its definition."""

    def compute(theta, differences, labels, beta, sigma, link="logistic"):
        margins = labels * (differences @ theta) / sigma
        return LINKS[link].loss(margins).mean() + beta * np.abs(theta).sum()

    return compute
