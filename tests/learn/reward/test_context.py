"""A reward that depends on the context: preferences that another context reverses."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.linear_model import LogisticRegression

from bench.errors import UserError
from bench.learn.reward.context import ContextualBradleyTerry, _Problem
from bench.learn.reward.personal.ridge import RidgeBradleyTerry

D, P = 6, 4


def reversals(n, seed=0):
    """Items judged by their first feature, which one context wants and another does not; more contexts are noise."""
    rng = np.random.default_rng(seed)
    X, prompts = rng.normal(size=(n, 2, D)), rng.normal(size=(n, P))
    prompts[:, 0] = rng.choice([-1.0, 1.0], n)
    margin = 3 * prompts[:, 0] * (X[:, 0, 0] - X[:, 1, 0])
    return X, np.where(rng.random(n) < 1 / (1 + np.exp(-margin)), 1, -1), prompts


def fit(model, X, labels, prompts=None):
    return model.fit(X, labels, annotators=["everybody"] * len(X), prompts=prompts)


def judge(model, X, prompts=None):
    return model.decision_function(X, annotators=["somebody"] * len(X), prompts=prompts)


def test_a_context_reverses_a_preference():
    X, labels, prompts = reversals(800)
    model = fit(ContextualBradleyTerry(rank=1), X, labels, prompts)
    new, truth, asked = reversals(500, seed=1)
    assert np.mean(np.sign(judge(model, new, asked)) == truth) > 0.85
    other = asked.copy()
    other[:, 0] *= -1
    assert np.mean(np.sign(judge(model, new, other)) == -np.sign(judge(model, new, asked))) > 0.85


def test_a_reward_that_ignores_the_context_is_chance_there():
    X, labels, _ = reversals(800)
    new, truth, _ = reversals(2000, seed=1)
    assert np.mean(np.sign(judge(fit(ContextualBradleyTerry(), X, labels), new)) == truth) == pytest.approx(
        0.5, abs=0.05
    )


def test_without_prompts_it_is_a_bradley_terry_model():
    X, labels, _ = reversals(200)
    model = fit(ContextualBradleyTerry(ridge=2.0), X, labels)
    alone = RidgeBradleyTerry(2.0).fit(X[:, 0] - X[:, 1], labels)
    np.testing.assert_allclose(model.theta_, alone.coef_, atol=1e-5)
    assert model.learned_parameters_ == {"theta": D, "W": 0, "annotators": 0}


def test_two_contexts_of_full_rank_are_two_models():
    """With next to no prior, what is learnt for one of two contexts is what scikit-learn learns from it alone."""
    rng = np.random.default_rng(2)
    X, asked = rng.normal(size=(3000, 2, 2)), rng.integers(2, size=3000)
    x = X[:, 0] - X[:, 1]
    margin = np.where(asked == 0, x @ [1.0, -0.5], x @ [-0.3, 0.8])
    labels = np.where(rng.random(3000) < 1 / (1 + np.exp(-margin)), 1, -1)
    model = fit(ContextualBradleyTerry(rank=2, ridge=1e-6, max_iter=5000), X, labels, np.eye(2)[asked])
    for context in range(2):
        here = asked == context
        alone = LogisticRegression(C=1e9, fit_intercept=False, tol=1e-10).fit(x[here], labels[here]).coef_[0]
        np.testing.assert_allclose(model.weights(np.eye(2)[[context]])[0], alone, atol=2e-3)


def test_with_full_rank_the_fit_is_the_global_minimum():
    """The ridge on the factors is a nuclear norm of W, so the problem is convex: the gradient's norm is the ridge."""
    rng = np.random.default_rng(3)
    X, labels, prompts = rng.normal(size=(150, 2, D)), rng.choice([-1, 1], 150), rng.normal(size=(150, P))
    model = fit(ContextualBradleyTerry(rank=P, ridge=3.0, max_iter=5000), X, labels, prompts)
    x = (X[:, 0] - X[:, 1]) * labels[:, None]
    chance_of_the_other = 1 / (1 + np.exp(labels * judge(model, X, prompts)))
    gradient = (x * chance_of_the_other[:, None]).T @ ((prompts - prompts.mean(axis=0)) / model.scale_)
    assert np.linalg.norm(gradient, ord=2) == pytest.approx(3.0, abs=1e-3)
    np.testing.assert_allclose(x.T @ chance_of_the_other, 3.0 * model.theta_, atol=1e-3)


def test_the_gradient_is_that_of_the_objective():
    rng = np.random.default_rng(4)
    problem = _Problem(rng.normal(size=(20, 3)), rng.normal(size=(20, 2)), 2, 0.7)
    point = rng.normal(size=3 + 6 + 4)
    np.testing.assert_allclose(problem(point)[1], approx_fprime(point, lambda at: problem(at)[0], 1e-6), atol=1e-4)


def test_a_shift_or_a_unit_of_contexts_changes_nothing():
    X, labels, prompts = reversals(150)
    moved = 5 * prompts + 2
    ours = fit(ContextualBradleyTerry(rank=2), X, labels, prompts)
    theirs = fit(ContextualBradleyTerry(rank=2), X, labels, moved)
    np.testing.assert_allclose(judge(ours, X, prompts), judge(theirs, X, moved), atol=1e-3)


def test_the_order_of_comparisons_and_of_their_items_changes_no_bit():
    X, labels, prompts = reversals(80)
    order = np.random.default_rng(6).permutation(80)
    said = judge(fit(ContextualBradleyTerry(), X, labels, prompts), X, prompts)
    again = fit(ContextualBradleyTerry(), X[order, ::-1], -labels[order], prompts[order])
    np.testing.assert_array_equal(judge(again, X, prompts), said)
    np.testing.assert_array_equal(judge(again, X[:, ::-1], prompts), -said)


def test_one_comparison_is_enough():
    X, labels, prompts = reversals(1)
    assert np.sign(judge(fit(ContextualBradleyTerry(), X, labels, prompts), X, prompts)) == labels


@pytest.mark.parametrize(("name", "value"), [("rank", 0), ("ridge", 0.0), ("max_iter", 0)])
def test_parameters_out_of_range_are_named(name, value):
    with pytest.raises(UserError, match=name):
        fit(ContextualBradleyTerry(**{name: value}), *reversals(5))
