"""Every method that has a name holds to the contract, and each way to break it is found, and named."""

from pathlib import Path

import pytest

from bench.methods.checks import CHECKS, verdicts
from bench.methods.registry import from_file, methods

HERE = Path(__file__).parent
RUNS = "runs, and gives finite numbers of the right shape"
BROKEN = {
    "Unseeded": "same bits twice under a seed",
    "NumbersPeople": "same bits twice under a seed",
    "Remembers": "order of construction does not matter",
    "Truncates": "leaves its inputs as they are",
    "Shuffles": "leaves its inputs as they are",
    "Centres": "leaves its inputs as they are",
    "TrainsTheReference": "leaves the SFT policy as it is",
    "ReadsHeldOut": "does not touch held-out labels",
    "ReadsMinds": "does not touch held-out labels",
    "ReadsFrames": "does not touch held-out labels",
    "BuysUncounted": "labels that it buys are counted",
    "BuysBeyondBudget": "labels that it buys are counted",
    "NeedsTwo": "survives a single pair",
    "NeedsDifferent": "survives duplicate pairs",
    "NeedsAWinner": "survives all ties",
    "NeedsAnnotators": "survives one annotator",
    "CouplesPairs": "a pair's loss is its own",
    "SpaceTooWide": "takes hyper-parameters from its space",
    "ReadsNothingKnown": RUNS,
    "WrongShape": RUNS,
}


@pytest.mark.parametrize("method", methods(), ids=lambda method: f"{method.slot}-{method.name}")
def test_a_method_holds_to_the_contract(method):
    assert [f"{one.check}: {one.why}" for one in verdicts(method) if one.ok is False] == []


@pytest.mark.parametrize(("name", "check"), BROKEN.items())
def test_a_method_that_breaks_it_fails_that_check_and_no_other(name, check):
    found = list(verdicts(from_file(f"{HERE / 'bad_methods.py'}:{name}")))
    assert [one.check for one in found if one.ok is False] == [check]
    assert all(one.why for one in found if one.ok is not True)


def test_a_file_that_imports_the_truth_fails_whatever_it_does_with_it():
    found = [one for one in verdicts(from_file(f"{HERE / 'truth_reader.py'}:ReadsGold")) if one.ok is False]
    assert [one.check for one in found] == ["does not touch held-out labels"]
    assert "bench.data.world.gold" in found[0].why


def test_every_check_has_a_method_that_fails_it():
    assert {name for name, _, _ in CHECKS} <= set(BROKEN.values())


def test_a_method_without_a_space_is_not_checked_for_one():
    found = {one.check: one for one in verdicts(from_file(f"{HERE / 'bad_methods.py'}:NeedsTwo"))}
    assert found["takes hyper-parameters from its space"].ok is None
