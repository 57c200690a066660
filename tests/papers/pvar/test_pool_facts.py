"""What goes with preference variance in a pool."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from tiny_pvar import planned

from bench.papers.pvar.experiments import POOL
from bench.papers.pvar.pool_facts import partial_rank_correlation, pool_facts, rank_correlation
from bench.select.pvar import preference_variance

random = np.random.default_rng(0)


def test_a_rank_correlation_is_spearmans_with_ties_too():
    one, other = random.integers(5, size=60).astype(float), random.normal(size=60)
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)


def test_a_partial_correlation_given_one_other_is_kendalls_formula():
    one, other, given = random.normal(size=(3, 80))
    other, one = other + given, one - 0.5 * given
    a, b, c = spearmanr(one, other).statistic, spearmanr(one, given).statistic, spearmanr(other, given).statistic
    expected = (a - b * c) / np.sqrt((1 - b**2) * (1 - c**2))
    assert partial_rank_correlation(one, other, [given]) == pytest.approx(expected)


def test_what_goes_only_through_another_is_nothing_given_that():
    given = random.normal(size=4000)
    one, other = given + random.normal(size=(2, 4000))
    assert rank_correlation(one, other) > 0.4
    assert abs(partial_rank_correlation(one, other, [given])) < 0.05


def test_given_itself_nothing_is_left():
    one, other = random.normal(size=(2, 50))
    assert partial_rank_correlation(one, other, [one]) == 0
    assert rank_correlation(np.ones(50), other) == 0


def test_the_correlations_are_of_the_pools_prompts(context, lab):
    (task,) = [task for task in planned("confounds") if task.method == POOL and task.condition["spread"] == "wide"]
    metrics = pool_facts(task, context).metrics
    variance = preference_variance(lab.rewards("wide", "large"))
    lengths = [np.mean([len(y) for y in group.responses]) for group in lab.pool("wide")[1]]
    assert metrics["rank_with_length"] == pytest.approx(spearmanr(variance, lengths).statistic)
    gap = np.ptp(lab.rewards("wide", "large"), axis=1)
    assert metrics["rank_with_gap"] == pytest.approx(spearmanr(variance, gap).statistic)
    assert all(-1 <= value <= 1 for value in metrics.values())


def test_stakes_do_not_vary_in_an_even_pool(context):
    (task,) = [task for task in planned("confounds") if task.method == POOL and task.condition["spread"] == "even"]
    assert pool_facts(task, context).metrics["rank_with_stakes"] == 0
