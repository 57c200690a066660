"""The estimators as scikit-learn users meet them: attributes, prediction, cloning, and errors that say what to do."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import check_no_attributes_set_in_init, check_parameters_default_constructible

from bench.data.synthetic import linear_problem
from bench.errors import UserError
from bench.learn.reward import BradleyTerry, L0BradleyTerry, L1BradleyTerry, L1BradleyTerryCV, NotConverged

MODELS = [
    BradleyTerry(sigma=0.1),
    BradleyTerry(sigma=0.1, link="probit"),
    L1BradleyTerry(0.05, sigma=0.1),
    L1BradleyTerry(0.05, sigma=0.1, radius=None, link="probit"),
    L0BradleyTerry(3, sigma=0.1),
    L0BradleyTerry(3, sigma=0.1, link="probit"),
    L1BradleyTerryCV(n_betas=4, folds=3, sigma=0.1),
]
each_model = pytest.mark.parametrize("model", MODELS, ids=repr)
PROBLEM = linear_problem(80, 12, 3, 0.1, 0)
X, Y = PROBLEM.differences, PROBLEM.labels


@each_model
def test_a_fit_leaves_a_certified_solution(model, objective):
    fitted = clone(model).fit(X, Y)
    assert fitted.coef_.shape == (12,)
    assert fitted.n_features_in_ == 12
    assert fitted.converged_
    assert 0 <= fitted.optimality_gap_ <= 1e-8
    assert fitted.n_iter_ > 0
    beta = getattr(fitted, "beta_", getattr(fitted, "beta", 0.0))
    assert fitted.objective_ == pytest.approx(objective(fitted.coef_, X, Y, beta, 0.1, fitted.link), rel=1e-12)


@each_model
def test_predictions_are_consistent(model):
    fitted = clone(model).fit(X, Y)
    probability = fitted.predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    np.testing.assert_array_equal(fitted.predict(X), np.where(probability[:, 1] >= 0.5, 1, -1))
    np.testing.assert_allclose(fitted.decision_function(X), X @ fitted.coef_)
    assert fitted.score(X, Y) == np.mean(fitted.predict(X) == Y) > 0.8


@pytest.mark.parametrize("model", [BradleyTerry(sigma=0.1), BradleyTerry(sigma=0.1, link="probit")], ids=repr)
def test_the_mle_minimises_the_log_loss_it_predicts(model):
    fitted = model.fit(X, Y)
    assert fitted.objective_ == pytest.approx(log_loss(Y, fitted.predict_proba(X)), rel=1e-10)


def test_l1_sets_coefficients_to_exact_zero():
    coef = L1BradleyTerry(0.2, sigma=0.1).fit(X, Y).coef_
    assert 0 < np.count_nonzero(coef) < 12
    assert not np.any((coef != 0) & (np.abs(coef) < 1e-8))


@each_model
def test_parameters_survive_cloning_and_setting(model):
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy.set_params(sigma=2.0).get_params()["sigma"] == 2.0


@each_model
def test_scikit_learn_conventions_of_construction(model):
    check_no_attributes_set_in_init(type(model).__name__, clone(model))
    if type(model) not in (L0BradleyTerry, L1BradleyTerry):  # k and beta have no default that would be right
        check_parameters_default_constructible(type(model).__name__, clone(model))


def test_works_in_cross_val_score():
    assert cross_val_score(L1BradleyTerry(0.05, sigma=0.1), X, Y, scoring="roc_auc").mean() > 0.8


@each_model
def test_a_fit_that_stops_early_says_so_and_keeps_its_point(model):
    with pytest.warns(NotConverged, match="raise max_iter"):
        fitted = clone(model).set_params(max_iter=1).fit(X, Y)
    assert not fitted.converged_
    assert fitted.optimality_gap_ > 1e-8
    assert fitted.coef_.any()


@each_model
def test_a_fit_does_not_warn_or_touch_its_input(model):
    before = X.copy(), Y.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clone(model).fit(X, Y)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(Y, before[1])


def with_value(array, index, value):
    changed = array.copy()
    changed[index] = value
    return changed


BAD_DATA = [
    (X, (Y + 1) / 2, r"got 0 and 1.*2 \* labels - 1"),
    (X, Y > 0, r"2 \* labels - 1"),
    (X, with_value(Y, 7, 3), r"labels\[7\] is 3"),
    (X, with_value(Y, 7, np.nan), r"labels\[7\] is nan"),
    (X, np.array(["a"] * 80), "labels must be -1 or"),
    (X, Y[:-1], r"shape \(80,\).*got \(79,\)"),
    (with_value(X, (4, 9), np.nan), Y, r"differences\[4, 9\] is nan"),
    (with_value(X, (4, 9), np.inf), Y, r"differences\[4, 9\] is inf"),
    (X[:, 0], Y, r"reshape\(-1, 1\)"),
    (X[:0], Y[:0], "at least one row"),
    ([["a"]], [1], "must be numbers"),
]


@pytest.mark.parametrize(("differences", "labels", "message"), BAD_DATA)
@pytest.mark.parametrize("model", [BradleyTerry(), L0BradleyTerry(2), L1BradleyTerryCV()], ids=repr)
def test_bad_data_is_named_and_placed(model, differences, labels, message):
    with pytest.raises(UserError, match=message) as caught:
        model.fit(differences, labels)
    assert isinstance(caught.value, ValueError)


BAD_PARAMETERS = [
    (L1BradleyTerry(-0.1), "beta must be a number >= 0"),
    (L1BradleyTerry(float("nan")), "beta"),
    (L1BradleyTerry("0.1"), "beta"),
    (BradleyTerry(sigma=0), "sigma must be a positive number"),
    (BradleyTerry(radius=-1), "radius must be positive"),
    (BradleyTerry(radius=None), "radius must be finite"),
    (L1BradleyTerry(0, radius=np.inf), "radius must be finite"),
    (BradleyTerry(link="logit"), "Did you mean 'logistic'"),
    (BradleyTerry(link=None), "unknown link"),
    (BradleyTerry(tol=0), "tol must be"),
    (BradleyTerry(max_iter=0), "max_iter must be an integer"),
    (L0BradleyTerry(13), "nearest valid value is 12"),
    (L0BradleyTerry(0), "nearest valid value is 1"),
    (L0BradleyTerry(2.0), "integer"),
    (L1BradleyTerryCV(folds=1), "folds must lie between 2"),
    (L1BradleyTerryCV(betas=[]), "at least one number"),
    (L1BradleyTerryCV(betas=[0.1, -1]), "beta must be a number >= 0"),
]


@pytest.mark.parametrize(("model", "message"), BAD_PARAMETERS)
def test_bad_parameters_are_named(model, message):
    with pytest.raises(UserError, match=message) as caught:
        model.fit(X, Y)
    assert isinstance(caught.value, ValueError)


def test_prediction_on_other_features_is_refused():
    with pytest.raises(UserError, match="5 columns, but the model was fitted on 12"):
        BradleyTerry().fit(X, Y).predict(X[:, :5])
