"""Claims about known ideal points, on made-up records: what says so supports them, its opposite contradicts them."""

from __future__ import annotations

import pandas as pd
import pytest
from made_pal_synthetic import as_the_paper_says, opposite, series

from bench import papers
from bench.papers.pal.claims.synthetic import exponents, needed, needed_seen, needed_unseen

MADE = ("prototypes", "newcomers", "complexity")
CLAIMS = {claim.name: claim for claim in papers.load("pal").claims if claim.experiments[0] in MADE}


def effect(name, means=as_the_paper_says):
    return CLAIMS[name].evaluate(series(CLAIMS[name].experiments[0], means))


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
def test_without_records_of_pal_nothing_is_said(name):
    rows = series(CLAIMS[name].experiments[0])
    assert CLAIMS[name].evaluate(rows[rows["method"] != "pal_a"]) is None


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("prototypes-help", {"k_star": 5, "K": 4}),
        ("prototypes-reach", {"k_star": 4, "K": 4}),
        ("prototypes-too-many", {"k_star": 2, "K": 4}),
        ("prototypes-found", {"k_star": 3, "K": 3}),
        ("newcomers-as-seen", {"mixed": "mixed 0.5", "K": 3}),
        ("newcomers-beat-per-user", {"mixed": "one each", "K": 3}),
    ],
)
def test_one_population_in_which_it_fails_is_enough(name, condition):
    def failing(method, at):
        found = as_the_paper_says(method, at)
        if method != "pal_a" or any(at[key] != value for key, value in condition.items()):
            return found
        fallen = {metric: value - 0.4 for metric, value in found.items() if name != "newcomers-as-seen"}
        return {**found, **fallen} if fallen else {**found, "unseen_accuracy_40": 0.9}

    assert effect(name, failing).p_for > 0.5


def test_a_loss_within_the_margin_is_harmless_and_one_beyond_it_is_not():
    def losing(points):
        def means(method, at):
            found = as_the_paper_says(method, at)
            if method == "pal_a" and at["K"] > at["k_star"]:
                found["seen_accuracy"] -= points
            return found

        return effect("prototypes-too-many", means)

    assert losing(0.015).p_for < 0.01
    assert losing(0.025).p_against < 0.01


def test_comparisons_needed_lie_between_two_counts_on_a_line_in_their_logarithm():
    # target .95 - .05 = .90, half way between .85 after 4 and .95 after 16: the geometric mean of 4 and 16
    assert needed([4, 16], [0.85, 0.95]) == pytest.approx(8.0)
    assert needed([4, 8, 16], [0.5, 0.9, 0.95]) == pytest.approx(8.0)


def test_where_the_fewest_are_enough_they_are_what_is_needed():
    assert needed([3, 6, 12], [0.93, 0.95, 0.96]) == 3.0


def test_what_is_needed_is_found_again_for_seen_and_for_unseen_people():
    rows = series("complexity", spread=0.0)
    for found in (needed_seen(rows), needed_unseen(rows)):
        of_k = found[found["d"] == 12].groupby("k_star")["value"].mean()
        assert of_k[8] / of_k[4] == pytest.approx(2, rel=0.15)
        assert found[found["k_star"] == 4].groupby("d")["value"].mean().nunique() == 1


def test_an_exponent_is_the_slope_in_logarithms():
    table = pd.DataFrame(
        [{"seed": seed, "k_star": k, "d": 12, "value": (1 + seed) * k**0.7} for seed in (0, 1) for k in (2, 4, 8)]
    )
    found = exponents(table, "k_star")
    assert list(found["seed"]) == [0, 1]
    assert found["value"].to_numpy() == pytest.approx([0.7, 0.7])
    assert exponents(table, "d").empty
