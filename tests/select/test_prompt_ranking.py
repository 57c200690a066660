"""Two rankings compared, against scipy, and the standard error of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import sem, spearmanr

from bench.select.ranking import PARTS, rank_correlation, top, with_error


def test_the_rank_correlation_is_scipys_averaged_over_draws():
    first, second = np.random.default_rng(0).integers(0, 12, size=(2, 30, 4)).astype(float)  # with ties
    expected = np.mean([spearmanr(a, b).statistic for a, b in zip(first.T, second.T, strict=True)])
    assert rank_correlation(first, second) == pytest.approx(expected)


def test_where_all_are_alike_there_is_no_order_to_agree_with():
    assert np.isnan(rank_correlation(np.ones((5, 1)), np.arange(5.0)[:, None]))


@settings(deadline=None)
@given(arrays(np.float64, (7, 3), elements=st.integers(-3, 3)), st.floats(0.01, 1))
def test_the_top_share_holds_the_largest_of_every_column(values, share):
    chances = top(values, share)
    for column, chance in zip(values.T, chances.T, strict=True):
        assert chance.sum() == pytest.approx(max(1, round(7 * share)))
        border = column[chance > 0].min()
        assert (chance[column > border] == 1).all()
        assert (chance[column < border] == 0).all()
        assert len(set(chance[column == border])) == 1


def test_the_error_of_a_mean_is_the_textbooks():
    values = np.random.default_rng(0).normal(size=PARTS)
    assert with_error(np.mean, values) == pytest.approx((values.mean(), sem(values)))


def test_of_many_prompts_the_error_is_that_of_the_means_of_parts():
    values = np.random.default_rng(0).normal(size=PARTS * 50)
    parts = values.reshape(50, PARTS).mean(axis=0)
    assert with_error(np.mean, values)[1] == pytest.approx(sem(parts))
