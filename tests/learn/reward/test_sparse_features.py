"""Sparse features of comparisons: an autoencoder that finds planted directions, and weights that say which matter."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from bench.errors import UserError
from bench.learn.reward import sparse_autoencoder
from bench.learn.reward.sparse_features import SparseFeatureModel


def planted(n, d=24, m=12, active=2, noise=0.02, seed=0):
    """Differences that are sums of few of m orthogonal directions (m, d), and how much of each (n, m)."""
    rng = np.random.default_rng(seed)
    atoms = np.linalg.qr(np.random.default_rng(100).normal(size=(d, d)))[0][:m]
    codes = np.zeros((n, m))
    for row in codes:
        row[rng.choice(m, active, replace=False)] = rng.choice([-1, 1], active) * rng.uniform(0.8, 1.6, active)
    return codes @ atoms + noise * rng.normal(size=(n, d)), codes, atoms


def as_items(x, rng):
    second = rng.normal(size=x.shape)
    return np.stack([second + x, second], axis=1)


@pytest.fixture(scope="module")
def judged():
    """People want direction 0, half of them dislike direction 1, which the other half like; the rest is nothing."""
    x, codes, atoms = planted(1200, seed=1)
    rng = np.random.default_rng(2)
    who = rng.integers(12, size=len(x))
    margin = 2 * codes[:, 0] + 4 * np.where(who % 2, 1, -1) * codes[:, 1]
    labels = np.where(rng.random(len(x)) < 1 / (1 + np.exp(-margin)), 1, -1)
    return as_items(x, rng), labels, who.tolist(), atoms


@pytest.fixture(scope="module")
def fitted(judged):
    X, labels, who, _ = judged
    return SparseFeatureModel(directions=12, active=2).fit(X[:900], labels[:900], annotators=who[:900])


def test_planted_directions_are_found_again():
    x, _, atoms = planted(600)
    found = sparse_autoencoder.fit(x, 12, 2, np.random.default_rng(0))
    assert np.abs(atoms @ found.decoder.T).max(axis=1).min() > 0.95
    assert found.explained > 0.95
    np.testing.assert_allclose(np.linalg.norm(found.decoder, axis=1), 1.0)


def test_as_many_entries_are_kept_as_are_asked_for():
    x, *_ = planted(200)
    codes = sparse_autoencoder.fit(x, 12, 3, np.random.default_rng(0)).codes(x)
    assert (codes != 0).sum() == 3 * 200


def test_the_gradient_is_that_of_torch():
    rng = np.random.default_rng(3)
    x, encoder, decoder = rng.normal(size=(30, 6)), rng.normal(size=(5, 6)), rng.normal(size=(5, 6))
    tensors = [torch.tensor(part, requires_grad=True) for part in (encoder, decoder)]
    data = torch.tensor(x)
    plain = data @ tensors[0].T
    codes = plain * (plain.abs() >= plain.abs().flatten().topk(60).values.min())
    value = ((codes @ tensors[1] - data) ** 2).sum() / (data**2).sum()
    value.backward()
    ours, by_encoder, by_decoder = sparse_autoencoder.loss(x, encoder, decoder, 60)
    assert ours == pytest.approx(value.item())
    np.testing.assert_allclose(by_encoder, tensors[0].grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(by_decoder, tensors[1].grad.numpy(), atol=1e-12)


def test_turning_a_comparison_round_turns_its_codes_round(fitted, judged):
    x = judged[0][:, 0] - judged[0][:, 1]
    np.testing.assert_array_equal(fitted.codes(-x), -fitted.codes(x))


def test_the_autoencoder_sees_no_label(fitted, judged):
    X, labels, who, _ = judged
    other = SparseFeatureModel(directions=12, active=2).fit(X[:900], -labels[:900], annotators=who[:900])
    np.testing.assert_array_equal(other.autoencoder_.encoder, fitted.autoencoder_.encoder)
    np.testing.assert_array_equal(other.autoencoder_.decoder, fitted.autoencoder_.decoder)


def test_weights_are_scikit_learns(fitted, judged):
    X, labels, *_ = judged
    codes = fitted.codes(X[:900, 0] - X[:900, 1])
    oracle = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10, max_iter=1000).fit(codes, labels[:900]).coef_[0]
    np.testing.assert_allclose(fitted.weights_, oracle, atol=1e-4)


def test_what_matters_is_ranked_first_and_said_how_often_it_wins(fitted, judged):
    best = fitted.features_[0]
    assert abs(best.direction @ judged[3][0]) > 0.95
    assert best.prevalence == pytest.approx(1 / 6, abs=0.05)
    assert np.sign(best.weight) * (best.win_rate - 0.5) > 0.25
    weights = [abs(feature.weight) for feature in fitted.features_]
    assert weights == sorted(weights, reverse=True)


def test_weights_of_annotators_know_who_likes_what(fitted, judged):
    X, labels, who, _ = judged
    new = slice(900, None)
    own = fitted.decision_function(X[new], annotators=who[new])
    average = fitted.decision_function(X[new], annotators=["a stranger"] * 300)
    assert np.mean(np.sign(own) == labels[new]) > np.mean(np.sign(average) == labels[new]) + 0.05


def test_a_strong_prior_gives_everybody_the_same_weights(judged):
    X, labels, who, _ = judged
    model = SparseFeatureModel(12, 2, deviation_ridge=1e9).fit(X, labels, annotators=who)
    np.testing.assert_allclose(model.profiles_, 0.0, atol=1e-5)


def test_adapting_learns_somebody_new_and_nothing_else(fitted, judged):
    X, labels, who, _ = judged
    mine = [row for row in range(900, 1200) if who[row] == 0]
    adapted = fitted.adapt(X[mine], labels[mine], annotators=["new"] * len(mine))
    assert adapted.autoencoder_ is fitted.autoencoder_
    assert (adapted.profiles_[-1] != 0).any()


def test_the_order_of_comparisons_and_of_their_items_changes_no_bit(fitted, judged):
    X, labels, who, _ = judged
    order = np.random.default_rng(5).permutation(900)
    again = SparseFeatureModel(12, 2).fit(X[order, ::-1], -labels[order], annotators=[who[row] for row in order])
    said = fitted.decision_function(X, annotators=who)
    np.testing.assert_array_equal(again.decision_function(X, annotators=who), said)
    np.testing.assert_array_equal(fitted.decision_function(X[:, ::-1], annotators=who), -said)


@pytest.mark.parametrize("same", [False, True])
def test_a_single_comparison_is_enough(same):
    X = np.random.default_rng(6).normal(size=(1, 2, 5))
    X = X[:, [0, 0]] if same else X
    said = SparseFeatureModel().fit(X, [-1], annotators=["me"]).decision_function(X, annotators=["me"])
    assert said == 0 if same else said < 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("directions", 0), ("active", 0), ("active", 33), ("ridge", 0.0), ("deviation_ridge", -1.0)],
)
def test_parameters_out_of_range_are_named(name, value):
    X = np.random.default_rng(7).normal(size=(3, 2, 4))
    with pytest.raises(UserError, match=name):
        SparseFeatureModel(**{name: value}).fit(X, [1, -1, 1], annotators=[0, 0, 1])
