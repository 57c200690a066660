"""Where the released and the corrected variant differ: paired by seed, in figures and in words."""

import re

import numpy as np
import pandas as pd
import pytest

from bench.verdict.variants import compare_variants, finding


def series(released, corrected, *, metric="objective", n=100, method="l1", seeds=12):
    """Problems of very different difficulty, so that only pairing by seed can see a small difference."""
    rng = np.random.default_rng(n)
    hardness = rng.normal(0, 1, seeds)
    rows = []
    for variant, level in (("as_released", released), ("corrected", corrected)):
        for seed in range(seeds):
            value = level + hardness[seed] + rng.normal(0, 1e-4)
            identity = {"paper": "sparse", "experiment": "fig2b", "variant": variant, "profile": "embedded"}
            rows.append({**identity, "method": method, "seed": seed, "n": n, "metric": metric, "value": value})
    return pd.DataFrame(rows)


def test_a_small_difference_shows_because_seeds_are_paired():
    (row,) = compare_variants(series(10.02, 10.0), "fig2b", "objective").to_dict("records")
    assert row["difference"] == pytest.approx(0.02, abs=2e-4)
    assert 0 < row["low"] < row["difference"] < row["high"] < 0.021
    assert (row["method"], row["n"], row["seeds"]) == ("l1", 100, 12)


@pytest.mark.parametrize(("released", "material"), [(10.0, False), (10.02, False), (12.0, True), (8.0, True)])
def test_material_means_shown_and_at_least_a_twentieth(released, material):
    frame = series(released, 10.0)
    assert compare_variants(frame, "fig2b", "objective")["material"].tolist() == [material]


def test_one_row_for_each_method_and_condition():
    frame = pd.concat([series(11, 10), series(11, 10, n=400), series(11, 10, method="mle")])
    rows = compare_variants(frame, "fig2b", "objective")
    assert sorted(zip(rows["method"], rows["n"], strict=True)) == [("l1", 100), ("l1", 400), ("mle", 100)]


def test_only_shared_seeds_count_and_two_are_too_few():
    frame = series(11, 10)
    few = frame[(frame["variant"] == "corrected") | (frame["seed"] < 2)]
    assert compare_variants(few, "fig2b", "objective").empty
    some = frame[(frame["variant"] == "corrected") | (frame["seed"] < 5)]
    assert compare_variants(some, "fig2b", "objective")["seeds"].tolist() == [5]


def test_the_finding_says_where_the_solver_stops_short_and_which_way_the_error_goes():
    frame = pd.concat(
        [
            series(10.5, 10.0),
            series(9.9995, 10.0, n=400),
            series(8.0, 10.0, metric="squared_sigma_error"),
            series(13.0, 10.0, metric="squared_sigma_error", n=400),
        ]
    )
    (sentence,) = finding(frame, "fig2b")
    assert sentence.startswith("l1: the released solver stops short of the optimum on 12 of 24 problems")
    assert "its objective there higher by 0.5 on average and up to 0.5" in sentence
    assert re.search(r"its squared error is higher by \d\d% at 1 and lower by \d\d% at 1 of 2 conditions", sentence)


def test_a_solver_at_the_optimum_is_not_said_to_stop_short():
    (sentence,) = finding(series(9.9995, 10.0, method="mle"), "fig2b")
    assert sentence == "mle: the released solver reaches the optimum on all 12 problems."


def test_stopping_short_on_one_problem_is_a_fact_that_needs_no_further_seeds():
    (sentence,) = finding(series(10.5, 10.0, seeds=1), "fig2b")
    assert sentence.startswith("l1: the released solver stops short of the optimum on 1 of 1 problems")


@pytest.mark.parametrize(("released", "words"), [(0.5, "is lower by"), (0.6, "does not differ materially")])
def test_where_quality_is_accuracy_the_finding_speaks_of_accuracy(released, words):
    frame = pd.concat([series(10.5, 10.0), series(released, 0.6, metric="accuracy")])
    frame.loc[frame["metric"] == "accuracy", "value"] /= 10  # less spread between problems
    (sentence,) = finding(frame, "fig2b")
    assert f"its accuracy {words}" in sentence
    assert "squared error" not in sentence


def test_without_both_variants_there_is_nothing_to_say():
    frame = series(10.5, 10.0)
    assert finding(frame[frame["variant"] == "corrected"], "fig2b") == []
