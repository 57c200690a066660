"""The claims on images hold where made-up records make them true, and turn where a record does."""

from __future__ import annotations

from dataclasses import replace

import made_pal_images as made
import pandas as pd
import pytest

from bench.papers.pal.claims.images import IMAGES
from bench.papers.pal.paper import PAPER
from bench.spec import Profile, Ruling, Variant
from bench.verdict import rule

NAMES = [claim.name for claim in IMAGES]


@pytest.fixture
def series() -> pd.DataFrame:
    return pd.concat([made.filters(), made.picks(), made.sizes()], ignore_index=True)


def ruled(rows: pd.DataFrame) -> dict[str, Ruling]:
    alone = replace(PAPER, claims=IMAGES)
    verdicts = rule.verdicts(alone, rows, (), Profile.EMBEDDED, (Variant.CORRECTED,))
    return {one.subject: one.ruling for one in verdicts}


def test_all_are_supported_where_they_are_true(series):
    assert ruled(series) == dict.fromkeys(NAMES, Ruling.SUPPORTED)


def changed(rows: pd.DataFrame, method: str, by: float, **where: object) -> pd.DataFrame:
    keep = rows["method"] == method
    for column, value in where.items():
        keep &= rows[column] == value
    assert keep.any()
    return rows.assign(value=rows["value"] + by * keep)


@pytest.mark.parametrize(
    ("claim", "method", "by", "where"),
    [
        ("filters-gain", "shared", 0.25, {"experiment": "pickafilter", "beta": 1.0}),
        ("filters-gain", "pal_b", 0.25, {"experiment": "pickafilter", "beta": 1.0, "K": 1}),
        ("filters-gain-grows", "pal_b", 0.9, {"experiment": "pickafilter", "beta": 0.0, "K": 2}),
        ("filters-harmless-without", "pal_b", -0.05, {"experiment": "pickafilter", "beta": 0.0, "K": 2}),
        (
            "filters-unseen-by-20",
            "pal_b",
            -0.05,
            {"experiment": "pickafilter", "K": 2, "metric": "unseen_accuracy_20"},
        ),
        ("picks-one-mapping-suffices", "low_rank", 0.05, {"experiment": "pickapic"}),
        ("far-fewer-parameters", "pal_b", -10.0, {"experiment": "sizes", "K": 1, "metric": "times_fewer"}),
    ],
)
def test_each_is_contradicted_where_it_is_false(series, claim, method, by, where):
    assert ruled(changed(series, method, by, **where))[claim] == Ruling.CONTRADICTED


@pytest.mark.parametrize("experiment", ["pickafilter", "pickapic", "sizes"])
def test_without_its_records_none_is_attempted(series, experiment):
    own = {claim.name for claim in IMAGES if experiment in claim.experiments}
    found = ruled(series[series["experiment"] != experiment])
    assert {name for name, ruling in found.items() if ruling == Ruling.NOT_ATTEMPTED} == own


def test_a_missing_opponent_leaves_the_claim_open(series):
    without = series[~((series["experiment"] == "pickapic") & (series["method"] == "mixture"))]
    assert ruled(without)["picks-one-mapping-suffices"] == Ruling.NOT_ATTEMPTED
