"""Who chooses prompts of the pool."""

from __future__ import annotations

import numpy as np
import pytest

from bench.papers.pvar import selecting
from bench.papers.pvar.methods import BASELINES, METHODS
from bench.papers.pvar.selecting import SELECTORS, chosen, scores
from bench.select import preference_variance


@pytest.mark.parametrize("method", METHODS)
def test_a_method_chooses_as_many_as_its_budget_in_their_order(lab, method):
    rows = chosen(lab, method, "wide", "large", 0.5)
    assert len(set(rows.tolist())) == 12
    assert (np.diff(rows) > 0).all()


def test_top_and_bottom_have_the_highest_and_lowest_variance_there_is(lab):
    variance = preference_variance(lab.rewards("wide", "small"))
    ordered = np.sort(variance)
    for method, expected in (("pvar", ordered[-8:]), ("pvar_bottom", ordered[:8])):
        rows = chosen(lab, method, "wide", "small", 1 / 3)
        np.testing.assert_allclose(np.sort(variance[rows]), expected)


def test_random_choice_looks_at_no_reward(lab, monkeypatch):
    monkeypatch.setattr(type(lab), "rewards", None)
    assert len(chosen(lab, "random", "wide", "large", 0.25)) == 6


def test_smaller_budgets_are_parts_of_larger_ones(lab):
    for method in ("pvar", "pvar_bottom", "random"):
        small, large = (set(chosen(lab, method, "wide", "large", part).tolist()) for part in (0.25, 0.5))
        assert small < large


def test_all_is_the_whole_pool(lab):
    np.testing.assert_array_equal(chosen(lab, "all", "wide", "large", 1.0), np.arange(24))


def test_scores_of_a_selector_are_made_once(lab, monkeypatch):
    first = scores(lab, "entropy", "wide", "large")
    monkeypatch.setattr(selecting, "SELECTORS", {})
    np.testing.assert_array_equal(scores(lab, "entropy", "wide", "large"), first)


def test_every_selector_is_compared(lab):
    assert {METHODS[name].selector for name in ("pvar", *BASELINES)} == set(SELECTORS)


@pytest.mark.parametrize("method", ["entropy", "perplexity", "reference_margin"])
def test_what_is_known_of_the_pool_serves_as_well_as_the_policy_itself(lab, method, monkeypatch):
    groups = lab.pool("wide")[1]
    known = SELECTORS[method](lab, "wide", "large").scores(groups)
    monkeypatch.setattr(lab, "reference", lambda spread: None)
    np.testing.assert_allclose(known, SELECTORS[method](lab, "wide", "large").scores(groups), rtol=1e-5)
