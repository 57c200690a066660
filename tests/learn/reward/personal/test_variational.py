"""Annotators read off their labels: adapting is encoding, and labels are what a latent vector is made of."""

import numpy as np
import pytest
import torch

from bench.learn.reward.personal.variational import VariationalPreferences


@pytest.fixture(scope="module")
def known(two_groups):
    return two_groups(30, 30)


@pytest.fixture(scope="module")
def model(known):
    return VariationalPreferences().fit(**known.learnt)


def test_adapting_is_encoding(model, two_groups):
    """The mean that the encoder gives an annotator's comparisons, preferred items first, is the profile."""
    new = two_groups(3, 7, name="new")
    adapted = model.adapt(**new.learnt)
    for name in set(new.annotators):
        own = [row for row, other in enumerate(new.annotators) if other == name]
        ordered = np.where(new.labels[own, None, None] > 0, new.X[own], new.X[own][:, ::-1])
        pairs = model.standardise_(ordered, np.empty((len(own), 0)))
        with torch.no_grad():
            mean, _ = model.encoder_(pairs, torch.zeros(len(own), dtype=torch.int64), 1)
        found = adapted.profiles_[adapted.annotators_.known.index(name)]
        np.testing.assert_allclose(found, mean[0].numpy(), atol=1e-10)


def test_adapting_learns_nothing(model, two_groups):
    networks = (*model.encoder_.parameters(), *model.reward_.parameters())
    before = [p.detach().clone() for p in networks]
    adapted = model.adapt(**two_groups(3, 7, name="new").learnt)
    assert all(old.equal(now) for old, now in zip(before, networks, strict=True))
    assert adapted.learned_parameters_ == model.learned_parameters_
    assert model.learned_parameters_["annotators"] == 0


def test_adapting_those_known_to_the_same_labels_changes_nothing(model, known):
    np.testing.assert_array_equal(model.adapt(**known.learnt).profiles_, model.profiles_)


def test_the_order_of_labels_does_not_matter_to_the_encoder(model, known):
    pairs = model.standardise_(known.X[:30], np.empty((30, 0)))
    one = torch.zeros(30, dtype=torch.int64)
    with torch.no_grad():
        torch.testing.assert_close(model.encoder_(pairs.flip(0), one, 1), model.encoder_(pairs, one, 1))


def test_opposite_labels_are_another_annotator(model, known):
    own = known.rows(range(30))
    opposite = model.adapt(own.X, -own.labels, annotators=["opposite"] * 30)
    distance = np.linalg.norm(opposite.profiles_[-1] - model.profiles_[model.annotators_.known.index("user 0")])
    assert distance > 1


def test_a_divergence_that_costs_too_much_leaves_one_model_for_all(known):
    model = VariationalPreferences(kl_weight=1e4).fit(**known.learnt)
    np.testing.assert_allclose(model.profiles_, np.tile(model.average_profile_, (30, 1)), atol=0.05)


def test_latent_vectors_tell_the_groups_apart(model, known):
    """The line that separates the groups' means separates the annotators."""
    group = np.array([known.groups[name] for name in model.annotators_.known])
    means = [model.profiles_[group == index].mean(axis=0) for index in (0, 1)]
    side = (model.profiles_ - (means[0] + means[1]) / 2) @ (means[1] - means[0]) > 0
    assert np.mean(side == group) > 0.9
