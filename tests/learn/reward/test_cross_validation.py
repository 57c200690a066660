"""beta by cross-validation: held-out loss, deterministic folds, whole groups."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from bench.data.synthetic import linear_problem
from bench.errors import UserError
from bench.learn.reward import L1BradleyTerry, L1BradleyTerryCV
from bench.learn.reward.cv import assign_folds

PROBLEM = linear_problem(200, 50, 3, 0.1, 0)
X, Y = PROBLEM.differences, PROBLEM.labels
BETAS = [0.3, 0.1, 0.03, 0.01, 0.003]


def test_scores_are_the_held_out_log_losses_of_the_fits():
    model = L1BradleyTerryCV(BETAS, folds=4, sigma=0.1).fit(X, Y)
    fold = assign_folds(200, 4, None, seed=0)
    assert model.scores_.shape == (5, 4)
    for i, beta in enumerate(model.betas_):
        for j in range(4):
            refit = L1BradleyTerry(beta, sigma=0.1).fit(X[fold != j], Y[fold != j])
            held_out = log_loss(Y[fold == j], refit.predict_proba(X[fold == j]), labels=[-1, 1])
            assert model.scores_[i, j] == pytest.approx(held_out, abs=1e-4)


def test_refits_at_the_best_beta_on_all_data():
    model = L1BradleyTerryCV(BETAS, sigma=0.1).fit(X, Y)
    assert model.beta_ == model.betas_[np.argmin(model.scores_.mean(axis=1))]
    refit = L1BradleyTerry(model.beta_, sigma=0.1).fit(X, Y)
    np.testing.assert_array_equal(model.coef_, refit.coef_)


def test_the_seed_decides_the_folds():
    first, again, other = (L1BradleyTerryCV(BETAS, sigma=0.1, seed=seed).fit(X, Y).scores_ for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_groups_stay_whole_and_folds_stay_balanced():
    groups = np.repeat([f"prompt {i}" for i in range(40)], 5)
    fold = assign_folds(200, 4, groups, seed=0)
    assert all(len(set(fold[groups == group])) == 1 for group in groups)
    assert np.bincount(fold).tolist() == [50, 50, 50, 50]


def test_groups_change_the_scores():
    groups = np.arange(200) // 10
    plain, grouped = (L1BradleyTerryCV(BETAS, sigma=0.1).fit(X, Y, groups=g).scores_ for g in (None, groups))
    assert not np.array_equal(plain, grouped)


def test_too_few_groups_are_refused():
    with pytest.raises(UserError, match="number of groups, 3, got 5"):
        L1BradleyTerryCV(BETAS).fit(X, Y, groups=np.arange(200) % 3)


def test_groups_of_another_length_are_refused():
    with pytest.raises(UserError, match=r"groups must have shape \(200,\)"):
        L1BradleyTerryCV(BETAS).fit(X, Y, groups=[1, 2])
