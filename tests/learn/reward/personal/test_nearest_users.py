"""Neighbours: who is asked, and what is made of their answers."""

import numpy as np
import pytest

from bench.learn.reward.personal.nearest_users import NearestUsers
from bench.learn.reward.personal.per_user import PerUserBradleyTerry


@pytest.fixture(scope="module")
def known(two_groups):
    return two_groups(12, 40)


def test_a_profile_is_the_mean_of_ones_own_model_and_those_that_explain_ones_labels_best(known):
    model = NearestUsers(k=3).fit(**known.learnt)
    coefs = PerUserBradleyTerry().fit(**known.learnt).profiles_
    for place, name in enumerate(model.annotators_.known):
        own = [row for row, other in enumerate(known.annotators) if other == name]
        signed = (known.X[own, 0] - known.X[own, 1]) * known.labels[own, None]
        likelihood = -np.log1p(np.exp(-signed @ coefs.T)).sum(axis=0)
        others = [other for other in np.argsort(-likelihood) if other != place][:3]
        np.testing.assert_allclose(model.profiles_[place], coefs[[place, *others]].mean(axis=0))


def test_neighbours_are_of_ones_own_opinion(known):
    """Here five others share everybody's opinion, so that five neighbours say what a group's model would."""
    model = NearestUsers(k=5).fit(**known.learnt)
    groups = np.array([known.groups[name] for name in model.annotators_.known])
    for group in (0, 1):
        same = model.coefs_[groups == group].mean(axis=0)
        np.testing.assert_allclose(model.profiles_[groups == group], np.tile(same, (6, 1)))


def test_all_others_are_neighbours_where_there_are_too_few(known):
    model = NearestUsers(k=50).fit(**known.learnt)
    np.testing.assert_allclose(model.profiles_, np.tile(model.average_profile_, (12, 1)))


def test_adapting_those_known_to_the_same_labels_changes_nothing(known):
    """Nobody is their own neighbour, in adapt as little as in fit."""
    model = NearestUsers(k=3).fit(**known.learnt)
    np.testing.assert_array_equal(model.adapt(**known.learnt).profiles_, model.profiles_)


def test_agreement_is_measured_in_blocks_that_change_nothing(known, monkeypatch):
    whole = NearestUsers(k=3).fit(**known.learnt).profiles_
    monkeypatch.setattr("bench.learn.reward.personal.nearest_users.BLOCK", 5)
    np.testing.assert_allclose(NearestUsers(k=3).fit(**known.learnt).profiles_, whole)
