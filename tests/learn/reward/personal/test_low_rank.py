"""Low-rank tastes: the objective by its definition, its gradient, and what is left when the rank is right."""

import numpy as np
import pytest
from scipy.optimize import check_grad

from bench.learn.reward.personal.comparisons import read
from bench.learn.reward.personal.low_rank import LowRankBradleyTerry, _Problem
from bench.learn.reward.personal.ridge import RidgeBradleyTerry
from bench.learn.reward.personal.shared import SharedBradleyTerry


@pytest.fixture(scope="module")
def known(two_groups):
    return two_groups(20, 30)


@pytest.fixture(scope="module")
def model(known):
    return LowRankBradleyTerry(2, ridge=0.5).fit(**known.learnt)


def test_the_objective_is_the_one_of_the_definition(model, known):
    margins = model.decision_function(known.X, annotators=known.annotators) * known.labels
    penalty = 0.25 * ((model.theta_**2).sum() + (model.V_**2).sum()) + 0.5 * (model.profiles_**2).sum()
    assert model.objective_ == pytest.approx(np.log1p(np.exp(-margins)).sum() + penalty)


def test_log_odds_are_theta_and_the_annotators_deviation_in_the_span_of_v(model, known):
    differences = known.X[:, 0] - known.X[:, 1]
    who = model.annotators_.places(known.annotators)
    thetas = model.theta_ + model.profiles_ @ model.V_.T
    expected = np.einsum("nd,nd->n", differences, thetas[who])
    np.testing.assert_allclose(model.decision_function(known.X, annotators=known.annotators), expected)


def test_the_gradient_is_the_objectives(known):
    problem = _Problem(read(**known.learnt), 2, 0.5)
    point = np.random.default_rng(0).normal(size=problem.start().size)
    assert check_grad(lambda x: problem(x)[0], lambda x: problem(x)[1], point) < 1e-3


def test_a_fit_ends_at_a_stationary_point_below_its_start(model):
    assert model.objective_ < model.start_objective_
    assert model.gradient_norm_ < 1e-2


def test_it_explains_more_than_one_model_for_all(model, known):
    shared = SharedBradleyTerry(RidgeBradleyTerry(0.5)).fit(**known.learnt)
    assert model.objective_ < shared.estimator_.objective_


def test_adapting_those_known_to_the_same_labels_changes_nothing(model, known):
    np.testing.assert_array_equal(model.adapt(**known.learnt).profiles_, model.profiles_)


def test_adapting_solves_for_the_profile_alone(model, two_groups):
    """At the optimum, the gradient by z is zero; theta and V are those of the fit."""
    new = two_groups(3, 6, name="new")
    adapted = model.adapt(**new.learnt)
    assert adapted.V_ is model.V_
    signed = (new.X[:, 0] - new.X[:, 1]) * new.labels[:, None]
    for name in set(new.annotators):
        own = [row for row, other in enumerate(new.annotators) if other == name]
        z = adapted.profiles_[adapted.annotators_.known.index(name)]
        wrong = 1 / (1 + np.exp(signed[own] @ (model.theta_ + model.V_ @ z)))
        np.testing.assert_allclose(model.V_.T @ signed[own].T @ wrong, z, atol=1e-4)


def test_a_rank_beyond_what_there_is_adds_nothing(known):
    three = known.rows([row for row, name in enumerate(known.annotators) if name in ("user 0", "user 1", "user 2")])
    few, many = (LowRankBradleyTerry(rank).fit(**three.learnt) for rank in (3, 7))
    assert many.objective_ == pytest.approx(few.objective_, rel=1e-4)
