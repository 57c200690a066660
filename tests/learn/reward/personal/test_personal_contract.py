"""What every baseline promises, whatever it does inside."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from bench.errors import UserError
from bench.learn.reward.personal.clusters import ClusteredBradleyTerry
from bench.learn.reward.personal.low_rank import LowRankBradleyTerry
from bench.learn.reward.personal.mixture import BradleyTerryMixture
from bench.learn.reward.personal.model import PersonalRewardModel
from bench.learn.reward.personal.nearest_users import NearestUsers
from bench.learn.reward.personal.per_user import PerUserBradleyTerry
from bench.learn.reward.personal.shared import SharedBradleyTerry
from bench.learn.reward.personal.sparse_deviations import SparseDeviations
from bench.learn.reward.personal.user_embedding import UserEmbedding
from bench.learn.reward.personal.variational import VariationalPreferences

MODELS = [
    SharedBradleyTerry(),
    PerUserBradleyTerry(),
    BradleyTerryMixture(),
    ClusteredBradleyTerry(),
    NearestUsers(k=2),
    LowRankBradleyTerry(),
    SparseDeviations(0.5, 0.5),
    UserEmbedding(),
    VariationalPreferences(steps=60),
]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)


@pytest.fixture(scope="module")
def known(two_groups):
    return two_groups(6, 15)


@pytest.fixture(scope="module")
def new(two_groups):
    return two_groups(4, 5, name="new")


@pytest.fixture(scope="module")
def fitted(known):
    """Each model, fitted once."""
    made = {}

    def fit(model):
        key = type(model).__name__
        if key not in made:
            made[key] = clone(model).fit(**known.learnt)
        return made[key]

    return fit


def log_odds(model, judged, annotators=None):
    return model.decision_function(judged.X, annotators=annotators or judged.annotators)


@each_model
@pytest.mark.parametrize("method", ["fit", "adapt", "decision_function"])
def test_signatures_are_the_protocols(model, method):
    assert list(inspect.signature(getattr(model, method)).parameters) == [
        name for name in inspect.signature(getattr(PersonalRewardModel, method)).parameters if name != "self"
    ]


@each_model
def test_log_odds_are_finite_and_one_a_comparison(model, fitted, known):
    said = log_odds(fitted(model), known)
    assert said.shape == (len(known.X),)
    assert np.isfinite(said).all()


@each_model
def test_labels_are_learnt_better_than_by_chance(model, fitted, known):
    assert known.accuracy(fitted(model)) > 0.6


@each_model
def test_a_seed_fixes_every_bit(model, fitted, known):
    again = clone(model).fit(**known.learnt)
    np.testing.assert_array_equal(log_odds(again, known), log_odds(fitted(model), known))


@each_model
def test_the_order_of_comparisons_changes_no_bit(model, fitted, known):
    shuffled = clone(model).fit(**known.rows(np.random.default_rng(0).permutation(len(known.X))).learnt)
    np.testing.assert_array_equal(log_odds(shuffled, known), log_odds(fitted(model), known))


@each_model
def test_what_annotators_are_called_changes_no_bit(model, fitted, known):
    names = {name: index for index, name in enumerate(sorted(set(known.annotators), reverse=True))}
    renamed = [names[name] for name in known.annotators]
    model = clone(model).fit(known.X, known.labels, annotators=renamed)
    np.testing.assert_array_equal(log_odds(model, known, renamed), log_odds(fitted(model), known))


@each_model
def test_which_item_comes_first_changes_no_bit(model, fitted, known):
    swapped = clone(model).fit(known.X[:, ::-1], -known.labels, annotators=known.annotators)
    np.testing.assert_array_equal(log_odds(swapped, known), log_odds(fitted(model), known))


@each_model
def test_log_odds_change_sign_with_the_items(model, fitted, known):
    flipped = fitted(model).decision_function(known.X[:, ::-1], annotators=known.annotators)
    np.testing.assert_allclose(flipped, -log_odds(fitted(model), known), atol=1e-12)


@each_model
def test_a_single_comparison_is_enough(model, known):
    one = known.rows([0])
    assert one.accuracy(clone(model).fit(**one.learnt)) == 1


@each_model
def test_one_annotator_is_enough(model, known):
    alone = known.rows([row for row, name in enumerate(known.annotators) if name == "user 0"])
    assert alone.accuracy(clone(model).fit(**alone.learnt)) > 0.7


@each_model
def test_the_same_comparison_again_and_again(model, known):
    same = known.rows([0] * 8 + [20] * 8)
    assert same.accuracy(clone(model).fit(**same.learnt)) == 1


@each_model
def test_everybody_unknown_gets_the_same_prediction(model, fitted, known):
    nobody = log_odds(fitted(model), known, ["nobody"] * len(known.X))
    anybody = log_odds(fitted(model), known, [("any", row) for row in range(len(known.X))])
    np.testing.assert_array_equal(nobody, anybody)
    assert np.isfinite(nobody).all()


@each_model
def test_adapting_leaves_the_model_and_those_it_knew_as_they_were(model, fitted, known, new):
    before = log_odds(fitted(model), known)
    unknown = log_odds(fitted(model), known, ["nobody"] * len(known.X))
    adapted = fitted(model).adapt(**new.learnt)
    np.testing.assert_array_equal(log_odds(adapted, known), before)
    np.testing.assert_array_equal(log_odds(adapted, known, ["nobody"] * len(known.X)), unknown)
    assert not set(new.annotators) & set(fitted(model).annotators_.known)
    assert set(new.annotators) <= set(adapted.annotators_.known)


@each_model
def test_new_annotators_do_not_know_of_each_other(model, fitted, new):
    together = fitted(model).adapt(**new.learnt)
    alone = [row for row, name in enumerate(new.annotators) if name == "new 1"]
    single = fitted(model).adapt(**new.rows(alone).learnt)
    np.testing.assert_allclose(log_odds(single, new.rows(alone)), log_odds(together, new.rows(alone)), atol=1e-6)


@each_model
def test_adapting_twice_is_adapting_to_the_later_comparisons(model, fitted, new):
    first, second = new.rows(range(len(new.X) - 2)), new.rows(range(3, len(new.X)))
    twice = fitted(model).adapt(**first.learnt).adapt(**second.learnt)
    once = fitted(model).adapt(**second.learnt)
    np.testing.assert_allclose(log_odds(twice, second), log_odds(once, second), atol=1e-6)


@each_model
def test_learned_parameters_are_counted_by_part(model, fitted, new):
    before = fitted(model).learned_parameters_
    after = fitted(model).adapt(**new.learnt).learned_parameters_
    assert all(isinstance(count, int) and count >= 0 for count in before.values())
    assert {part: count for part, count in before.items() if part != "annotators"} == {
        part: count for part, count in after.items() if part != "annotators"
    }
    assert after["annotators"] >= before["annotators"]


@each_model
def test_before_a_fit_there_is_nothing_to_predict_with(model, known):
    with pytest.raises(NotFittedError):
        log_odds(clone(model), known)
    with pytest.raises(NotFittedError):
        clone(model).adapt(**known.learnt)


@each_model
def test_errors_say_what_is_wrong(model, fitted, known):
    with pytest.raises(UserError, match="1 for 90 comparisons"):
        clone(model).fit(known.X, known.labels, annotators=["a"])
    with pytest.raises(UserError, match="every label must be -1 or"):
        clone(model).fit(known.X, known.labels * 3, annotators=known.annotators)
    with pytest.raises(UserError, match="fitted on 10 features, got 4"):
        fitted(model).adapt(known.X[:, :, :4], known.labels, annotators=known.annotators)
    with pytest.raises(UserError, match="fitted on 10 features, got 4"):
        fitted(model).decision_function(known.X[:, :, :4], annotators=known.annotators)


COUNTS = [
    "n_groups",
    "restarts",
    "max_iter",
    "k",
    "rank",
    "dimension",
    "hidden",
    "epochs",
    "batch_size",
    "labels",
    "steps",
]
POSITIVE = ["ridge", "tol", "deviation_l1", "shared_l1", "prior", "learning_rate", "kl_weight"]
WRONG = {**dict.fromkeys(COUNTS, 0), **dict.fromkeys(POSITIVE, -1.0), "alpha": 1.5}


@pytest.mark.parametrize(
    ("model", "name"),
    [(model, name) for model in MODELS for name in model.get_params(deep=False) if name not in ("seed", "estimator")],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_parameters_out_of_range_are_named(model, name, known):
    with pytest.raises(UserError, match=name):
        clone(model).set_params(**{name: WRONG[name]}).fit(**known.learnt)
