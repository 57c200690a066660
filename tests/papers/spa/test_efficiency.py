"""How many labels DPO needs to equal SPA: found where it was seen, bounded where not, with an interval that holds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from bench.papers.spa.efficiency import labels_to_equal, saves_labels

LABELS = np.array([50, 100, 200, 400, 800, 1600])


def records(curve, level, spread=0.0, seeds=6, rng=None):
    """DPO's win rates over `LABELS`, SPA's with 200, every seed with a shift of its own and noise."""
    rng = rng or np.random.default_rng(0)
    rows = []
    for seed in range(seeds):
        shift = spread * rng.normal()
        base = {"seed": seed, "metric": "win_rate_over_sft"}
        for labels, mean in zip(LABELS, curve, strict=True):
            value = mean + shift + spread * rng.normal()
            rows.append({**base, "method": "dpo", "labels": labels, "gold_percent": labels / 60, "value": value})
        value = level + shift + spread * rng.normal()
        rows.append({**base, "method": "spa", "iteration": 2, "gold_percent": 200 / 60, "value": value})
    return pd.DataFrame(rows)


RISING = 0.5 + 0.02 * np.log2(LABELS / 50)  # 0.50, 0.52, ... 0.60


def test_without_noise_it_is_where_the_line_in_the_logarithm_crosses():
    found = labels_to_equal(records(RISING, 0.57))
    assert found.first == found.last == pytest.approx(400 * math.sqrt(2))
    assert found.low == pytest.approx(found.high, rel=0.01) == pytest.approx(found.last, rel=0.01)
    assert "at 566 labels, 2.8 times SPA's" in found.words


@pytest.mark.parametrize(
    ("level", "ends", "words"),
    [
        (
            0.65,
            (1600, math.inf, 1600, math.inf),
            "not as good as SPA with 1,600 labels, the most tried (95 %: at least",
        ),
        (0.45, (0, 50, 0, 50), "as good as SPA with 50 labels already, the fewest tried (95 %: at most 50"),
    ],
)
def test_beyond_the_labels_that_were_tried_nothing_is_made_up(level, ends, words):
    found = labels_to_equal(records(RISING, level))
    assert (found.first, found.last, found.low, found.high) == ends
    assert words in found.words
    effect = saves_labels(records(RISING, level))
    assert math.isnan(effect.estimate)
    assert (effect.low, effect.high) == (ends[2] / 200, ends[3] / 200)


def test_seeds_that_say_nothing_set_no_bound():
    found = labels_to_equal(records(RISING, 0.55, spread=0.3, rng=np.random.default_rng(2)))
    assert (found.low, found.high) == (0, math.inf)
    assert "95 %: no bound" in found.words


def test_the_interval_covers_the_truth():
    rng = np.random.default_rng(1)
    found = [labels_to_equal(records(RISING, 0.55, spread=0.01, rng=rng)) for _ in range(300)]
    truth = 200 * math.sqrt(2)
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert covered == pytest.approx(0.95, abs=0.035)  # nearly three standard errors of 300 tries


def test_the_claim_is_tested_with_as_many_labels_as_spa_had():
    better, worse = (saves_labels(records(RISING, level, spread=0.002)) for level in (0.55, 0.53))
    assert better.p_for < 0.01 < better.low
    assert better.low > 1
    assert worse.p_against < 0.01
    assert worse.high < 1


@pytest.mark.parametrize(
    "which", ["method == 'dpo'", "method == 'spa'", "seed < 2", "method == 'spa' or labels == 200"]
)
def test_without_a_curve_or_seeds_there_is_no_answer(which):
    assert labels_to_equal(records(RISING, 0.55).query(which)) is None
    assert saves_labels(records(RISING, 0.55).query(which)) is None
