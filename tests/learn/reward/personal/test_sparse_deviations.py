"""Sparse deviations from a shared model: a convex problem, held against another solver and against its conditions."""

import numpy as np
import pytest

from bench.learn.reward.estimators import L1BradleyTerry
from bench.learn.reward.personal.sparse_deviations import SparseDeviations
from bench.learn.reward.solver import NotConverged


@pytest.fixture(scope="module")
def known(two_groups):
    return two_groups(6, 25, d=8)


def signed(judged):
    return (judged.X[:, 0] - judged.X[:, 1]) * judged.labels[:, None]


def by_annotator(judged, names):
    return [[row for row, other in enumerate(judged.annotators) if other == name] for name in names]


@pytest.mark.parametrize(("deviation_l1", "shared_l1"), [(1.0, 1.0), (0.3, 2.0), (2.0, 0.05)])
def test_the_minimum_is_cvxpys(known, deviation_l1, shared_l1):
    cp = pytest.importorskip("cvxpy", reason="the oracle of this test is cvxpy")
    model = SparseDeviations(deviation_l1, shared_l1).fit(**known.learnt)
    theta, deltas = cp.Variable(8), cp.Variable((6, 8))
    loss = 0
    for place, rows in enumerate(by_annotator(known, model.annotators_.known)):
        loss += cp.sum(cp.logistic(-signed(known)[rows] @ (theta + deltas[place])))
    problem = cp.Problem(cp.Minimize(loss + shared_l1 * cp.norm1(theta) + deviation_l1 * cp.sum(cp.abs(deltas))))
    oracle = problem.solve()
    assert model.converged_
    assert model.objective_ == pytest.approx(oracle, rel=1e-5)
    found = np.log1p(np.exp(-known.labels * model.decision_function(known.X, annotators=known.annotators))).sum()
    found += shared_l1 * np.abs(model.theta_).sum() + deviation_l1 * np.abs(model.profiles_).sum()
    assert found == pytest.approx(oracle, rel=1e-5)


def test_the_conditions_of_optimality_hold(known):
    """-gradient lies in the subdifferential: its size is the penalty where a parameter is not zero, less elsewhere."""
    model = SparseDeviations(0.7, 1.3).fit(**known.learnt)
    x = signed(known)
    wrong = 1 / (1 + np.exp(known.labels * model.decision_function(known.X, annotators=known.annotators)))
    descent = [x.T @ wrong] + [x[rows].T @ wrong[rows] for rows in by_annotator(known, model.annotators_.known)]
    for gradient, parameters, penalty in zip(descent, [model.theta_, *model.profiles_], [1.3] + [0.7] * 6, strict=True):
        assert np.abs(gradient).max() <= penalty + 1e-3
        active = parameters != 0
        np.testing.assert_allclose(gradient[active], penalty * np.sign(parameters[active]), atol=1e-3)


def test_deviations_that_cost_too_much_leave_the_shared_l1_estimate(known):
    model = SparseDeviations(1e3, 2.0).fit(**known.learnt)
    alone = L1BradleyTerry(2.0 / len(known.X), radius=None).fit(known.X[:, 0] - known.X[:, 1], known.labels)
    assert not model.profiles_.any()
    np.testing.assert_allclose(model.theta_, alone.coef_, atol=1e-5)


def test_a_shared_model_that_costs_too_much_leaves_an_l1_estimate_for_each(known):
    model = SparseDeviations(0.5, 1e3).fit(**known.learnt)
    assert not model.theta_.any()
    for profile, rows in zip(model.profiles_, by_annotator(known, model.annotators_.known), strict=True):
        alone = L1BradleyTerry(0.5 / 25, radius=None).fit(known.X[rows, 0] - known.X[rows, 1], known.labels[rows])
        np.testing.assert_allclose(profile, alone.coef_, atol=1e-3)


def test_adapting_those_known_to_the_same_labels_finds_the_same_deviations(known):
    model = SparseDeviations(0.7, 1.3).fit(**known.learnt)
    np.testing.assert_allclose(model.adapt(**known.learnt).profiles_, model.profiles_, atol=1e-3)


def test_somebody_unknown_is_judged_for_by_the_shared_model(known):
    model = SparseDeviations().fit(**known.learnt)
    said = model.decision_function(known.X, annotators=["nobody"] * len(known.X))
    np.testing.assert_allclose(said, (known.X[:, 0] - known.X[:, 1]) @ model.theta_)


def test_parameters_are_counted_where_they_are_not_zero(known):
    dense, sparse = (SparseDeviations(l1).fit(**known.learnt).learned_parameters_ for l1 in (0.1, 3.0))
    assert 0 < sparse["annotators"] < dense["annotators"] <= 6 * 8


def test_a_planted_deviation_is_found_where_it_is():
    """All agree, but for one annotator and one feature."""
    rng = np.random.default_rng(1000)
    X, who = rng.normal(size=(1200, 2, 10)), np.repeat(range(6), 200)
    thetas = np.tile(np.r_[2.0, -2.0, 1.5, np.zeros(7)], (6, 1))
    thetas[4, 9] = 3.0
    margin = np.einsum("nd,nd->n", X[:, 0] - X[:, 1], thetas[who])
    labels = np.where(rng.random(1200) < 1 / (1 + np.exp(-margin)), 1, -1)
    model = SparseDeviations(20.0, 6.0).fit(X, labels, annotators=list(who))
    assert np.argwhere(model.profiles_).tolist() == [[model.annotators_.known.index(4), 9]]
    assert set(np.flatnonzero(model.theta_)) >= {0, 1, 2}


def test_too_few_steps_are_warned_of(known):
    with pytest.warns(NotConverged, match="SparseDeviations.fit"):
        model = SparseDeviations(max_iter=1).fit(**known.learnt)
    assert not model.converged_
