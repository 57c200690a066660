"""How many labels random choice needs for one of PVar's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_pvar import as_the_paper_says, series

from bench.papers.pvar.efficiency import saves_labels, saving


def curve(ahead):
    """PVar's curve is that of random choice with `ahead` times the labels, a line in log(labels)."""

    def means(method, condition):
        labels = condition["fraction"] * (ahead if method == "pvar" else 1)
        return as_the_paper_says(method, condition) | {"win_rate_over_sft": 0.6 + 0.05 * math.log2(labels)}

    return means


@pytest.mark.parametrize("ahead", [1.0, 1.5, 3.0])
def test_a_curve_that_is_ahead_by_a_factor_saves_that_factor(ahead):
    found = saving(series("efficiency", curve(ahead)))
    assert found.ratio.low_value == pytest.approx(ahead, rel=0.1)  # the noise of a curve, in log2(labels), is .05
    assert found.ratio.low < ahead * 1.1
    assert found.ratio.high > ahead * 0.9


def test_the_target_is_what_random_choice_has_with_three_tenths_of_the_pool():
    found = saving(series("efficiency", curve(2.0)))
    assert found.target == pytest.approx(0.6 + 0.05 * math.log2(0.3), abs=0.006)
    assert "30 % of the pool" in found.words


def test_who_never_gets_there_has_a_range():
    rows = series("efficiency", curve(0.3)).query("method != 'all'")
    found = saving(rows)
    assert found.ratio.low_value < found.ratio.high_value
    assert "to" in found.words


def test_the_test_is_of_the_difference_at_equal_budgets():
    effect = saves_labels(series("efficiency", curve(2.0)))
    assert effect.p_for < 1e-3
    assert effect.estimate == pytest.approx(2.0, rel=0.1)
    none = saves_labels(series("efficiency", curve(1.0)))
    assert none.p_for > 0.05
    assert none.p_against > 0.05


def test_with_two_seeds_nothing_is_said():
    rows = series("efficiency", seeds=2)
    assert saving(rows) is None
    assert saves_labels(rows) is None


def test_a_seed_that_lacks_a_budget_is_left_out():
    rows = series("efficiency", curve(2.0))
    lacking = rows[~((rows["seed"] == 3) & (rows["fraction"] == 0.2) & (rows["method"] == "pvar"))]
    assert saving(lacking).ratio.low_value == pytest.approx(2.0, rel=0.1)
    assert np.isfinite(saving(lacking).ratio.high)
