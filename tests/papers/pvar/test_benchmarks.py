"""Claims and published cells on text, where a policy's worth is two win rates."""

from __future__ import annotations

import pandas as pd
import pytest
from made_pvar import as_the_paper_says, opposite, series

from bench import papers
from bench.papers.pvar.benchmarks import PLAIN, by_benchmark
from bench.verdict.published import load

PAPER = papers.load("pvar")
TESTED = ("high-beats-random", "random-beats-low", "order-with-small-model", "tenth-beats-all", "other-losses-gain")
CLAIMS = {claim.name: claim for claim in PAPER.claims}


def on_text(experiment, means=as_the_paper_says):
    """Made-up records with both benchmarks' win rates in place of the one over the SFT policy."""
    rows = series(experiment, means)
    worth, others = (rows[(rows["metric"] == "win_rate_over_sft") == is_worth] for is_worth in (True, False))
    parts = {"win_rate": 0.5, "length_controlled_win_rate": 0.6, "arena_hard_win_rate": 0.4}
    both = [worth.assign(metric=name, value=part * worth["value"]) for name, part in parts.items()]
    return pd.concat([others, *both], ignore_index=True)


@pytest.mark.parametrize("name", TESTED)
def test_a_claim_holds_on_both_benchmarks_or_not_at_all(name):
    claim = CLAIMS[name]
    rows = on_text(claim.experiments[0])
    assert claim.evaluate(rows).p_for < 0.01
    assert claim.evaluate(on_text(claim.experiments[0], opposite)).p_against < 0.01
    arena = rows["metric"] == "arena_hard_win_rate"
    rows.loc[arena, "value"] = 1 - rows.loc[arena, "value"]
    assert claim.evaluate(rows).p_for > 0.5
    assert claim.evaluate(rows[~arena]) is None


def test_plain_win_rates_go_by_benchmark_as_published_cells_do():
    rows = on_text("order")
    found = by_benchmark(rows)
    assert set(found["metric"]) == {"win_rate"}
    for metric, benchmark in PLAIN.items():
        values = found.loc[found["benchmark"] == benchmark, "value"].tolist()
        assert values == rows.loc[rows["metric"] == metric, "value"].tolist()
    cells = [number for number in load(PAPER.name) if number.experiment == "order"]
    assert {number.condition["benchmark"] for number in cells} == set(PLAIN.values())
    assert {number.metric for number in cells} == {"win_rate"}


def test_records_of_the_world_have_no_benchmark():
    rows = series("order")
    assert by_benchmark(rows).empty
    assert "benchmark" not in by_benchmark(rows)
