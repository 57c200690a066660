from collections import Counter

import numpy as np
from sklearn.linear_model import LogisticRegression

from bench.data import made
from bench.data.features import longer_wins


def test_the_dataset_is_the_same_everywhere() -> None:
    assert made.load().fingerprint == made.FINGERPRINT


def test_every_prompt_has_all_comparisons_of_its_answers() -> None:
    dataset = made.load()
    groups = Counter(pair.group for pair in dataset.pairs)
    assert len(groups) == made.PROMPTS
    assert set(groups.values()) == {made.ANSWERS * (made.ANSWERS - 1) // 2}
    assert all(pair.chosen != pair.rejected for pair in dataset.pairs)


def test_the_gold_reward_is_sparse() -> None:
    truth = made.truth()
    assert np.count_nonzero(truth.weights) == len(made.WEIGHTS) == 6
    assert len(truth.weights) == len(truth.attributes) == 20


def test_attributes_are_in_the_text() -> None:
    dataset, truth = made.load(), made.truth()
    column = truth.attributes.index("rude")
    for pair, rude in zip(dataset.pairs, truth.chosen[:, column], strict=True):
        assert any(sentence in pair.chosen for sentence in made.SENTENCES["rude"]) == bool(rude)


def test_labels_follow_the_gold_reward() -> None:
    # An unpenalised Bradley-Terry fit on the true attributes must find the weights the labels were drawn with.
    truth = made.truth()
    differences = truth.chosen - truth.rejected
    signs = np.where(np.random.default_rng(0).random(len(differences)) < 0.5, -1.0, 1.0)
    fit = LogisticRegression(C=np.inf, fit_intercept=False).fit(differences * signs[:, None], signs)
    standard_error = 1 / np.sqrt(np.sum(differences**2 * 0.2, axis=0))
    assert np.all(np.abs(fit.coef_[0] - truth.weights) < 4 * standard_error)


def test_length_says_little() -> None:
    assert 0.5 < longer_wins(made.load()) < 0.6


def test_the_best_possible_accuracy_leaves_room() -> None:
    agreement = made.truth().agreement
    ceiling = np.mean(np.maximum(agreement, 1 - agreement))
    assert longer_wins(made.load()) + 0.15 < ceiling < 0.8
