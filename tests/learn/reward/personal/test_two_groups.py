"""A world of two opinions in ten dimensions: knowing who speaks helps every method, and so do labels of new people."""

import numpy as np
import pytest

from bench.learn.reward.personal.clusters import ClusteredBradleyTerry
from bench.learn.reward.personal.low_rank import LowRankBradleyTerry
from bench.learn.reward.personal.mixture import BradleyTerryMixture
from bench.learn.reward.personal.nearest_users import NearestUsers
from bench.learn.reward.personal.per_user import PerUserBradleyTerry
from bench.learn.reward.personal.shared import SharedBradleyTerry
from bench.learn.reward.personal.sparse_deviations import SparseDeviations
from bench.learn.reward.personal.user_embedding import UserEmbedding
from bench.learn.reward.personal.variational import VariationalPreferences

SEEDS = (0, 1)
PERSONAL = [
    PerUserBradleyTerry(),
    BradleyTerryMixture(),
    ClusteredBradleyTerry(),
    NearestUsers(),
    LowRankBradleyTerry(),
    SparseDeviations(),
    UserEmbedding(),
    VariationalPreferences(),
]


@pytest.fixture(scope="module", params=PERSONAL, ids=lambda model: type(model).__name__)
def accuracies(request, two_groups):
    """Means over seeds: on annotators known, this model and a shared one; on new ones after 0, 3 and 40 labels."""
    rows = []
    for seed in SEEDS:
        known, held_out = two_groups(30, 40, seed), two_groups(30, 60, seed)
        new = two_groups(20, 60, seed, name="new")
        model, shared = request.param.fit(**known.learnt), SharedBradleyTerry().fit(**known.learnt)
        adapted = [model.adapt(**two_groups(20, labels, seed, name="new").learnt) for labels in (3, 40)]
        rows.append([held_out.accuracy(model), held_out.accuracy(shared), *map(new.accuracy, [model, *adapted])])
    return dict(zip(["known", "shared", 0, 3, 40], np.mean(rows, axis=0), strict=True))


def test_it_beats_one_model_for_all_on_those_it_knows(accuracies):
    assert accuracies["known"] > accuracies["shared"] + 0.02


def test_labels_of_new_annotators_help(accuracies):
    assert accuracies[40] > accuracies[0] + 0.02
    assert accuracies[40] > accuracies[3]


def test_of_new_annotators_as_much_is_known_as_of_the_others_after_as_many_labels(accuracies):
    assert accuracies[40] == pytest.approx(accuracies["known"], abs=0.03)


@pytest.mark.parametrize("model", [BradleyTerryMixture(), ClusteredBradleyTerry()], ids=lambda m: type(m).__name__)
def test_where_there_are_two_groups_three_labels_are_worth_more_than_they_are_to_a_model_for_each(model, two_groups):
    known, new = two_groups(30, 40, 0), two_groups(20, 60, 0, name="new")
    few = two_groups(20, 3, 0, name="new")
    alone = PerUserBradleyTerry().fit(**known.learnt).adapt(**few.learnt)
    assert new.accuracy(model.fit(**known.learnt).adapt(**few.learnt)) > new.accuracy(alone) + 0.1
