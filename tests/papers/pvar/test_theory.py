"""The theory's metrics: each column against its formula written out, each correlation against another formula of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from bench.errors import UserError
from bench.papers.pvar.theory import COVARIATES, EFFECTS, LABELS, Pool, measured, summary
from bench.select.pvar import preference_variance

BETA, K = 0.1, 5


def pool(prompts=60, moved=1.0):
    """Gradients that share a direction and differ in length from prompt to prompt; two kinds of rewards that agree."""
    draw = np.random.default_rng(0)
    gradients = draw.normal(size=(prompts, K, 12)) * draw.uniform(1, 2, size=(prompts, 1, 1)) + 0.5
    rewards = draw.normal(size=(prompts, K)) * draw.uniform(0.1, 3, size=(prompts, 1))
    return Pool(
        grams=gradients @ gradients.transpose(0, 2, 1),
        rewards=rewards,
        gold=rewards + 0.3 * draw.normal(size=(prompts, K)),
        log_ratios=moved * draw.normal(size=(prompts, K)),
        lengths=draw.integers(3, 30, size=(prompts, K)).astype(float),
    )


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def test_columns_are_the_formulas_written_out():
    data = pool()
    found = measured(data, BETA)
    row = 7
    gram, h = data.grams[row], data.log_ratios[row]
    pairs = [(i, j) for i in range(K) for j in range(K) if i != j]
    p = np.array([sigmoid(BETA * (h[i] - h[j])) for i, j in pairs])
    largest = np.sqrt(gram.diagonal().max())
    for name, rewards in (("own", data.rewards[row]), ("gold", data.gold[row])):
        q = np.array([sigmoid(rewards[i] - rewards[j]) for i, j in pairs])
        coefficients = np.zeros(K)
        for (i, j), pull in zip(pairs, q - p, strict=True):
            coefficients[i] -= BETA * pull / len(pairs)
            coefficients[j] += BETA * pull / len(pairs)
        norm = np.sqrt(coefficients @ gram @ coefficients)
        limit = 2 * BETA * largest * (np.sqrt(((p - 0.5) ** 2).mean()) + np.sqrt(((q - 0.5) ** 2).mean()))
        squared = np.array([gram[i, i] + gram[j, j] - 2 * gram[i, j] for i, j in pairs])
        second = BETA**2 * ((q * (1 - p) ** 2 + (1 - q) * p**2) * squared).mean()
        assert found[f"norm_{name}"][row] == pytest.approx(norm)
        assert found[f"bound_{name}"][row] == pytest.approx(limit)
        assert found[f"used_{name}"][row] == pytest.approx(norm / limit)
        assert found[f"ratio_of_signal_{name}"][row] == pytest.approx(norm / np.sqrt(second - norm**2))
        mean_length = BETA * ((q * (1 - p) + (1 - q) * p) * np.sqrt(squared)).mean()
        assert found[f"length_of_update_{name}"][row] == pytest.approx(mean_length)
    assert found["largest"][row] == pytest.approx(largest)
    np.testing.assert_allclose(found["pvar_own"], preference_variance(data.rewards))
    np.testing.assert_allclose(found["pvar_theta"], preference_variance(BETA * data.log_ratios))
    np.testing.assert_allclose(found["gap"], data.rewards.max(1) - data.rewards.min(1))
    np.testing.assert_allclose(found["length"], data.lengths.mean(1))
    np.testing.assert_allclose(found["length_difference"], data.lengths.max(1) - data.lengths.min(1))


def test_the_bound_holds_on_every_prompt_and_a_norm_above_it_is_seen():
    columns = measured(pool(), BETA)
    found = summary(columns)
    for name in LABELS:
        assert found[f"holds_{name}"] == found[f"cube_root_holds_{name}"] == 1
        assert 0.2 < found[f"used_median_{name}"] < found[f"used_most_{name}"] <= 1
    broken = {**columns, "norm_own": columns["norm_own"] * np.where(np.arange(60) < 6, 20, 1)}
    assert summary(broken)["holds_own"] == pytest.approx(0.9)
    assert summary(broken)["holds_gold"] == 1


def test_the_policys_own_variance_bounds_nothing_before_the_first_step():
    found = summary(measured(pool(moved=0.0), BETA))
    assert found["alone_holds_own"] == found["alone_holds_gold"] == 0
    assert found["holds_own"] == 1


def test_rank_correlations_are_spearmans_and_partial_ones_those_of_the_inverse_correlation_matrix():
    """Another formula for the same number (Whittaker 1990, section 5.8): -P_12 / sqrt(P_11 P_22), P = R^-1."""
    columns = measured(pool(), BETA)
    found = summary(columns)
    for effect in (f"{effect}_{name}" for effect in EFFECTS for name in LABELS):
        both = [columns["pvar_own"], columns[effect]]
        assert found[f"rank_{effect}"] == pytest.approx(spearmanr(*both).statistic)
        for label, given in (*((name, [name]) for name in COVARIATES), ("all", COVARIATES)):
            ranks = [rankdata(values) for values in (*both, *(columns[name] for name in given))]
            precision = np.linalg.inv(np.corrcoef(ranks))
            expected = -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])
            assert found[f"rank_{effect}_given_{label}"] == pytest.approx(expected)
    assert abs(found["rank_norm_own"] - found["rank_norm_own_given_gap"]) > 0.1  # so that the two could be told apart


def test_all_metrics_are_numbers_and_none_is_missing():
    found = summary(measured(pool(), BETA))
    assert len(found) == 2 * (5 + 3 * 6)
    assert all(np.isfinite(value) for value in found.values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gold": np.zeros((60, 4))}, r"gold has shape \(60, 4\) and rewards \(60, 5\)"),
        ({"grams": np.zeros((59, K, K))}, "grams must be 60 matrices"),
    ],
)
def test_arrays_of_different_sizes_are_refused(change, words):
    with pytest.raises(UserError, match=words):
        replace(pool(), **change)
