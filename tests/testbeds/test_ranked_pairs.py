"""What a policy makes of held-out pairs: which it ranks, which it turned round, which its implied reward gets right."""

from __future__ import annotations

import numpy as np
import pytest

from bench.testbeds.ranked import ranked

BEFORE = np.array([1.0, -1.0, -2.0, 0.5, 0.0])
AFTER = np.array([2.0, 1.0, -1.0, -0.5, 0.0])  # right as before, turned right, still wrong, turned wrong, a tie
EACH = np.arange(5)


def test_shares_count_every_pair_once_and_ties_half() -> None:
    found = ranked(BEFORE, AFTER, EACH)
    shares = {name: value for name, value in found.items() if not name.endswith("_error")}
    assert shares == pytest.approx(
        {
            "accuracy_of_sft": 2.5 / 5,
            "ranking_accuracy": 2.5 / 5,
            "implicit_accuracy": 3.5 / 5,  # the third is wrong still, and less so
            "gained": 1 / 5,
            "lost": 1 / 5,
        }
    )


def test_accuracy_grows_by_what_is_gained_less_what_is_lost() -> None:
    before, after = np.random.default_rng(0).normal(size=(2, 200))
    found = ranked(before, after, np.arange(200))
    grown = found["ranking_accuracy"] - found["accuracy_of_sft"]
    assert grown == pytest.approx(found["gained"] - found["lost"])


def test_errors_are_over_clusters_and_one_cluster_has_none() -> None:
    alone, paired = ranked(BEFORE, AFTER, EACH), ranked(np.tile(BEFORE, 2), np.tile(AFTER, 2), np.tile(EACH, 2))
    assert paired["ranking_accuracy_error"] == pytest.approx(alone["ranking_accuracy_error"])
    assert "ranking_accuracy_error" not in ranked(BEFORE, AFTER, np.zeros(5))
