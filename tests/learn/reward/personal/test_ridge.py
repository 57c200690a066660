"""Ridge Bradley-Terry models: scikit-learn's logistic regression is the oracle, one problem at a time."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bench.learn.reward.personal.comparisons import read
from bench.learn.reward.personal.ridge import RidgeBradleyTerry, fit_annotators, fit_weighted


def by_scikit_learn(signed, ridge, weights=None):
    """Each comparison both ways round, at half its weight: scikit-learn wants two classes."""
    half = np.full(len(signed), 0.5) if weights is None else weights / 2
    model = LogisticRegression(C=1 / ridge, fit_intercept=False, tol=1e-12, solver="newton-cholesky", max_iter=1000)
    classes = np.repeat([1, 0], len(signed))
    return model.fit(np.concatenate([signed, -signed]), classes, np.tile(half, 2)).coef_[0]


@pytest.mark.parametrize(("n", "d"), [(60, 5), (60, 1), (8, 30), (1, 4)])
@pytest.mark.parametrize("ridge", [1e-2, 1.0, 100.0])
def test_one_model_is_scikit_learns(n, d, ridge):
    rng = np.random.default_rng(n + d)
    X, labels = 2 * rng.normal(size=(n, d)), rng.choice([-1, 1], n)
    model = RidgeBradleyTerry(ridge).fit(X, labels)
    np.testing.assert_allclose(model.coef_, by_scikit_learn(X * labels[:, None], ridge), atol=1e-5)
    assert model.converged_
    margins = labels * (X @ model.coef_)
    assert model.objective_ == pytest.approx(np.log1p(np.exp(-margins)).sum() + ridge / 2 * (model.coef_**2).sum())


def test_separable_comparisons_with_a_weak_prior_converge():
    X = np.random.default_rng(0).normal(size=(40, 3)) * 100
    model = RidgeBradleyTerry(1e-6).fit(X, np.sign(X[:, 0]))
    assert model.converged_
    assert (model.predict(X) == np.sign(X[:, 0])).all()


def test_the_gap_bounds_the_distance_to_the_minimum():
    rng = np.random.default_rng(1)
    X, labels = rng.normal(size=(50, 6)), rng.choice([-1, 1], 50)
    best = RidgeBradleyTerry().fit(X, labels).objective_
    with pytest.warns(UserWarning, match="raise max_iter"):
        early = RidgeBradleyTerry(max_iter=1).fit(X, labels)
    assert 0 < early.objective_ - best <= early.optimality_gap_


@pytest.mark.parametrize("d", [3, 40])
def test_models_of_annotators_are_those_of_their_own_comparisons(d):
    rng = np.random.default_rng(d)
    who = np.repeat(range(9), [1, 2, 3, 5, 8, 13, 21, 34, 55])
    known = read(rng.normal(size=(len(who), 2, d)), rng.choice([-1, 1], len(who)), list(who))
    coefs = fit_annotators(known, 0.5)
    for place in range(9):
        np.testing.assert_allclose(coefs[place], by_scikit_learn(known.signed[known.places == place], 0.5), atol=1e-5)


def test_batches_change_nothing(monkeypatch):
    rng = np.random.default_rng(2)
    who = rng.integers(12, size=150)
    known = read(rng.normal(size=(150, 2, 4)), rng.choice([-1, 1], 150), list(who))
    whole = fit_annotators(known, 1.0)
    monkeypatch.setattr("bench.learn.reward.personal.ridge.BATCH", 1)
    np.testing.assert_allclose(fit_annotators(known, 1.0), whole, atol=1e-8)


def test_offsets_are_margins_known_beforehand():
    """A feature with a known coefficient is an offset."""
    rng = np.random.default_rng(3)
    known = read(rng.normal(size=(30, 2, 3)), rng.choice([-1, 1], 30), ["a"] * 30)
    offsets = 2 * known.signed[:, 2]
    theta = fit_annotators(known, 0.7, known.signed[:, :2], offsets)[0]
    residual = 1 / (1 + np.exp(known.signed[:, :2] @ theta + offsets))
    np.testing.assert_allclose(known.signed[:, :2].T @ residual, 0.7 * theta, atol=1e-4)


def test_weights_count_comparisons():
    rng = np.random.default_rng(4)
    signed, weights = rng.normal(size=(40, 5)), rng.random((3, 40))
    thetas = fit_weighted(signed, weights, 0.3, np.ones((3, 5)))
    for theta, weight in zip(thetas, weights, strict=True):
        np.testing.assert_allclose(theta, by_scikit_learn(signed, 0.3, weight), atol=1e-5)
