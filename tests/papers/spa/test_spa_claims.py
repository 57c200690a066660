"""SPA's claims on made-up records: each is supported by what says so, and contradicted by its opposite."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from made_spa import as_the_paper_says, opposite, series

from bench import papers
from bench.spec import Variant

CLAIMS = {claim.name: claim for claim in papers.load("spa").claims}


def effect(name, means=as_the_paper_says, drop=None, **options):
    claim = CLAIMS[name]
    rows = series(claim.experiments[0], means, **options)
    return claim.evaluate(rows if drop is None else rows[~rows["method"].isin(drop)])


def changed(method, number, **metrics):
    """What the paper says, but for some metrics of one policy."""

    def means(name, condition):
        found = as_the_paper_says(name, condition)
        return found | metrics if (name, condition.get("iteration", 0)) == (method, number) else found

    return means


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_supported_where_it_is_so_and_contradicted_by_the_opposite(name):
    found = effect(name)
    assert found.p_for < 1e-3
    assert found.p_against > 0.5
    assert found.replicates == 6
    assert found.low <= found.estimate <= found.high
    against = effect(name, opposite)
    assert against.p_for > 0.5
    assert against.p_against < 1e-3


@pytest.mark.parametrize("name", CLAIMS)
def test_nothing_is_claimed_of_what_has_not_been_run(name):
    rows = series(CLAIMS[name].experiments[0])
    for method in ("spa", "spa_no_seed"):
        rows = rows[rows["method"] != method]
    started = rows[rows["method"].isin(["sft", "instruct"])].dropna(axis=1, how="all")
    assert CLAIMS[name].evaluate(started) is None


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("few-labels-beat-all", "zephyr"),
        ("each-iteration-adds", "dpo"),
        ("direct-judgement-beats-judges", "iterative_dpo_pairrm"),
        ("direct-judgement-beats-judges", "iterative_dpo_llm_judge"),
        ("expansion-adds", "dpo"),
        ("refinement-adds", "expansion"),
        ("decoupling-adds", "expansion_refinement"),
        ("sft-reference-is-better", "expansion_likelihood"),
        ("length-grows", "sft"),
        ("length-penalty-shortens", "spa_length_regularised"),
        ("spa-saves-labels", "dpo"),
        ("spa-beats-longer-dpo", "dpo_longer"),
        ("own-labels-beat-random", "spa_random_labels"),
    ],
)
def test_without_the_other_side_nothing_is_claimed(name, method):
    assert effect(name, drop=[method]) is None


def test_two_seeds_decide_nothing():
    found = effect("spa-beats-dpo", seeds=2)
    assert (found.p_for, found.p_against) == (1.0, 1.0)


def test_spa_beats_dpo_is_judged_at_the_last_iteration():
    found = effect("spa-beats-dpo", changed("spa", 1, win_rate_over_dpo=0.2))
    assert found.estimate == pytest.approx(0.104, abs=0.01)
    assert effect("spa-beats-dpo", changed("spa", 3, win_rate_over_dpo=0.4)).p_against < 0.01


def test_the_released_scripts_are_judged_after_their_two_iterations():
    found = effect("spa-beats-dpo", changed("spa", 2, win_rate_over_dpo=0.42), variants=[Variant.AS_RELEASED])
    assert found.estimate == pytest.approx(0.42 - 0.50, abs=0.01)


@pytest.mark.parametrize(("number", "low"), [(1, 0.5), (3, 0.6)])
def test_each_iteration_is_compared_with_the_stage_before(number, low):
    found = effect("each-iteration-adds", changed("spa", number, win_rate_over_sft=low))
    assert found.p_against < 0.01
    assert f"stage = {number}" in found.detail


def test_one_judge_that_is_better_contradicts():
    found = effect("direct-judgement-beats-judges", changed("iterative_dpo_llm_judge", 3, win_rate_over_sft=0.75))
    assert found.p_against < 0.01
    assert "iterative_dpo_llm_judge" in found.detail
    earlier = effect("direct-judgement-beats-judges", changed("iterative_dpo_llm_judge", 2, win_rate_over_sft=0.75))
    assert earlier.p_for < 0.01


def test_every_step_in_labels_counts_and_every_draw():
    def flat_last(method, condition):
        found = as_the_paper_says(method, condition)
        return found | {"win_rate_over_sft": 0.6} if condition.get("gold_percent") == 10.0 else found

    assert "gold_percent = 10" in effect("more-seed-helps", flat_last).detail

    def bad_draw(method, condition):
        found = as_the_paper_says(method, condition)
        return found | {"win_rate_over_dpo": 0.4} if condition.get("draw") == 2 else found

    assert "draw = 2" in effect("every-draw-beats-dpo", bad_draw).detail


def test_the_sft_policy_counts_in_how_length_grows():
    found = effect("length-grows", changed("sft", 0, length=13.5))
    assert "stage = 0" in found.detail
    assert found.p_against < 0.01


def test_claims_are_named_once_and_controls_say_that_they_are():
    assert len(CLAIMS) == len(papers.load("spa").claims) == 20
    controls = [claim for claim in CLAIMS.values() if claim.source.startswith("a control")]
    assert {claim.experiments for claim in controls} == {("controls",), ("efficiency",)}
    assert all("a control" in claim.statement for claim in controls)


def test_where_answers_are_compared_with_gpt_4_alone_the_difference_counts():
    def published(method, condition):
        found = as_the_paper_says(method, condition)
        return {"win_rate": found["win_rate_over_sft"] - 0.4} if "win_rate_over_sft" in found else {}

    found = effect("spa-beats-dpo", published)
    assert found.estimate == pytest.approx(0.68 - 0.55, abs=0.01)
    assert found.unit == "win rate, spa less dpo"
    assert effect("every-draw-beats-dpo", published).p_for < 0.01


def test_a_policy_with_fewer_iterations_counts_after_its_last():
    rows = series("table5").query("method == 'spa'")
    shorter = rows.query("iteration == 1").assign(model="another")
    found = CLAIMS["other-policies-beat-dpo"].evaluate(pd.concat([rows, shorter]))
    assert "of 2 conditions" in found.detail
    assert "model = another" in found.detail


def test_the_estimate_of_labels_is_the_ratio():
    found = effect("spa-saves-labels")  # SPA after two iterations is at 0.64, and DPO gains 0.04 a doubling
    assert math.log2(found.estimate) == pytest.approx((0.64 - 0.55) / 0.04, abs=0.3)
    assert np.isfinite([found.low, found.high]).all()
    assert 1 < found.detectable < 1.4
