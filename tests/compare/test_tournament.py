"""The whole comparison, from records to findings, where the truth is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from simulated import OVERLAP, equals, results, splits

from bench.compare.intervals import paired_tests
from bench.compare.tournament import tournament
from bench.errors import UserError
from bench.evaluate.label_efficiency import area, label_ratio

BUDGETS = (100, 200, 400)
RISE = np.array([0.6, 0.66, 0.7])


def curves(seed: int, entrants: int = 3, seeds: int = 6, gain: float = 0.0) -> np.ndarray:
    """(E, S, B) rising curves; the first entrant is better by `gain`."""
    rng = np.random.default_rng(seed)
    values = RISE + 0.02 * rng.normal(size=(1, seeds, 1)) + 0.01 * rng.normal(size=(entrants, seeds, 3))
    values[0] += gain
    return values


def found(gain: float) -> tuple[list[bool], list[set[str]]]:
    """Whether a differs from b, and from c, on the only task, and the groups."""
    compared = tournament(results({"world": curves(0, seeds=10, gain=gain)}, BUDGETS))
    assert compared.ranks is not None
    return [one.adjusted < 0.05 for one in compared.differences[:2]], [set(group) for group in compared.ranks.groups]


def test_a_real_difference_is_found_and_a_perturbed_one_is_not() -> None:
    assert found(gain=0.03) == ([True, True], [{"a"}, {"b", "c"}])
    assert found(gain=0.0) == ([False, False], [{"a", "b", "c"}])


def test_swapping_two_entrants_values_turns_the_finding_round() -> None:
    values = curves(0, gain=0.05)
    one = tournament(results({"world": values}, BUDGETS)).differences[0]
    other = tournament(results({"world": values[[1, 0, 2]]}, BUDGETS)).differences[0]
    assert one.difference.value == pytest.approx(-other.difference.value)
    assert one.difference.value > 0
    assert (one.improvement.value, other.improvement.value) == (1, 0)
    assert one.p == pytest.approx(other.p)


def test_cells_have_the_mean_of_every_budget_and_of_the_area() -> None:
    values = curves(1)
    cells = {(cell.entrant, cell.budget): cell for cell in tournament(results({"world": values}, BUDGETS)).cells}
    assert len(cells) == 3 * 4
    low, high = stats.t.interval(0.95, 5, values[1, :, 2].mean(), stats.sem(values[1, :, 2]))
    found = cells["b", 400].mean
    assert (found.value, found.low, found.high) == pytest.approx((values[1, :, 2].mean(), low, high))
    assert cells["b", None].mean.value == pytest.approx(area(BUDGETS, values[1]).value)
    for budget in (*BUDGETS, None):
        of_budget = [cell for (_, one), cell in cells.items() if one == budget]
        assert [cell.best for cell in of_budget] == [
            cell.mean.value == max(other.mean.value for other in of_budget) for cell in of_budget
        ]


def test_of_one_budget_the_area_is_the_value_there_and_labels_saved_are_unknown() -> None:
    compared = tournament(results({"world": curves(1)[:, :, 0]}))
    by_budget = {(cell.entrant, cell.budget): cell.mean for cell in compared.cells}
    assert by_budget["a", None] == by_budget["a", 100]
    assert all(one.labels is None for one in compared.differences)


def test_differences_are_of_areas_and_paired_by_seed() -> None:
    values = curves(2)
    one = tournament(results({"world": values}, BUDGETS)).differences[1]
    areas = np.trapezoid(values, np.log(BUDGETS), axis=2) / np.log(4)
    theirs = stats.ttest_rel(areas[0], areas[2])
    assert (one.left, one.right, one.seeds) == ("a", "c", 6)
    assert one.p == pytest.approx(theirs.pvalue)


def test_labels_are_counted_up_to_what_the_worse_of_two_reaches_with_all() -> None:
    values = curves(2)
    worse, better = sorted((0, 2), key=lambda place: values[place, :, -1].mean())
    found = tournament(results({"world": values}, BUDGETS)).differences[1].labels
    ratio = label_ratio(BUDGETS, values[better], values[worse])
    assert found is not None
    saved = found if better == 0 else found.inverse()
    assert found.target == "ac"[worse > 0]
    assert (saved.low_value, saved.high_value, saved.low, saved.high) == pytest.approx(
        (ratio.low_value, ratio.high_value, ratio.low, ratio.high)
    )


def test_holm_is_over_all_pairs_and_tasks() -> None:
    compared = tournament(results({"one": curves(3)[:, :, 0], "two": curves(4)[:, :, 0]}))
    assert len(compared.differences) == 6
    smallest = min(compared.differences, key=lambda one: one.p)
    assert smallest.adjusted == pytest.approx(min(1.0, 6 * smallest.p))


def test_costs_are_means_over_the_runs_that_an_entrant_has() -> None:
    values = curves(5, seeds=4)
    values[1, 3, 0] = np.nan
    costs = tournament(results({"world": values}, BUDGETS)).costs
    assert len(costs) == 9
    assert (costs[0].seconds, costs[0].own, costs[0].labels) == (3.5, False, 100.0)
    assert (costs[3].seconds, costs[3].entrant) == (3.0, "b")
    assert (costs[0].memory, costs[0].tokens) == (None, None)  # the peak of a process is nobody's own


@pytest.mark.parametrize(("metric", "field"), [("tokens", "tokens"), ("method_memory_bytes", "memory")])
def test_what_is_measured_is_a_cost(metric, field) -> None:
    given = results({"world": curves(5)[:, :, 0]})
    measured = given.rows[given.rows["metric"] == "wall_seconds"].assign(metric=metric, value=64.0)
    assert getattr(tournament(replace(given, rows=pd.concat([given.rows, measured]))).costs[0], field) == 64.0


def test_time_is_the_methods_own_where_all_runs_of_the_task_have_it() -> None:
    given = results({"world": curves(5)[:, :, 0]})
    alone = given.rows[given.rows["metric"] == "wall_seconds"].assign(metric="method_seconds", value=0.25)
    for measured, seconds in ((alone, 0.25), (alone[alone["entrant"] != "b"], 4.5)):
        costs = tournament(replace(given, rows=pd.concat([given.rows, measured]))).costs
        assert {(cost.seconds, cost.own) for cost in costs} == {(seconds, seconds == 0.25)}


def test_costs_that_nobody_measured_are_unknown() -> None:
    given = results({"world": curves(5)[:, :, 0]})
    costs = tournament(replace(given, rows=given.rows[given.rows["metric"] == "accuracy"])).costs
    assert {(cost.seconds, cost.memory, cost.tokens, cost.labels) for cost in costs} == {(None, None, None, None)}


def test_a_run_that_failed_takes_its_seed_from_nobody_but_those_whom_it_is_compared_with() -> None:
    values = curves(6)
    values[2, 4, 1] = np.nan
    compared, whole = (tournament(results({"world": one}, BUDGETS)) for one in (values, curves(6)))
    kept = tournament(results({"world": np.delete(values, 4, axis=1)}, BUDGETS))
    ab, ac, bc = compared.differences
    assert ab == replace(whole.differences[0], adjusted=ab.adjusted)
    assert [(one.p, one.difference, one.seeds, one.missing) for one in (ac, bc)] == [
        (one.p, one.difference, 5, 1) for one in kept.differences[1:]
    ]
    assert [cell for cell in compared.cells if cell.entrant != "c" and not cell.best] == [
        cell for cell in whole.cells if cell.entrant != "c" and not cell.best
    ]
    counts = {cell.budget: (cell.seeds, cell.missing) for cell in compared.cells if cell.entrant == "c"}
    assert counts == {100: (6, 0), 200: (5, 1), 400: (6, 0), None: (5, 1)}
    assert compared.notes == (
        "world: c lacks seed 4; its means are over the seeds it has, which may be the easier ones, and are not called "
        "best",
        "Ranks and profiles are over 5 of 6 blocks, those that all of them have",
    )
    assert compared.ranks == kept.ranks


def test_one_that_fails_on_hard_seeds_is_never_the_best() -> None:
    """All are alike; one has records only where everybody is good."""
    values = equals(np.random.default_rng(0), 3, 10, noise=0.001)
    hard = np.argsort(values[0])[:3]
    values[2, hard] = np.nan
    compared = tournament(results({"world": values}))
    cells = {cell.entrant: cell for cell in compared.cells if cell.budget is None}
    assert cells["c"].mean.value > max(cells["a"].mean.value, cells["b"].mean.value)
    assert [cells[name].best for name in "abc"].count(True) == 1
    assert not cells["c"].best
    assert all(one.adjusted > 0.05 for one in compared.differences)


def test_who_would_cost_more_than_a_third_of_the_blocks_is_not_ranked() -> None:
    values = curves(6, seeds=9)
    values[1, :1], values[2, 4:] = np.nan, np.nan
    compared = tournament(results({"world": values}, BUDGETS))
    assert compared.ranks is not None
    assert compared.profiles is not None
    assert (set(compared.ranks.average), compared.ranks.blocks) == ({"a", "b"}, 8)
    assert set(compared.profiles.share) == {"a", "b"}
    assert compared.notes[-2:] == (
        "c lacks 5 of 9 blocks of task and seed, so ranks and profiles leave it out",
        "Ranks and profiles are over 8 of 9 blocks, those that all of them have",
    )
    assert len(compared.differences) == 3


def test_one_without_a_seed_at_all_budgets_has_means_and_no_differences() -> None:
    values = curves(6)
    values[2, :, 2] = np.nan
    compared = tournament(results({"world": values}, BUDGETS))
    assert {cell.budget for cell in compared.cells if cell.entrant == "c"} == {100, 200}
    assert [(one.left, one.right) for one in compared.differences] == [("a", "b")]
    assert compared.notes[0] == ("world: c has no seed with all budgets, so it has no area and no differences there")


def test_two_who_are_equal_on_every_seed_are_said_to_be() -> None:
    values = curves(6, entrants=2, seeds=4)
    values[1] = values[0]
    (one,) = tournament(results({"world": values}, BUDGETS)).differences
    assert (one.equal, one.p, one.detectable) == (True, 1.0, np.inf)
    (other,) = tournament(results({"world": curves(6, entrants=2, seeds=4)}, BUDGETS)).differences
    assert not other.equal


def test_what_is_detectable_is_so_at_five_percent_over_all_differences() -> None:
    values = {"one": curves(3)[:, :, 0], "two": curves(4)[:, :, 0]}
    first = tournament(results(values)).differences[0]
    sample = (values["one"][0] - values["one"][1])[None]
    assert first.detectable == pytest.approx(paired_tests(sample, family=6).detectable[0])
    assert first.detectable > paired_tests(sample).detectable[0]


def test_below_three_seeds_a_cell_has_the_error_within_them() -> None:
    given = results({"world": curves(9, seeds=2)}, BUDGETS)
    measured = given.rows[given.rows["metric"] == "accuracy"]
    errors = measured.assign(metric="accuracy_error", value=np.where(measured["seed"] == 0, 0.03, 0.04))
    cells = tournament(replace(given, rows=pd.concat([given.rows, errors]))).cells
    within = 1.96 * np.sqrt((0.03**2 + 0.04**2) / 2 / 2)
    assert [cell.within for cell in cells if cell.budget is not None] == pytest.approx([within] * 9)
    assert [cell.within for cell in cells if cell.budget is None] == [None] * 3  # of a curve it is not known
    assert all(np.isinf(cell.mean.low) for cell in cells)


def test_from_three_seeds_on_and_without_errors_there_is_none_within() -> None:
    given = results({"world": curves(9, seeds=3)}, BUDGETS)
    measured = given.rows[given.rows["metric"] == "accuracy"]
    rows = pd.concat([given.rows, measured.assign(metric="accuracy_error", value=0.03)])
    assert {cell.within for cell in tournament(replace(given, rows=rows)).cells} == {None}
    assert {cell.within for cell in tournament(results({"world": curves(9, seeds=2)}, BUDGETS)).cells} == {None}


def test_only_tasks_whose_seeds_overlap_are_corrected() -> None:
    values = {"world": curves(3), "text": curves(4)}
    plain, mixed = (tournament(results(values, BUDGETS, overlaps=one)) for one in ({}, {"world": 0.0, "text": OVERLAP}))
    factor = np.sqrt(1 + 6 * OVERLAP)
    for before, after in zip(plain.cells, mixed.cells, strict=True):
        wider = factor if after.task == "text" else 1.0
        assert after.mean.high - after.mean.low == pytest.approx(wider * (before.mean.high - before.mean.low))
    for one, other in zip(plain.differences, mixed.differences, strict=True):
        if one.task == "world":
            assert replace(one, adjusted=0.0) == replace(other, adjusted=0.0)
            continue
        assert other.difference.value == one.difference.value
        assert other.detectable == pytest.approx(factor * one.detectable)
        assert other.p > one.p
        assert np.isinf(other.improvement.low)
        assert one.labels is not None
        assert other.labels is not None
        assert (other.labels.low_value, other.labels.high_value) == pytest.approx(
            (one.labels.low_value, one.labels.high_value)
        )
        assert other.labels.low <= one.labels.low
        assert other.labels.high >= one.labels.high
    assert mixed.profiles is not None
    assert mixed.profiles.low == {}


def test_an_entrant_that_is_nowhere_on_a_task_takes_no_part_there() -> None:
    values = {"world": curves(7), "crowd": curves(8)}
    values["crowd"][1] = np.nan
    compared = tournament(results(values, BUDGETS))
    assert {cell.entrant for cell in compared.cells if cell.task == "crowd"} == {"a", "c"}
    assert len(compared.differences) == 3 + 1
    assert compared.ranks is not None
    assert set(compared.ranks.average) == {"a", "c"}
    assert compared.notes == (
        "crowd: b has no record, and takes no part there",
        "b lacks 6 of 12 blocks of task and seed, so ranks and profiles leave it out",
    )


def test_a_task_without_records_is_named() -> None:
    values = {"world": curves(7), "crowd": np.full((3, 6, 3), np.nan)}
    assert tournament(results(values, BUDGETS)).notes == ("crowd: there are no records",)


def test_a_task_whose_entrants_share_no_seed_is_named() -> None:
    values = curves(7, entrants=2)
    values[0, :3], values[1, 3:] = np.nan, np.nan
    compared = tournament(results({"world": values}, BUDGETS))
    assert (compared.differences, compared.ranks) == ((), None)
    assert [cell.best for cell in compared.cells] == [False] * 8
    assert "world: a and b have no seed in common, and are not compared" in compared.notes


@pytest.mark.parametrize("seeds", [1, 2])
def test_with_fewer_than_three_seeds_means_are_told_and_nothing_is_concluded(seeds) -> None:
    compared = tournament(results({"world": curves(9, seeds=seeds, gain=1.0)}, BUDGETS))
    assert compared.cells[0].mean.value > 1
    assert (compared.cells[0].mean.low, compared.cells[0].mean.high) == (-np.inf, np.inf)
    assert {(one.p, one.adjusted, one.labels, one.detectable) for one in compared.differences} == {
        (1.0, 1.0, None, np.inf)
    }
    assert compared.ranks is None


def test_one_entrant_alone_has_means_and_no_differences() -> None:
    compared = tournament(results({"world": curves(9, entrants=1)}, BUDGETS))
    assert (len(compared.cells), compared.differences, compared.ranks) == (4, (), None)


@pytest.mark.parametrize(
    ("metric", "column", "value", "message"),
    [
        ("accuracy", "value", np.inf, r"compare/world/a-0-100.json: accuracy is inf"),
        ("wall_seconds", "value", np.nan, r"compare/world/a-0-100.json: wall_seconds is nan"),
        (
            "accuracy",
            "seed",
            1,
            "a on world, 100 labels, seed 1: two records of the same run, .*a-0-100.json and .*a-1-1",
        ),
        ("accuracy", "entrant", "aa", r"a-0-100.json: unknown entrant 'aa'"),
        ("accuracy", "task", "word", r"unknown task 'word'. Did you mean 'world'"),
    ],
)
def test_rows_that_cannot_be_used_are_named(metric, column, value, message) -> None:
    given = results({"world": curves(0)[:, :, 0]})
    rows = given.rows.copy()
    rows.loc[rows.index[rows["metric"] == metric][0], column] = value
    with pytest.raises(UserError, match=message):
        tournament(replace(given, rows=rows))


def test_a_measure_that_no_record_has_is_named() -> None:
    given = results({"world": curves(0)[:, :, 0]})
    rows = given.rows[given.rows["metric"] != "accuracy"]
    with pytest.raises(UserError, match="no metric 'accuracy', which world is measured by"):
        tournament(replace(given, rows=rows))


def test_metrics_that_are_not_compared_may_be_anything() -> None:
    given = results({"world": curves(0)[:, :, 0]})
    rows = given.rows.copy()
    rows.loc[len(rows)] = ["a", "world", 100, 0, "accuracy_error", np.nan, "compare/world/a-0-100.json"]
    assert tournament(replace(given, rows=rows)) == tournament(given)


def test_equal_methods_are_called_different_in_at_most_five_percent_of_tournaments() -> None:
    """Six entrants, three tasks, ten seeds: 45 differences and 15 pairs of ranks. Without Holm nearly all would err.

    Of 120 tournaments 5 % are 6; more than 14 come with a chance of 0.1 %. The benchmark has 1500.
    """
    errors = np.zeros(3)
    for number in range(120):
        rng = np.random.default_rng([20, number])
        compared = tournament(results({task: equals(rng, 6, 10) for task in ("world", "crowd", "text")}))
        assert compared.ranks is not None
        errors += [
            min(one.adjusted for one in compared.differences) < 0.05,
            len(compared.ranks.groups) > 1,
            min(one.p for one in compared.differences) < 0.05,
        ]
    assert errors[0] <= 14
    assert errors[1] <= 14
    assert errors[2] > 60


def test_equal_methods_keep_that_error_where_some_tasks_split_the_same_data_anew() -> None:
    """One task with data of its own a seed, two without, of six equal entrants; the numbers are those of above."""
    errors = np.zeros(2)
    for number in range(120):
        rng = np.random.default_rng([22, number])
        values = {"world": equals(rng, 6, 10), "crowd": splits(rng, 6, 10), "text": splits(rng, 6, 10)}
        compared = tournament(results(values, overlaps={"crowd": OVERLAP, "text": OVERLAP}))
        assert compared.ranks is not None
        errors += [min(one.adjusted for one in compared.differences) < 0.05, len(compared.ranks.groups) > 1]
    assert errors[0] <= 14
    assert errors[1] <= 14


def test_a_difference_as_large_as_the_detectable_one_is_found_in_eighty_percent_of_tournaments() -> None:
    """One pair, one task, ten seeds; the Monte-Carlo error of 250 tournaments is 2.5 points."""
    spread = np.linspace(-1, 1, 10)
    known = 0.8 + 0.02 * np.sqrt(2) * spread / spread.std(ddof=1)  # the spread that a difference of `equals` has
    detectable = tournament(results({"world": np.array([known, np.full(10, 0.8)])})).differences[0].detectable
    power = 0
    for number in range(250):
        values = equals(np.random.default_rng([21, number]), 2, 10)
        values[0] += detectable
        power += tournament(results({"world": values})).differences[0].adjusted < 0.05
    assert 0.725 <= power / 250 <= 0.875
