"""Groups of annotators: what expectation maximisation promises, and what it finds in a world with two groups."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from bench.learn.reward.estimators import BradleyTerry, L1BradleyTerry
from bench.learn.reward.links import LINKS
from bench.learn.reward.personal.clusters import ClusteredBradleyTerry
from bench.learn.reward.personal.mixture import BradleyTerryMixture, mixed_log_odds
from bench.learn.reward.personal.per_user import PerUserBradleyTerry
from bench.learn.reward.personal.ridge import RidgeBradleyTerry
from bench.learn.reward.personal.shared import SharedBradleyTerry


@pytest.fixture(scope="module")
def known(two_groups):
    return two_groups(20, 30)


def differences(judged):
    return judged.X[:, 0] - judged.X[:, 1]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_groups", [2, 5])
def test_every_step_raises_the_posterior(known, seed, n_groups):
    model = BradleyTerryMixture(n_groups, restarts=1, seed=seed, tol=1e-14, max_iter=40).fit(**known.learnt)
    steps = np.diff(model.objectives_)
    assert len(steps) > 2
    assert steps.min() >= -1e-9 * abs(model.objectives_[-1])


def test_the_objective_is_the_posterior_of_the_definition(known):
    model = BradleyTerryMixture(3, ridge=0.5).fit(**known.learnt)
    signed = differences(known) * known.labels[:, None]
    likelihood = 1 / (1 + np.exp(-signed @ model.thetas_.T))
    value = np.log(model.shares_).sum() - 0.25 * (model.thetas_**2).sum()
    for name in set(known.annotators):
        own = [row for row, other in enumerate(known.annotators) if other == name]
        value += np.log(model.shares_ @ likelihood[own].prod(axis=0))
    assert model.objectives_[-1] == pytest.approx(value, rel=1e-10)


def test_more_restarts_are_never_worse(known):
    few, many = (BradleyTerryMixture(4, restarts=restarts).fit(**known.learnt) for restarts in (1, 6))
    assert many.objectives_[-1] >= few.objectives_[-1]


@pytest.mark.parametrize("method", [BradleyTerryMixture, ClusteredBradleyTerry])
def test_a_single_group_is_the_shared_model(known, method):
    shared = SharedBradleyTerry(RidgeBradleyTerry(0.5)).fit(**known.learnt)
    one = method(1, ridge=0.5).fit(**known.learnt)
    expected = shared.decision_function(known.X, annotators=known.annotators)
    np.testing.assert_allclose(one.decision_function(known.X, annotators=known.annotators), expected, atol=1e-4)


@pytest.mark.parametrize("method", [BradleyTerryMixture, ClusteredBradleyTerry])
def test_the_groups_of_a_world_with_two_are_found(known, method):
    model = method(2).fit(**known.learnt)
    found = model.profiles_.argmax(axis=1)
    assert adjusted_rand_score([known.groups[name] for name in model.annotators_.known], found) == 1


@pytest.mark.parametrize("method", [BradleyTerryMixture, ClusteredBradleyTerry])
def test_adapting_puts_those_known_where_the_fit_had_them(known, method):
    model = method(3).fit(**known.learnt)
    adapted = model.adapt(**known.learnt)
    assert adapted.annotators_ == model.annotators_
    np.testing.assert_array_equal(adapted.profiles_, model.profiles_)


def test_what_a_mixture_says_is_the_mixture_of_what_its_groups_say():
    margins, weights = np.array([[2.0, -1.0], [0.5, 40.0]]), np.array([[0.3, 0.7], [1.0, 0.0]])
    probability = (weights / (1 + np.exp(-margins))).sum(axis=1)
    np.testing.assert_allclose(mixed_log_odds(margins, weights), np.log(probability / (1 - probability)))


def test_one_label_moves_the_groups_by_bayes_rule(known):
    model = BradleyTerryMixture(2).fit(**known.learnt)
    adapted = model.adapt(known.X[:1], [1], annotators=["new"])
    likelihood = 1 / (1 + np.exp(-model.thetas_ @ differences(known)[0]))
    expected = model.shares_ * likelihood / (model.shares_ @ likelihood)
    np.testing.assert_allclose(adapted.profiles_[-1], expected)


@pytest.mark.parametrize(
    "estimator", [RidgeBradleyTerry(2.0), L1BradleyTerry(0.02), BradleyTerry(sigma=0.5, radius=2.0)], ids=repr
)
def test_linear_reward_models_serve_all_or_each(known, estimator):
    """The models of a single annotator are the same, and say what the estimator says."""
    own = known.rows([row for row, name in enumerate(known.annotators) if name == "user 3"])
    alone = estimator.fit(differences(own), own.labels)
    expected = np.log(alone.predict_proba(differences(own))[:, 1] / alone.predict_proba(differences(own))[:, 0])
    for model in (SharedBradleyTerry(estimator), PerUserBradleyTerry(estimator)):
        said = model.fit(**own.learnt).decision_function(own.X, annotators=own.annotators)
        np.testing.assert_allclose(said, expected, atol=1e-4)


def test_thurstones_rewards_are_told_as_log_odds(known):
    estimator = BradleyTerry(link="probit", radius=3.0)
    said = SharedBradleyTerry(estimator).fit(**known.learnt).decision_function(known.X, annotators=known.annotators)
    probability = LINKS["probit"].probability(
        differences(known) @ estimator.fit(differences(known), known.labels).coef_
    )
    np.testing.assert_allclose(said, np.log(probability / (1 - probability)), rtol=1e-3, atol=1e-6)


def test_an_estimator_is_left_as_it_was(known):
    estimator = RidgeBradleyTerry()
    SharedBradleyTerry(estimator).fit(**known.learnt)
    PerUserBradleyTerry(estimator).fit(**known.learnt)
    assert not hasattr(estimator, "coef_")
