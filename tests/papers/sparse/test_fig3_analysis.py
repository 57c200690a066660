"""The parabola in log beta, the choice of beta with and without the test set, and the gain that the claim tests."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from bench.papers.sparse.fig3 import CLAIM, l1_gain
from bench.papers.sparse.fig3_analysis import fitted_rows, gains, quadratic_vertex, select_beta
from bench.spec import Variant

# Means over seeds as read off the authors' Figure 3 (paper_results/sparse.yaml), at the betas they plot
PYTHIA = {
    -4.5: 60.9, -4: 60.6, -3.75: 60.9, -3.25: 61.45, -3: 60.5, -2.75: 61.45, -2.5: 61.6, -2: 61.35, -1: 61.8,
    -0.5: 60.9, 0: 61.4, math.log10(2): 60.75, math.log10(4): 61.4, math.log10(8): 60.65,
}  # fmt: skip


def rows(values, metric="accuracy", variant="corrected", model="m"):
    """`values`: beta -> one value a seed."""
    return [
        {"variant": variant, "model": model, "dataset": "d", "beta": beta, "seed": seed, "metric": metric, "value": v}
        for beta, seeds in values.items()
        for seed, v in enumerate(seeds)
    ]


def test_the_vertex_of_an_exact_parabola_is_found():
    betas = np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0])
    vertex = quadratic_vertex(betas, 0.7 - 0.01 * (np.log10(betas) + 2.5) ** 2)
    assert vertex.log10_beta == pytest.approx(-2.5)
    assert vertex.accuracy == pytest.approx(0.7)
    assert vertex.maximum


def test_the_figures_points_give_the_figures_printed_beta_and_accuracy():
    """Printed inside the figure: beta* = 2.8e-2, accuracy 61.4. The points are read to +-0.06."""
    vertex = quadratic_vertex([10**e for e in PYTHIA], list(PYTHIA.values()))
    assert vertex.log10_beta == pytest.approx(math.log10(2.8e-2), abs=0.1)
    assert vertex.accuracy == pytest.approx(61.4, abs=0.05)


def test_beta_zero_has_no_logarithm_and_takes_no_part():
    betas, accuracies = [1e-3, 1e-2, 1e-1, 1.0], [0.6, 0.7, 0.65, 0.5]
    assert quadratic_vertex([0, *betas], [0.99, *accuracies]) == quadratic_vertex(betas, accuracies)


def test_a_parabola_that_opens_upwards_has_no_maximum():
    assert not quadratic_vertex([1e-3, 1e-2, 1e-1], [0.7, 0.6, 0.7]).maximum


@pytest.mark.parametrize("accuracies", [[0.5, 0.5, 0.5, 0.5], [0.1, 0.2, 0.3, 0.4]])
def test_a_straight_line_has_no_vertex(accuracies):
    vertex = quadratic_vertex([1e-3, 1e-2, 1e-1, 1], accuracies)
    assert math.isnan(vertex.log10_beta)
    assert not vertex.maximum


def test_two_positive_betas_make_no_parabola():
    with pytest.raises(ValueError, match="three different positive betas"):
        quadratic_vertex([0, 1e-2, 1e-1], [0.6, 0.7, 0.6])


def test_as_released_selects_on_test_and_corrected_on_validation():
    test = {0.0: [0.9], 1e-3: [0.60], 1e-2: [0.70], 1e-1: [0.60]}
    validation = {0.0: [0.9], 1e-3: [0.70], 1e-2: [0.60], 1e-1: [0.60]}
    series = pd.DataFrame(rows(test) + rows(validation, "validation_accuracy"))
    assert select_beta(series, Variant.AS_RELEASED) == 1e-2
    assert select_beta(series, Variant.CORRECTED) == 1e-3


def test_of_equally_good_betas_the_sparser_model_is_selected():
    series = pd.DataFrame(rows({1e-3: [0.6], 1e-2: [0.6], 1e-1: [0.5]}, "validation_accuracy"))
    assert select_beta(series, Variant.CORRECTED) == 1e-2


def test_without_a_maximum_as_released_takes_the_best_beta_of_the_grid():
    series = pd.DataFrame(rows({1e-3: [0.7], 1e-2: [0.5], 1e-1: [0.71]}))
    assert select_beta(series, Variant.AS_RELEASED) == 1e-1


def test_corrected_needs_validation_accuracies():
    with pytest.raises(ValueError, match="no validation_accuracy"):
        select_beta(pd.DataFrame(rows({1e-3: [0.7]})), Variant.CORRECTED)


def claim_series(gain):
    noise = np.random.default_rng(1000).normal(0, 0.005, (2, 6))
    test = {0.0: (0.6 + noise[0]).tolist(), 1e-2: (0.6 + gain + noise[1]).tolist(), 1.0: [0.5] * 6}
    validation = {1e-2: [0.6] * 6, 1.0: [0.5] * 6}
    return pd.DataFrame(rows(test) + rows(validation, "validation_accuracy"))


def test_gains_are_paired_by_seed_at_the_selected_beta():
    series = claim_series(0.05)
    found = gains(series)
    cell = series[series["metric"] == "accuracy"].pivot(index="seed", columns="beta", values="value")
    assert found["difference"].tolist() == pytest.approx((cell[1e-2] - cell[0.0]).tolist())
    assert set(found["beta"]) == {1e-2}


def test_the_claim_turns_with_the_gain():
    assert l1_gain(claim_series(0.05)).p_for < 0.001
    assert l1_gain(claim_series(-0.05)).p_against < 0.001
    undecided = l1_gain(claim_series(0.0))
    assert min(undecided.p_for, undecided.p_against) > 0.05


def test_the_claim_needs_runs_with_and_without_penalty():
    series = claim_series(0.05)
    assert CLAIM.evaluate(series[series["beta"] > 0]) is None


def test_fitted_rows_average_to_the_fit_over_all_seeds():
    rng = np.random.default_rng(1000)
    betas = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]
    values = {b: (0.7 - 0.01 * (math.log10(b) + 2) ** 2 + rng.normal(0, 0.001, 5)).tolist() for b in betas}
    series = pd.DataFrame(rows({0.0: [0.6] * 5, **values}))
    found = pd.DataFrame(fitted_rows(series))
    pooled = quadratic_vertex([b for b in betas for _ in range(5)], [v for seeds in values.values() for v in seeds])
    means = found.groupby(["metric", "beta"], dropna=False)["value"].mean()
    assert means["best_fitted_accuracy"].item() == pytest.approx(pooled.accuracy, abs=1e-4)
    assert means["log10_best_fitted_beta"].item() == pytest.approx(pooled.log10_beta, abs=1e-2)
    expected = 0.7 - 0.01 * (np.log10(betas) + 2) ** 2
    assert means["fitted_accuracy"].to_numpy() == pytest.approx(expected, abs=2e-3)
    assert found.groupby("metric")["seed"].nunique().eq(5).all()


def test_no_row_at_the_vertex_of_a_parabola_without_a_maximum():
    series = pd.DataFrame(rows({1e-3: [0.7, 0.71], 1e-2: [0.5, 0.51], 1e-1: [0.7, 0.72]}))
    assert set(pd.DataFrame(fitted_rows(series))["metric"]) == {"fitted_accuracy"}
