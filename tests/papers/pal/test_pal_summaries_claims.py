"""Claims about summaries, on made-up records: what says so supports them, its opposite contradicts."""

from __future__ import annotations

import pytest
from made_pal_summaries import as_the_paper_says, opposite, series

from bench import papers

CLAIMS = {claim.name: claim for claim in papers.load("pal").claims if claim.experiments[0] in ("tldr", "quirks")}


def effect(name, means=as_the_paper_says, variant="corrected", drop=()):
    rows = series(CLAIMS[name].experiments[0], (variant,), means)
    return CLAIMS[name].evaluate(rows[~rows["method"].isin(drop)])


@pytest.mark.parametrize(
    ("name", "variant"), [(name, str(variant)) for name, claim in CLAIMS.items() for variant in claim.variants]
)
def test_what_the_paper_says_supports_it(name, variant):
    found = effect(name, variant=variant)
    assert found.p_for < 0.01
    assert found.p_against > 0.5
    assert found.replicates == 6


@pytest.mark.parametrize("name", CLAIMS)
def test_the_opposite_contradicts_it(name):
    found = effect(name, opposite)
    assert found.p_against < 0.01
    assert found.p_for > 0.5


@pytest.mark.parametrize("name", CLAIMS)
def test_without_pal_nothing_is_said(name):
    assert effect(name, drop=("pal_b",)) is None


def test_a_gain_that_is_not_large_is_not_enough():
    def small(method, condition):
        found = as_the_paper_says(method, condition)
        return found | {"unseen_accuracy_20": 0.9 if method == "pal_b" else 0.85}

    assert effect("tldr-large-gain-unseen", small).p_for > 0.5


def test_a_little_below_is_parity_and_more_is_not():
    def behind(by):
        def means(method, condition):
            found = as_the_paper_says(method, condition)
            return found | {"unseen_accuracy_20": found["seen_accuracy"] - by}

        return means

    assert effect("tldr-parity-by-20", behind(0.012)).p_for < 0.01
    assert effect("tldr-parity-by-20", behind(0.028)).p_against < 0.01
