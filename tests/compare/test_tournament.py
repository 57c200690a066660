"""The whole comparison, from records to findings, where the truth is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from simulated import equals, results

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


def test_costs_are_means_over_the_seeds_that_count() -> None:
    values = curves(5, seeds=4)
    values[1, 3, 0] = np.nan
    costs = tournament(results({"world": values}, BUDGETS)).costs
    assert len(costs) == 9
    assert (costs[0].seconds, costs[0].memory, costs[0].labels, costs[0].tokens) == (3.0, 1e9, 100.0, None)


def test_tokens_are_a_cost_where_they_are_counted() -> None:
    given = results({"world": curves(5)[:, :, 0]})
    tokens = given.rows[given.rows["metric"] == "wall_seconds"].assign(metric="tokens", value=64.0)
    assert tournament(replace(given, rows=pd.concat([given.rows, tokens]))).costs[0].tokens == 64.0


def test_a_seed_that_one_lacks_counts_for_nobody_and_that_is_said() -> None:
    values = curves(6)
    values[2, 4, 1] = np.nan
    compared = tournament(results({"world": values}, BUDGETS))
    kept = np.delete(values, 4, axis=1)
    without = tournament(results({"world": kept}, BUDGETS))
    assert compared.notes == ("world: c lacks seed 4, which counts for nobody there",)
    assert compared.cells == without.cells
    assert [one.p for one in compared.differences] == [one.p for one in without.differences]


def test_an_entrant_that_is_nowhere_on_a_task_takes_no_part_there() -> None:
    values = {"world": curves(7), "crowd": curves(8)}
    values["crowd"][1] = np.nan
    compared = tournament(results(values, BUDGETS))
    assert {cell.entrant for cell in compared.cells if cell.task == "crowd"} == {"a", "c"}
    assert len(compared.differences) == 3 + 1
    assert compared.ranks is not None
    assert compared.ranks.blocks == 6  # of the other task alone
    assert compared.notes == (
        "crowd: b has no seed with all budgets, and takes no part there",
        "crowd: not everybody is there, so ranks and profiles leave it out",
    )


def test_a_task_without_records_is_named() -> None:
    values = {"world": curves(7), "crowd": np.full((3, 6, 3), np.nan)}
    assert tournament(results(values, BUDGETS)).notes == ("crowd: there are no records",)


def test_a_task_whose_entrants_share_no_seed_is_named() -> None:
    values = curves(7, entrants=2)
    values[0, :3], values[1, 3:] = np.nan, np.nan
    compared = tournament(results({"world": values}, BUDGETS))
    assert (compared.cells, compared.differences, compared.ranks, compared.profiles) == ((), (), None, None)
    assert compared.notes[-1] == "world: there is no seed that all have; nothing is compared"


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
        ("wall_seconds", "metric", "seconds", "no record of a on world with 100 labels has wall_seconds"),
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
    given = results({"world": curves(0)[:, :1, 0] if column == "metric" else curves(0)[:, :, 0]})
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
