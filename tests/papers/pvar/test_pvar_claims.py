"""PVar's claims on made-up records: each is supported by what says so, and contradicted by its opposite."""

from __future__ import annotations

import numpy as np
import pytest
from made_pvar import as_the_paper_says, opposite, series

from bench import papers
from bench.papers.pvar.contrasts import above, differences

MADE = ("order", "growth", "models", "human", "selectors", "losses", "efficiency", "confounds", "theory")
CLAIMS = {claim.name: claim for claim in papers.load("pvar").claims if claim.experiments[0] in MADE}
MAIN = {"pairs": "best_worst", "spread": "wide", "model": "large", "loss": "dpo"}


def effect(name, means=as_the_paper_says, drop=()):
    claim = CLAIMS[name]
    rows = series(claim.experiments[0], means)
    return claim.evaluate(rows[~rows["method"].isin(drop)])


@pytest.mark.parametrize("name", CLAIMS)
def test_what_the_paper_says_supports_it(name):
    found = effect(name)
    assert found.p_for < 0.01
    assert found.p_against > 0.5
    assert found.replicates == 6


@pytest.mark.parametrize("name", CLAIMS)
def test_the_opposite_contradicts_it(name):
    found = effect(name, opposite)
    assert found.p_against < 0.01
    assert found.p_for > 0.5


@pytest.mark.parametrize("name", CLAIMS)
def test_without_the_methods_that_it_compares_nothing_is_said(name):
    missing = "pvar_bottom" if name == "random-beats-low" else "pvar"
    assert effect(name, drop=(missing,)) is None


def test_an_order_of_three_needs_both_steps():
    def flat_bottom(method, condition):
        return as_the_paper_says("random" if method == "pvar_bottom" else method, condition)

    assert effect("order-with-small-model", flat_bottom).p_for > 0.05
    assert effect("order-with-small-model").detail.startswith("holds by itself at 2 of 2 conditions")


def test_every_other_selector_has_to_be_beaten():
    def one_as_good(method, condition):
        return as_the_paper_says("pvar" if method == "entropy" else method, condition)

    assert effect("beats-other-selectors", one_as_good).p_for > 0.05


def test_a_difference_is_paired_by_seed_and_the_mean_over_sizes():
    rows = series("order")
    found = differences(rows, "pvar", "random", where=MAIN)
    kept = rows[(rows["metric"] == "win_rate_over_sft") & (rows["pairs"] == "best_worst") & (rows["spread"] == "wide")]
    for seed, difference in zip(found["seed"], found["difference"], strict=True):
        own = kept[kept["seed"] == seed]
        by_size = [
            own.loc[(own["method"] == "pvar") & (own["fraction"] == part), "value"].item()
            - own.loc[(own["method"] == "random") & (own["fraction"] == part), "value"].item()
            for part in (0.1, 0.3, 0.5)
        ]
        assert difference == pytest.approx(np.mean(by_size))


def test_the_whole_pool_is_compared_whatever_the_size():
    rows = series("human")
    found = differences(rows, "pvar", "all", where={"pairs": "random_labelled"})
    assert len(found) == 6


def test_conditions_that_no_record_has_say_nothing():
    assert above(series("order"), steps=(("pvar", "random"),), where={**MAIN, "pairs": "equal_gap"}) is None
