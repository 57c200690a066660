"""The general preference model: skew-symmetric scores, cycles, and Bradley-Terry as one of its special cases."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from bench.errors import UserError
from bench.learn.reward.general_preference import GeneralPreferenceModel, _Problem, embedding, scores
from bench.learn.reward.personal.shared import SharedBradleyTerry

CYCLE = np.array([[0.0, 1.0, -1.0], [-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]])  # rock, paper, scissors


def skew(m, rank, seed=0):
    factors = np.random.default_rng(seed).normal(size=(rank, m))
    return sum(np.outer(a, b) - np.outer(b, a) for a, b in zip(factors[0::2], factors[1::2], strict=True))


def all_scores(vectors):
    return scores(vectors[:, None], vectors[None])


def told(matrix, times):
    """`times` comparisons of every pair of one-hot items; the share that each wins is F(matrix) to 1 / times."""
    first, second = np.nonzero(np.triu(np.ones_like(matrix), k=1))
    wins = np.round(times / (1 + np.exp(-matrix[first, second]))).astype(int)
    labels = np.concatenate([np.where(np.arange(times) < won, 1, -1) for won in wins])
    one_hot = np.eye(len(matrix))
    X = np.stack([one_hot[np.repeat(first, times)], one_hot[np.repeat(second, times)]], axis=1)
    return X, labels, np.log(wins / (times - wins))


def fit(model, X, labels, prompts=None):
    return model.fit(X, labels, annotators=["everybody"] * len(X), prompts=prompts)


def judge(model, X, prompts=None):
    return model.decision_function(X, annotators=["somebody"] * len(X), prompts=prompts)


@pytest.mark.parametrize(("m", "rank"), [(3, 2), (8, 4), (9, 8), (10, 10)])
def test_every_skew_symmetric_matrix_of_rank_2k_has_vectors_of_k_blocks(m, rank):
    matrix = skew(m, rank)
    np.testing.assert_allclose(all_scores(embedding(matrix, rank // 2)), matrix, atol=1e-10)


def test_fewer_blocks_give_the_closest_matrix():
    """Eckart and Young: what is missing are the smaller singular values."""
    matrix = skew(9, 8)
    missing = np.linalg.norm(all_scores(embedding(matrix, 2)) - matrix)
    assert missing == pytest.approx(np.sqrt((np.linalg.svd(matrix)[1][4:] ** 2).sum()))


def test_scores_are_skew_symmetric_to_the_last_bit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2, 6))
    model = fit(GeneralPreferenceModel(), X, rng.choice([-1, 1], 80))
    np.testing.assert_array_equal(judge(model, X[:, ::-1]), -judge(model, X))
    assert (judge(model, X[:, [0, 0]]) == 0).all()


def test_rock_paper_scissors_is_learnt_exactly():
    X, labels, log_odds = told(2.0 * CYCLE, 500)
    model = fit(GeneralPreferenceModel(blocks=1, ridge=1e-8), X, labels)
    pairs = X[::500]
    np.testing.assert_allclose(judge(model, pairs), log_odds, atol=1e-4)


def test_a_bradley_terry_model_says_nothing_of_a_cycle():
    X, labels, _ = told(2.0 * CYCLE, 500)
    np.testing.assert_allclose(judge(fit(SharedBradleyTerry(), X, labels), X), 0.0, atol=1e-6)


def test_any_table_of_chances_is_learnt_exactly_with_enough_blocks():
    X, labels, log_odds = told(np.tanh(skew(5, 4, seed=3)), 400)
    model = fit(GeneralPreferenceModel(blocks=2, ridge=1e-8, max_iter=5000), X, labels)
    np.testing.assert_allclose(judge(model, X[::400]), log_odds, atol=1e-3)


def test_rewards_are_one_block_of_a_response_and_a_constant():
    """v = (r(y), 1): what Bradley and Terry fit without a prior is what one block fits to transitive comparisons."""
    rng = np.random.default_rng(1)
    rewards = rng.normal(size=6)
    vectors = np.column_stack([rewards, np.ones(6)])
    np.testing.assert_allclose(all_scores(vectors), rewards[:, None] - rewards[None], atol=1e-15)
    X, labels, _ = told(rewards[:, None] - rewards[None], 5000)
    ours, theirs = fit(GeneralPreferenceModel(1, 1e-9, 5000), X, labels), fit(SharedBradleyTerry(), X, labels)
    np.testing.assert_allclose(judge(ours, X[::5000]), judge(theirs, X[::5000]), atol=0.03)


@pytest.mark.parametrize("width", [0, 3])
def test_the_gradient_is_that_of_the_objective(width):
    rng = np.random.default_rng(2)
    problem = _Problem(rng.normal(size=(12, 2, 4)), rng.normal(size=(12, width)), 2, 0.3)
    point = rng.normal(size=16 + 2 * width)
    numeric = approx_fprime(point, lambda at: problem(at)[0], 1e-6)
    np.testing.assert_allclose(problem(point)[1], numeric, atol=1e-4)


def test_with_enough_blocks_the_fit_is_the_global_minimum():
    """The ridge on A is a nuclear norm, so the problem is convex: at its minimum the gradient's norm is its factor."""
    rng = np.random.default_rng(3)
    X, labels = rng.normal(size=(150, 2, 5)), rng.choice([-1, 1], 150)
    model = fit(GeneralPreferenceModel(blocks=3, ridge=0.2, max_iter=5000), X, labels)
    phi = model._features(np.where(labels[:, None, None] > 0, X, X[:, ::-1]))
    chance_of_the_other = 1 / (1 + np.exp(np.abs(judge(model, X)) * np.sign(judge(model, X)) * labels))
    outer = (phi[:, 0] * chance_of_the_other[:, None]).T @ phi[:, 1]
    assert np.linalg.norm(outer - outer.T, ord=2) == pytest.approx(0.2 * np.sqrt(150), abs=1e-3)


def test_prompts_decide_which_rotation_counts():
    """Cycles that run one way for one prompt and the other way for another: a scale alone cannot turn a block."""
    rng = np.random.default_rng(4)
    items, asked = rng.normal(size=(600, 2, 4)), rng.integers(2, size=600)
    first = items[:, 0, 0] * items[:, 1, 1] - items[:, 0, 1] * items[:, 1, 0]
    second = items[:, 0, 2] * items[:, 1, 3] - items[:, 0, 3] * items[:, 1, 2]
    labels = np.where(np.where(asked == 0, first, second) > 0, 1, -1)
    prompts = np.eye(2)[asked]
    gated = fit(GeneralPreferenceModel(2, 0.01), items, labels, prompts)
    blind = fit(GeneralPreferenceModel(2, 0.01), items, labels)
    assert np.mean(np.sign(judge(gated, items, prompts)) == labels) > 0.97
    assert np.mean(np.sign(judge(blind, items)) == labels) < 0.85


def test_a_shift_or_a_unit_of_features_changes_nothing():
    rng = np.random.default_rng(5)
    X, labels = rng.normal(size=(60, 2, 4)), rng.choice([-1, 1], 60)
    shifted = 3.0 * X + rng.normal(size=4)
    ours, theirs = fit(GeneralPreferenceModel(), X, labels), fit(GeneralPreferenceModel(), shifted, labels)
    np.testing.assert_allclose(judge(ours, X), judge(theirs, shifted), atol=1e-4)


def test_the_order_of_comparisons_and_of_their_items_changes_no_bit():
    rng = np.random.default_rng(6)
    X, labels, order = rng.normal(size=(50, 2, 4)), rng.choice([-1, 1], 50), rng.permutation(50)
    said = judge(fit(GeneralPreferenceModel(), X, labels), X)
    np.testing.assert_array_equal(judge(fit(GeneralPreferenceModel(), X[order], labels[order]), X), said)
    np.testing.assert_array_equal(judge(fit(GeneralPreferenceModel(), X[:, ::-1], -labels), X), said)


def test_one_comparison_is_enough():
    X = np.random.default_rng(7).normal(size=(1, 2, 4))
    assert judge(fit(GeneralPreferenceModel(), X, [-1]), X) < 0


@pytest.mark.parametrize(("name", "value"), [("blocks", 0), ("ridge", 0.0), ("max_iter", 0)])
def test_parameters_out_of_range_are_named(name, value):
    with pytest.raises(UserError, match=name):
        fit(GeneralPreferenceModel(**{name: value}), np.ones((2, 2, 3)), [1, -1])
