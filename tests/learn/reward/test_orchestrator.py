"""Several reward models, and weights that the prompt decides."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bench.errors import UserError
from bench.learn.reward.orchestrator import PreferenceOrchestrator, adapter
from bench.learn.reward.personal.ridge import RidgeBradleyTerry

D, P = 6, 3


def two_topics(n, seed=0):
    """Prompts of two topics. In each another feature is wanted, and in the second the first one is disliked."""
    rng = np.random.default_rng(seed)
    X, topics = rng.normal(size=(n, 2, D)), rng.integers(2, size=n)
    prompts = 3.0 * np.eye(P)[topics] + 0.3 * rng.normal(size=(n, P))
    thetas = np.zeros((2, D))
    thetas[0, 0], thetas[1, :2] = 3.0, (-3.0, 1.0)
    margin = np.einsum("nd,nd->n", X[:, 0] - X[:, 1], thetas[topics])
    return X, np.where(rng.random(n) < 1 / (1 + np.exp(-margin)), 1, -1), prompts, topics


def fit(model, X, labels, prompts=None):
    return model.fit(X, labels, annotators=["everybody"] * len(X), prompts=prompts)


def judge(model, X, prompts=None):
    return model.decision_function(X, annotators=["somebody"] * len(X), prompts=prompts)


@pytest.fixture(scope="module")
def fitted():
    X, labels, prompts, _ = two_topics(800)
    return fit(PreferenceOrchestrator(models=2), X, labels, prompts)


def test_a_prompt_decides_which_model_counts(fitted):
    """The two topics want nearly opposite things, so a reward of items alone is little better than a toss."""
    X, labels, *_ = two_topics(800)
    new, truth, asked, topics = two_topics(2000, seed=1)
    alone = fit(PreferenceOrchestrator(models=1), X, labels)
    ours, theirs = (np.mean(np.sign(said) == truth) for said in (judge(fitted, new, asked), judge(alone, new)))
    assert theirs < 0.6 < 0.8 < ours
    own = fitted.weights(asked)[:, np.argmax(fitted.thetas_[:, 0])]
    assert own[topics == 0].min() > 0.5 > own[topics == 1].max()


def test_weights_are_shares(fitted):
    weights = fitted.weights(np.random.default_rng(0).normal(size=(20, P)))
    assert (weights > 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)


def test_rewards_are_normalised_over_the_items_of_the_fit(fitted):
    rewards = two_topics(800)[0].reshape(-1, D) @ fitted.thetas_.T
    np.testing.assert_allclose(rewards.std(axis=0), 1.0)


def test_targets_are_the_rewards_of_what_was_preferred(fitted):
    """At the minimum the adapter gives every model the share that its targets have, up to the prior on its constant."""
    X, labels, prompts, _ = two_topics(800)
    preferred = np.where(labels[:, None] > 0, X[:, 0], X[:, 1])
    rewards = preferred @ fitted.thetas_.T - (X.reshape(-1, D) @ fitted.thetas_.T).mean(axis=0)
    targets = np.exp(rewards) / np.exp(rewards).sum(axis=1, keepdims=True)
    missing = (targets - fitted.weights(prompts)).sum(axis=0)
    np.testing.assert_allclose(missing, fitted.map_[:, -1], atol=1e-4)


def test_the_adapter_is_scikit_learns_regression_on_shares():
    """A row with shares is a row of each class with that weight."""
    rng = np.random.default_rng(1)
    contexts, targets = rng.normal(size=(60, 4)), rng.dirichlet(np.ones(3), size=60)
    oracle = LogisticRegression(C=0.5, fit_intercept=False, tol=1e-12, max_iter=5000)
    oracle.fit(np.repeat(contexts, 3, axis=0), np.tile(range(3), 60), targets.ravel())
    np.testing.assert_allclose(adapter(contexts, targets, 2.0), oracle.coef_, atol=1e-4)


def test_one_model_or_no_prompts_is_a_bradley_terry_model_but_for_its_scale():
    X, labels, prompts, _ = two_topics(300)
    expected = (X[:, 0] - X[:, 1]) @ RidgeBradleyTerry().fit(X[:, 0] - X[:, 1], labels).coef_
    for said in (
        judge(fit(PreferenceOrchestrator(1), X, labels, prompts), X, prompts),
        judge(fit(PreferenceOrchestrator(4), X, labels), X),
    ):
        assert np.corrcoef(said, expected)[0, 1] == pytest.approx(1.0)
        assert (said * expected).sum() > 0


def test_log_odds_come_true_as_often_as_they_say(fitted):
    new, truth, asked, _ = two_topics(4000, seed=2)
    chance = 1 / (1 + np.exp(-judge(fitted, new, asked)))
    sure = chance > 0.8
    assert np.mean(truth[sure] > 0) == pytest.approx(chance[sure].mean(), abs=0.03)


def test_the_order_of_comparisons_and_of_their_items_changes_no_bit():
    X, labels, prompts, _ = two_topics(80)
    order = np.random.default_rng(6).permutation(80)
    said = judge(fit(PreferenceOrchestrator(), X, labels, prompts), X, prompts)
    again = fit(PreferenceOrchestrator(), X[order, ::-1], -labels[order], prompts[order])
    np.testing.assert_array_equal(judge(again, X, prompts), said)
    np.testing.assert_array_equal(judge(again, X[:, ::-1], prompts), -said)


def test_one_comparison_is_enough():
    X, labels, prompts, _ = two_topics(1)
    assert np.sign(judge(fit(PreferenceOrchestrator(), X, labels, prompts), X, prompts)) == labels


@pytest.mark.parametrize(
    ("name", "value"), [("models", 0), ("ridge", 0.0), ("adapter_ridge", -1.0), ("temperature", 0.0)]
)
def test_parameters_out_of_range_are_named(name, value):
    with pytest.raises(UserError, match=name):
        fit(PreferenceOrchestrator(**{name: value}), *two_topics(5)[:3])
