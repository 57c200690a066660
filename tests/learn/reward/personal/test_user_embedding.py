"""Learnt vectors of annotators: what is minimised, what adapting leaves alone, and what prompts are for."""

import numpy as np
import pytest

from bench.errors import UserError
from bench.learn.reward.personal.ridge import RidgeBradleyTerry
from bench.learn.reward.personal.user_embedding import UserEmbedding, fit_profiles


@pytest.fixture(scope="module")
def known(two_groups):
    return two_groups(20, 30)


@pytest.fixture(scope="module")
def model(known):
    return UserEmbedding(prior=0.5).fit(**known.learnt)


def own_objective(model, judged, profiles):
    """The sum that adapt minimises, from its definition, by annotator."""
    items, who = judged.X, model.annotators_.places(judged.annotators)
    margins = judged.labels * model._log_odds(items, np.empty((len(items), 0)), profiles[who])
    losses = np.bincount(who, np.logaddexp(0, -margins), minlength=len(profiles))
    return losses + 0.25 * (profiles**2).sum(axis=1)


def test_adapting_finds_a_minimum_in_the_new_annotators_vectors(model, two_groups):
    new = two_groups(5, 12, name="new")
    adapted = model.adapt(**new.learnt)
    own = [adapted.annotators_.known.index(name) for name in sorted(set(new.annotators))]
    best = own_objective(adapted, new, adapted.profiles_)
    start = own_objective(adapted, new, np.zeros_like(adapted.profiles_))
    assert (best[own] < start[own]).all()
    rng = np.random.default_rng(0)
    for _ in range(10):
        nearby = adapted.profiles_ + 0.02 * rng.normal(size=adapted.profiles_.shape)
        assert (own_objective(adapted, new, nearby)[own] > best[own]).all()


def test_adapting_leaves_network_and_generic_annotator_alone(model, two_groups):
    before = [p.detach().clone() for p in (*model.reward_.parameters(), model.generic_)]
    model.adapt(**two_groups(5, 12, name="new").learnt)
    for old, now in zip(before, (*model.reward_.parameters(), model.generic_), strict=True):
        assert old.equal(now)


def test_a_strong_prior_makes_everybody_generic(known):
    model = UserEmbedding(prior=1e6, learning_rate=1e-3).fit(**known.learnt)
    nobody = model.decision_function(known.X, annotators=["nobody"] * len(known.X))
    adapted = model.adapt(**known.learnt).decision_function(known.X, annotators=known.annotators)
    np.testing.assert_allclose(adapted, nobody, atol=1e-3)


def test_without_the_generic_loss_somebody_unknown_is_judged_worse(known):
    """alpha = 1 trains no generic annotator."""
    alphas = {}
    for alpha in (0.5, 1.0):
        fits = [UserEmbedding(alpha=alpha, prior=0.01, seed=seed).fit(**known.learnt) for seed in range(3)]
        said = [model.decision_function(known.X, annotators=["nobody"] * len(known.X)) for model in fits]
        alphas[alpha] = np.mean([np.logaddexp(0, -known.labels * margins).mean() for margins in said])
    assert alphas[1.0] > alphas[0.5]


def test_of_linear_margins_the_profile_is_the_ridge_model():
    rng = np.random.default_rng(1)
    x, places = rng.normal(size=(40, 3)), np.repeat([0, 1], [10, 30])
    found = fit_profiles(
        lambda own, rows: (np.einsum("nd,nd->n", x[rows], own), x[rows].copy()), places, q=3, prior=0.4
    )
    for place, rows in enumerate((slice(0, 10), slice(10, 40))):
        oracle = RidgeBradleyTerry(0.4).fit(x[rows], np.ones(len(x[rows])))
        np.testing.assert_allclose(found[place], oracle.coef_, atol=1e-3)


def test_what_is_preferred_may_depend_on_the_prompt():
    """The better item is the one with the larger feature where the prompt says 1, the smaller where it says -1."""
    rng = np.random.default_rng(2)
    X, prompts = rng.normal(size=(600, 2, 2)), rng.choice([-1.0, 1.0], size=(600, 1))
    labels = np.where(prompts[:, 0] * (X[:, 0, 0] - X[:, 1, 0]) > 0, 1, -1)
    who = rng.integers(5, size=600).tolist()
    blind = UserEmbedding(epochs=30).fit(X[:400], labels[:400], annotators=who[:400])
    reading = UserEmbedding(epochs=30).fit(X[:400], labels[:400], annotators=who[:400], prompts=prompts[:400])
    said = reading.decision_function(X[400:], annotators=who[400:], prompts=prompts[400:])
    assert np.mean((said > 0) == (labels[400:] > 0)) > 0.9
    assert np.mean((blind.decision_function(X[400:], annotators=who[400:]) > 0) == (labels[400:] > 0)) < 0.65
    with pytest.raises(UserError, match="fitted on 1 features of a prompt, got 0"):
        reading.decision_function(X, annotators=who)
    with pytest.raises(UserError, match="prompts: expected features of 600 prompts"):
        reading.decision_function(X, annotators=who, prompts=prompts[:5])


def test_parameters_are_those_of_the_network_and_a_vector_for_each(model):
    network = (18 * 32 + 32) + (32 * 32 + 32) + (32 + 1)
    assert model.learned_parameters_ == {"reward": network, "generic": 8, "annotators": 20 * 8}
