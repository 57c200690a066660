"""PAL on vectors: what fitting finds, what it must not depend on, and what it says of bad input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from bench.errors import UserError
from bench.learn.reward.pal import PALA, PALB, Adaptation, Architecture, Rates, Training
from bench.learn.reward.personal.model import Comparisons

QUICK = Training(
    epochs=12, batch_size=32, rates=Rates(projector_f=3e-3, projectors_g=3e-3, prototypes=0.02, annotators=0.1)
)
PLAIN = Architecture(layers=None)
ROUNDING = 1e-4  # of float32, at rewards of up to 100 (tau)
MODELS = [PALA(K=2, projector=PLAIN, training=QUICK), PALB(K=2, training=QUICK)]
names = lambda model: type(model).__name__  # noqa: E731


def planted(annotators=20, each=60, seed=1000):
    """Items on the sphere in five dimensions, two opposite ideal points, every other annotator at the second. No noise.

    On the sphere the nearer item is that with the larger cosine, so that both models can be right.
    """
    rng = np.random.default_rng(seed)
    ideal = np.array([[1.5, 0, 0, 0, 0], [-1.5, 0, 0, 0, 0]])
    who = rng.permutation(np.repeat(np.arange(annotators), each))
    X = rng.normal(size=(len(who), 2, 5))
    X /= np.linalg.norm(X, axis=-1, keepdims=True)
    distances = np.linalg.norm(X - ideal[who % 2][:, None], axis=-1)
    return Comparisons(X, np.where(distances[:, 0] < distances[:, 1], 1.0, -1.0), who.tolist(), np.ones((len(who), 5)))


def fit(model, data, **more):
    return clone(model).fit(data.X, data.labels, annotators=data.annotators, prompts=data.prompts, **more)


def scores(model, data):
    return model.decision_function(data.X, annotators=data.annotators, prompts=data.prompts)


def accuracy(model, data):
    return np.mean(scores(model, data) * data.labels > 0)


@pytest.fixture(scope="module", params=MODELS, ids=names)
def fitted(request):
    return fit(request.param, planted())


def test_two_planted_groups_are_found(fitted):
    held_out = planted(seed=1001)
    assert accuracy(fitted, held_out) > 0.93
    groups = [int(np.argmax(weights)) for weights in fitted.fitted_.weights().values()]
    assert adjusted_rand_score([who % 2 for who in fitted.fitted_.weights()], groups) == 1.0


def test_pal_b_follows_the_prompt():
    """One group wants what is asked for, the other its opposite."""
    rng = np.random.default_rng(1000)
    who = rng.integers(0, 10, 1500)
    X, prompts = rng.normal(size=(1500, 2, 5)), rng.normal(size=(1500, 5))
    aligned = np.einsum("ntd,nd->nt", X / np.linalg.norm(X, axis=-1, keepdims=True), prompts) @ [1, -1]
    labels = np.sign(aligned) * np.where(who % 2, 1, -1)
    rates = Rates(projector_f=0.03, projectors_g=0.03, annotators=0.1)
    model = PALB(projector=Architecture(layers=0), training=Training(epochs=30, batch_size=32, rates=rates))
    model.fit(X[:1000], labels[:1000], annotators=who[:1000].tolist(), prompts=prompts[:1000])
    assert accuracy(model, Comparisons(X[1000:], labels[1000:], who[1000:].tolist(), prompts[1000:])) > 0.9


def test_one_prototype_cannot_serve_two_groups():
    model = fit(PALA(K=1, projector=PLAIN, training=QUICK), planted())
    assert accuracy(model, planted(seed=1001)) < 0.8


def test_new_annotators_are_served_as_well_as_those_of_the_fit(fitted):
    few, many = planted(each=20, seed=1002), planted(seed=1003)
    fitted = clone_with(fitted, Adaptation(epochs=20, learning_rate=0.1))
    strangers = [f"new {who}" for who in few.annotators]
    adapted = fitted.adapt(few.X, few.labels, annotators=strangers, prompts=few.prompts)
    held_out = Comparisons(many.X, many.labels, [f"new {who}" for who in many.annotators], many.prompts)
    assert accuracy(adapted, held_out) > 0.91
    assert accuracy(fitted, held_out) < 0.8
    assert np.array_equal(scores(adapted, many), scores(fitted, many))


def clone_with(model, adaptation):
    import copy

    model = copy.copy(model)
    model.adaptation = adaptation
    return model


def test_the_same_input_gives_the_same_bits(fitted):
    again = fit(fitted, planted())
    assert np.array_equal(scores(again, planted()), scores(fitted, planted()))
    assert torch.equal(again.fitted_.logits, fitted.fitted_.logits)


def test_fitting_leaves_the_global_random_stream_alone():
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    fit(PALB(training=Training(epochs=1, batch_size=64)), planted(each=5))
    assert torch.equal(torch.rand(3), wanted)


def test_who_else_asks_and_in_which_order_changes_no_decision(fitted):
    data = planted(each=5, seed=1004)
    order = np.random.default_rng(0).permutation(len(data.labels))
    turned = Comparisons(
        data.X[order], data.labels[order], [data.annotators[row] for row in order], data.prompts[order]
    )
    assert scores(fitted, turned) == pytest.approx(scores(fitted, data)[order], abs=ROUNDING)


def test_an_annotator_starts_at_the_same_weights_whoever_else_there_is():
    still = Training(rates=Rates(annotators=0.0))
    data = planted(each=2)
    backwards = Comparisons(data.X[::-1], data.labels[::-1], data.annotators[::-1], data.prompts[::-1])
    one, other = (fit(PALA(training=still), rows).fitted_.weights() for rows in (data, backwards))
    assert list(one) != list(other)
    assert all(np.array_equal(one[who], other[who]) for who in one)


def test_exchanged_items_change_the_sign(fitted):
    data = planted(each=5)
    turned = Comparisons(data.X[:, ::-1], data.labels, data.annotators, data.prompts)
    assert scores(fitted, turned) == pytest.approx(-scores(fitted, data), abs=ROUNDING)


def test_equal_items_are_a_tie(fitted):
    data = planted(each=2)
    tied = Comparisons(np.repeat(data.X[:, :1], 2, axis=1), data.labels, data.annotators, data.prompts)
    assert scores(fitted, tied) == pytest.approx(0, abs=ROUNDING)


def test_a_stranger_is_judged_at_the_mean_weights(fitted):
    data = planted(each=3)
    strangers = Comparisons(data.X, data.labels, ["nobody"] * len(data.labels), data.prompts)
    mean = np.mean(list(fitted.fitted_.weights().values()), axis=0)
    reward = fitted.scalar_reward(mean)
    prompts = data.prompts if isinstance(fitted, PALB) else None
    wanted = reward(data.X[:, 0], prompts) - reward(data.X[:, 1], prompts)
    assert scores(fitted, strangers) == pytest.approx(wanted, abs=ROUNDING)


@pytest.mark.parametrize("of", [3, {3: 1.0}], ids=["id", "mixture"])
def test_differences_of_the_scalar_reward_are_the_decisions(fitted, of):
    data = planted(each=3)
    own = Comparisons(data.X, data.labels, [3] * len(data.labels), data.prompts)
    reward = fitted.scalar_reward(of)
    prompts = data.prompts if isinstance(fitted, PALB) else None
    wanted = reward(data.X[:, 0], prompts) - reward(data.X[:, 1], prompts)
    assert scores(fitted, own) == pytest.approx(wanted, abs=ROUNDING)


def test_a_mixture_of_annotators_has_the_mixture_of_their_weights(fitted):
    weights = fitted.fitted_.weights()
    reward = fitted.scalar_reward({0: 0.25, 1: 0.75})
    assert reward.weights[0].numpy() == pytest.approx(0.25 * weights[0] + 0.75 * weights[1], abs=1e-6)


def test_pal_a_rewards_are_distances():
    model = fit(PALA(projector=PLAIN, training=QUICK), planted())
    ideal = model.fitted_.weights()[0] @ model.fitted_.network.prototypes.detach().numpy()
    items = np.random.default_rng(0).normal(size=(4, 5))
    assert model.scalar_reward(0)(items) == pytest.approx(-np.linalg.norm(items - ideal, axis=1), abs=ROUNDING)


@pytest.mark.parametrize("model", MODELS, ids=names)
def test_a_single_pair_is_enough(model):
    data = planted(annotators=1, each=1)
    fitted = fit(model, data)
    assert np.isfinite(scores(fitted, data)).all()
    adapted = fitted.adapt(data.X, data.labels, annotators=["b"], prompts=data.prompts)
    assert set(adapted.fitted_.weights()) == {0, "b"}


def test_the_epoch_best_in_validation_is_kept():
    data, held_out = planted(each=10), planted(each=10, seed=1001)
    flipped = Comparisons(held_out.X, -np.asarray(held_out.labels), held_out.annotators, held_out.prompts)
    model = fit(MODELS[0], data, validation=flipped)
    assert model.fitted_.history.kept == 0
    assert len(model.fitted_.history.validation) == QUICK.epochs
    first = clone(MODELS[0]).set_params(training=Training(epochs=1, batch_size=32, rates=QUICK.rates))
    assert np.array_equal(scores(fit(first, data), data), scores(model, data))


def test_adaptation_keeps_the_epoch_best_in_validation(fitted):
    few = planted(annotators=4, each=8, seed=1005)
    flipped = Comparisons(few.X, -np.asarray(few.labels), few.annotators, few.prompts)
    chosen = fitted.adapt(few.X, few.labels, annotators=few.annotators, prompts=few.prompts, validation=flipped)
    first = clone_with(fitted, Adaptation(epochs=1)).adapt(
        few.X, few.labels, annotators=few.annotators, prompts=few.prompts
    )
    for who, weights in first.fitted_.weights().items():
        assert chosen.fitted_.weights()[who] == pytest.approx(weights, abs=1e-6)


def test_learned_parameters_are_counted_by_part(fitted):
    counts = fitted.learned_parameters_
    assert counts["annotators"] == 20 * 2
    assert ("temperature" in counts) == isinstance(fitted, PALB)


def test_the_bound_keeps_ideal_points_short():
    data = planted()
    free, bound = (
        fit(PALB(training=Training(epochs=3, batch_size=32, rates=QUICK.rates, bound=at)), data) for at in (None, 0.01)
    )
    prompt = torch.ones(1, 5)
    lengths = [model.fitted_.network.mapped(prompt).norm(dim=-1).max().item() for model in (free, bound)]
    assert lengths[1] < 0.5 * lengths[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"X": np.zeros((3, 2))}, "n, 2, d"),
        ({"labels": np.array([0.0, 1.0, 1.0])}, "-1 or"),
        ({"annotators": ["a"]}, "1 for 3"),
        ({"prompts": None}, "prompts"),
        ({"prompts": np.ones((2, 5))}, "2 for 3"),
        ({"prompts": np.ones(3)}, "expected vectors"),
        ({"prompts": np.full((3, 5), np.inf)}, "row 0"),
    ],
)
def test_input_that_does_not_go_together_is_an_error(change, says):
    good = {"X": np.ones((3, 2, 5)), "labels": np.ones(3), "annotators": ["a", "b", "a"], "prompts": np.ones((3, 5))}
    given = good | change
    with pytest.raises(UserError, match=says):
        PALB().fit(given.pop("X"), given.pop("labels"), **given)


@pytest.mark.parametrize("shares", [{0: 0.5}, {0: 1.5, 1: -0.5}, np.ones(3) / 3, np.array([0.5, 0.6])])
def test_shares_and_weights_that_do_not_add_up_are_an_error(fitted, shares):
    with pytest.raises(UserError, match="add up to 1"):
        fitted.scalar_reward(shares)


def test_validation_knows_no_strangers(fitted):
    data = planted(each=2)
    strange = Comparisons(data.X, data.labels, ["x"] * len(data.labels), data.prompts)
    with pytest.raises(UserError, match="validation"):
        fit(MODELS[0], data, validation=strange)
    with pytest.raises(UserError, match="validation"):
        fitted.adapt(data.X, data.labels, annotators=data.annotators, prompts=data.prompts, validation=strange)


def test_no_prototypes_are_an_error():
    with pytest.raises(UserError, match="K must be at least 1"):
        fit(PALA(K=0), planted(each=1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("model", MODELS, ids=names)
def test_a_gpu_gives_the_same_but_for_rounding(model):
    data = planted(each=8)
    here, there = (fit(clone(model).set_params(device=device), data) for device in ("cpu", "cuda"))
    assert scores(there, data) == pytest.approx(scores(here, data), abs=0.05)
    adapted = there.adapt(data.X, data.labels, annotators=data.annotators, prompts=data.prompts)
    assert np.isfinite(scores(adapted, data)).all()
