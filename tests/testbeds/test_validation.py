"""What of fixed data validation seeds see, and what is reported: never the same held-out rows."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from bench.errors import UserError
from bench.methods.method import Slot
from bench.spec import Context, Profile, canonical
from bench.testbeds import crowds, registry, text_rewards
from bench.testbeds.testbed import VALIDATION
from bench.testbeds.text_parts import TESTED
from bench.testbeds.text_parts import parts as policy_parts
from bench.testbeds.texts import TESTBEDS as TEXTS
from bench.testbeds.validation import SHARE, rows_of, set_aside

REPORTED = range(10)
VALIDATED = range(VALIDATION, VALIDATION + 4)
REAL = [testbed for testbed in crowds.TESTBEDS if testbed.name != "ideal_points"]


def named(testbed):
    return " ".join([testbed.name, *testbed.measures])


def test_a_quarter_of_the_rows_is_for_validation_and_all_seeds_of_a_kind_have_the_same():
    groups = [f"group {number % 301}" for number in range(1000)]
    mine, others = rows_of(groups, 0, "made"), rows_of(groups, VALIDATION, "made")
    assert sorted([*mine, *others]) == list(range(1000))
    assert not {groups[row] for row in mine} & {groups[row] for row in others}
    assert len(others) == pytest.approx(SHARE * 1000, abs=4)
    assert all(rows_of(groups, seed, "made") == mine for seed in REPORTED)
    assert all(rows_of(groups, seed, "made") == others for seed in VALIDATED)


def test_each_kind_has_two_groups_to_learn_from_and_be_tested_on():
    groups = ["a"] * 90 + ["b"] * 2 + ["c"] * 3 + ["d"]
    assert [len({groups[row] for row in rows_of(groups, seed, "made")}) for seed in (0, VALIDATION)] == [2, 2]
    with pytest.raises(UserError, match="made: 3 prompts with pairs; at least 4 are needed"):
        rows_of(groups[:-1], 0, "made")


def test_a_quarter_of_all_names_is_set_aside():
    assert np.mean([set_aside(f"pair {number}") for number in range(4000)]) == pytest.approx(SHARE, abs=0.02)


@pytest.mark.parametrize("testbed", TEXTS, ids=named)
def test_validation_sees_no_held_out_text_in_a_test_or_a_pool(data_dir, testbed):
    held = {seed: _held_out(testbed, seed, data_dir) for seed in (*REPORTED, *VALIDATED)}
    reported = set().union(*(held[seed]["test"] for seed in REPORTED))
    validated = set().union(*(held[seed]["test"] | held[seed]["pool"] for seed in VALIDATED))
    assert reported
    assert not reported & validated
    assert not reported & held[0]["sft"]
    assert len(validated) > 0.85 * SHARE * len(
        validated | set().union(*(one["test"] | one["pool"] for one in held.values()))
    )
    shared = np.mean(
        [len(held[a]["test"] & held[b]["test"]) / len(held[a]["test"]) for a, b in permutations(REPORTED, 2)]
    )
    assert shared == pytest.approx(testbed.overlap / (1 + testbed.overlap), abs=0.03)


@pytest.mark.parametrize("testbed", [one for one in TEXTS if Slot.POLICY in one.measures], ids=named)
def test_tests_of_policies_have_many_groups_and_no_group_has_much_of_them(data_dir, testbed):
    dataset = testbed.source.origin.load(data_dir).dataset
    for seed in (0, 1):
        test = policy_parts(dataset, seed, sft=2000, pool=1000, test=50).test
        counts = Counter(pair.group for pair in test)
        assert len(test) == 50
        assert len(counts) >= 50 > TESTED
    assert len(Counter(pair.group for pair in policy_parts(dataset, 0, sft=100, pool=9, test=9).sft)) == 100


@pytest.mark.parametrize("testbed", REAL, ids=named)
def test_validation_holds_out_nothing_that_reported_seeds_hold_out(data_dir, tmp_path, monkeypatch, testbed):
    """As many comparisons as its default budgets want are in every pool, and enough of them in every test."""
    made_up_features(monkeypatch)
    settings = canonical(testbed.settings(Profile.EMBEDDED))
    seeds = (0, 1, 9, VALIDATED[0], VALIDATED[-1])
    held = {}
    for seed in seeds:
        here = crowds._crowd(settings, seed, Context(data_dir, tmp_path, tmp_path))
        assert len(here.train) >= testbed.budgets[-1]
        held[seed] = set(_compared(here.test.comparisons))
        assert len(here.test) >= (180 if seed < VALIDATION else 60)
    assert not (held[0] | held[1] | held[9]) & (held[VALIDATED[0]] | held[VALIDATED[-1]])


def _held_out(testbed, seed, data_dir):
    """Ids of pairs by part."""
    dataset = testbed.source.origin.load(data_dir).dataset
    settings = testbed.settings(Profile.EMBEDDED)
    if Slot.POLICY in testbed.measures:
        found = policy_parts(dataset, seed, sft=settings["sft_pairs"], pool=settings["pool"], test=settings["test"])
        return {part: {pair.id for pair in getattr(found, part)} for part in ("sft", "pool", "test")}
    groups = [pair.group for pair in dataset.pairs]
    pool, test = text_rewards.parts(groups, settings["held_out"], seed, testbed.name)
    return {
        "sft": set(),
        **{part: {dataset.pairs[row].id for row in rows} for part, rows in (("pool", pool), ("test", test))},
    }


def _compared(data):
    """What is compared, whoever did."""
    for asked, one, other in zip(data.asked, data.first, data.second, strict=True):
        yield "" if asked < 0 else data.prompts[asked], *sorted((data.items[one], data.items[other]))


def made_up_features(monkeypatch):
    def table(texts, encoder, name, cache_dir: Path, progress=None):
        return np.zeros((len(texts), 2), dtype=np.float32)

    monkeypatch.setattr("bench.data.encoded.text_table", table)


def test_what_every_seed_makes_anew_has_no_overlap_and_all_else_has():
    for testbed in registry.BUILT_IN:
        assert (testbed.overlap == 0) == (testbed.name in ("world", "cyclic", "ideal_points")), testbed.name


def test_every_testbed_says_which_version_of_it_settings_are_of():
    for testbed in registry.BUILT_IN:
        for profile in testbed.at:
            assert testbed.settings(profile)["version"] >= 1


def test_labels_that_are_counted_nowhere_are_told_where_methods_are_given_what_learnt_from_them():
    for testbed in registry.BUILT_IN:
        assert bool(testbed.at_hand) == testbed.chooses
        assert not testbed.at_hand or "counted nowhere" in testbed.at_hand
