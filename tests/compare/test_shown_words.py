from __future__ import annotations

import math
from dataclasses import replace

import pytest
import shown_comparison

from bench.compare.results import Difference, Entrant, LabelsNeeded, Tournament, Value
from bench.compare.words import (
    BETTER,
    EQUAL,
    UNSEEN,
    UNTOLD,
    WORSE,
    facing,
    given,
    listed,
    p_value,
    places,
    ratio,
    reference,
    reported,
    resampled,
    summary,
    timed,
)

PAIR = Difference(
    task="world",
    left="dpo",
    right="mine",
    difference=Value(-0.03, -0.05, -0.01),
    p=0.001,
    adjusted=0.01,
    improvement=Value(0.2, 0.1, 0.4),
    labels=LabelsNeeded(0.5, 0.5, 0.4, 0.8, "", "dpo"),
    detectable=0.02,
    seeds=10,
)


def test_a_difference_is_seen_from_both_sides() -> None:
    ours, theirs = facing(PAIR, "mine"), facing(PAIR, "dpo")
    assert (theirs.difference, theirs.improvement, theirs.verdict) == (PAIR.difference, PAIR.improvement, WORSE)
    assert ours.difference == Value(0.03, 0.01, 0.05)
    assert [ours.improvement.value, ours.improvement.low, ours.improvement.high] == pytest.approx([0.8, 0.6, 0.9])
    assert ours.labels == LabelsNeeded(2.0, 2.0, 1.25, 2.5, "", "dpo")
    assert (ours.verdict, ours.versus, ours.target) == (BETTER, "dpo", "dpo")


def test_a_bound_on_the_label_ratio_is_the_other_bound_from_the_other_side() -> None:
    censored = replace(PAIR, labels=LabelsNeeded(0.0, 0.5, 0.0, 0.8, "never reached", "dpo"))
    assert facing(censored, "mine").labels == LabelsNeeded(2.0, math.inf, 1.25, math.inf, "never reached", "dpo")


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"adjusted": 0.04999}, WORSE),
        ({"adjusted": 0.05}, UNSEEN),
        ({"adjusted": math.nan}, UNTOLD),
        ({"difference": Value(-0.03, -math.inf, math.inf)}, UNTOLD),
        ({"difference": Value(0.0, -math.inf, math.inf), "adjusted": 1.0, "equal": True}, EQUAL),
    ],
)
def test_the_verdict_is_by_the_adjusted_p(change: dict[str, object], verdict: str) -> None:
    assert facing(replace(PAIR, **change), "dpo").verdict == verdict


def test_no_difference_seen_says_what_is_mostly_found() -> None:
    words = "no difference seen; one of 0.020 is found in 80 % of such comparisons"
    assert facing(replace(PAIR, adjusted=0.4), "dpo").ruling == words


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (LabelsNeeded(1.84, 1.84, 1.2, 2.3, "", "dpo"), "1.8"),
        (LabelsNeeded(1.84, math.inf, 1.2, math.inf, "", "dpo"), "at least 1.8"),
        (LabelsNeeded(0.0, 0.5, 0.0, 0.8, "", "dpo"), "at most 0.50"),
        (LabelsNeeded(0.5, 1.84, 0.3, 2.0, "", "dpo"), "0.50 to 1.8"),
        (LabelsNeeded(0.0, math.inf, 0.0, math.inf, "", "dpo"), "–"),
        (None, "–"),
    ],
)
def test_a_label_ratio_is_a_number_or_the_bound_that_is_known(labels: LabelsNeeded | None, words: str) -> None:
    assert ratio(labels) == words


def test_p_values_have_the_digits_that_matter() -> None:
    assert [p_value(p) for p in (0.0004, 0.0123, 0.4567, 1.0, math.nan)] == ["< 0.001", "0.012", "0.46", "1.00", "–"]


@pytest.mark.parametrize(("half", "digits"), [(0.012, 3), (0.0094, 3), (0.004, 3), (0.0029, 4), (0.04, 2), (0.2, 2)])
def test_numbers_have_one_or_two_digits_of_their_uncertainty(half: float, digits: int) -> None:
    assert places([Value(0.5, 0.5 - half, 0.5 + half)]) == digits


def test_numbers_without_intervals_have_three_decimals() -> None:
    assert places([Value(0.5, -math.inf, math.inf)]) == 3


def test_names_are_listed_until_there_are_many() -> None:
    assert [listed(list(names)) for names in ("a", "ab", "abc", "abcdefg")] == [
        "a",
        "a and b",
        "a, b and c",
        "7 others",
    ]


def test_the_reference_is_the_first_that_is_nobodys_own() -> None:
    mine, dpo = Entrant("mine", "", True, {}), Entrant("dpo", "", False, {})
    assert reference([mine, dpo]).name == "dpo"
    assert reference([mine]).name == "mine"


def test_what_a_paper_prints_is_ours_less_all_others_or_all_less_the_reference() -> None:
    ours = shown_comparison.compared(tasks=1, seeds=2)
    theirs = shown_comparison.compared(tasks=1, seeds=2, own=False)
    assert {(one.entrant, one.versus) for one in reported(*ours)} == {
        ("MyMethod", entrant.name) for entrant in ours[0].entrants if not entrant.own
    }
    assert {(one.entrant, one.versus) for one in reported(*theirs)} == {
        (entrant.name, "dpo") for entrant in theirs[0].entrants[1:]
    }


def test_everybodys_budget_is_said_and_who_had_less_to_try() -> None:
    made = shown_comparison.results(tasks=2, seeds=2)
    assert given(made) == [
        "Every entrant had 6 trials x 2 validation seeds at 200 labels on each task.",
        "Fewer settings to try had ipo (3).",
    ]
    unequal = replace(made, tuning=replace(made.tuning, budgets={"world": 200, "hh_rlhf": 50}))
    assert "at 200 labels on world and 50 labels on hh_rlhf." in given(unequal)[0]
    assert given(replace(made, tuning=replace(made.tuning, count=1, seeds=()))) == [
        "Nothing was tuned: every entrant ran with its defaults."
    ]


def test_the_summary_says_who_leads_where_ours_stands_and_what_failed() -> None:
    made, found = shown_comparison.compared(failures=2)
    sentences = summary(made, found)
    for task, sentence in zip(made.measures, [s for s in sentences if "has the highest" in s], strict=True):
        leader = max(
            (cell for cell in found.cells if cell.task == task and cell.budget is None), key=lambda c: c.mean.value
        )
        among = " of those with all seeds" if task == "world" else ""  # where two runs failed
        assert f"{leader.entrant} has the highest area{among}, {leader.mean.value:.3f}" in sentence
    assert any(s.startswith("my <data>, MyMethod: better than") and "worse than dpo and cpo" in s for s in sentences)
    assert sentences[-1].startswith("2 runs failed")


def test_labels_that_are_saved_are_said_where_a_difference_was_seen_and_only_there() -> None:
    made, found = shown_comparison.compared(entrants=2, tasks=1)
    (one,) = found.differences
    saves = replace(one, labels=LabelsNeeded(0.5, 0.5, 0.4, 0.8, "", one.left))
    seen, unseen = (
        " ".join(summary(made, replace(found, differences=(replace(saves, adjusted=p),)))) for p in (0.01, 0.2)
    )
    assert f"dpo needs 2.0 times the labels of {one.right} (1.2 to 2.5, uncorrected)" in seen
    assert "times the labels" not in unseen


def test_who_lacks_seeds_does_not_lead_and_that_is_said() -> None:
    made, found = shown_comparison.compared(entrants=2, tasks=1, seeds=6, failures=3)
    lifted = [
        replace(cell, mean=Value(0.99, 0.98, 1.0)) if cell.missing else cell for cell in found.cells
    ]  # the survivors look better than all
    first, *_ = summary(made, replace(found, cells=tuple(lifted)))
    assert "dpo has the highest area of those with all seeds" in first
    assert "world, ipo (3 of 6 seeds):" in " ".join(summary(made, replace(found, cells=tuple(lifted))))


def test_tasks_whose_seeds_split_the_same_data_are_named_with_what_was_done() -> None:
    made = shown_comparison.results(seeds=2)
    assert resampled(made) == ""
    said = resampled(replace(made, overlaps={"world": 0.0, "hh_rlhf": 0.25, "my <data>": 0.5}))
    assert said.startswith("On hh_rlhf and my <data> every seed splits the same data anew")
    assert "Nadeau and Bengio" in said


def test_too_few_blocks_are_no_finding_of_sameness() -> None:
    made, found = shown_comparison.compared(entrants=2, tasks=1, seeds=5)
    said = " ".join(summary(made, found))
    assert "too few blocks to tell anybody apart" in said
    assert "not told apart" not in said


def test_time_is_of_the_method_or_of_the_whole_task() -> None:
    _, found = shown_comparison.compared(entrants=2, tasks=1, seeds=2)
    assert timed(found).startswith("Time: of the whole task")
    alone = replace(found, costs=tuple(replace(cost, own=True, memory=0.0) for cost in found.costs))
    assert timed(alone).startswith("Time: of choosing, labelling and learning; memory: what the process grew by")


def test_two_seeds_tell_nothing_and_the_summary_says_so() -> None:
    first, *_ = summary(*shown_comparison.compared(entrants=2, tasks=1, seeds=2, budgets=(200,)))
    assert "no interval" in first
    assert "too few seeds to tell it from dpo" in first


def test_a_comparison_of_which_nothing_is_left_has_nothing_to_say() -> None:
    made = shown_comparison.results(entrants=2, tasks=1, seeds=2)
    assert summary(made, Tournament((), (), (), None, None)) == []
