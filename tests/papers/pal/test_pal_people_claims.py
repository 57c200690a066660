"""Claims about people who judged texts, on made-up records: what says so supports them, its opposite contradicts."""

from __future__ import annotations

import pandas as pd
import pytest
from made_pal_people import PAL, as_the_paper_says, opposite, series

from bench import papers
from bench.verdict.contrasts import differences

MADE = ("personas", "people", "groups")
CLAIMS = {claim.name: claim for claim in papers.load("pal").claims if claim.experiments[0] in MADE}


def effect(name, means=as_the_paper_says, drop=()):
    rows = series(CLAIMS[name].experiments[0], means)
    return CLAIMS[name].evaluate(rows[~rows["method"].isin(drop)])


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
def test_without_pal_nothing_is_said(name):
    assert effect(name, drop=PAL) is None


def test_a_gain_on_one_data_set_is_not_enough():
    def only_dsp(method, condition):
        plain = condition["dataset"] == "vpl_hh" and method in PAL
        return as_the_paper_says("shared" if plain else method, {**condition, "K": None} if plain else condition)

    assert effect("groups-gain", only_dsp).p_for > 0.05


def test_every_step_to_the_right_number_of_prototypes_has_to_help():
    def flat_at_the_end(method, condition):
        K = condition.get("K")
        return as_the_paper_says(method, {**condition, "K": 3} if method in PAL and K == 4 else condition)

    assert effect("personas-prototypes-help", flat_at_the_end).p_for > 0.05


def test_one_personal_model_above_the_shared_one_suffices():
    def only_clusters(method, condition):
        return as_the_paper_says(method if method == "clusters" else "shared", {**condition, "K": 1})

    found = effect("workers-some-personal-helps", only_clusters)
    assert found.p_for < 0.01
    assert found.detail.startswith("the best is clusters; above by themselves: clusters")


def test_the_gain_over_others_is_not_the_gain_of_newcomers():
    def as_much_unseen_as_seen(method, condition):
        found = as_the_paper_says(method, condition)
        return {**found, "unseen_accuracy_20": found["seen_accuracy"] - 0.01}

    assert effect("people-larger-gain-unseen", as_much_unseen_as_seen).p_for > 0.05


def test_two_rows_for_one_seed_are_refused():
    row = {"method": "shared", "metric": "seen_accuracy", "seed": 0, "dataset": "dsp", "value": 0.7}
    with pytest.raises(ValueError, match="several rows"):
        differences(pd.DataFrame([row, row]), ("shared", {}), ("shared", {}), ("dataset",), "seen_accuracy")
