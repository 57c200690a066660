"""hh_rlhf, ukpconvarg1 and the registry: what the loaders make of the files, and the constants they commit."""

from collections import Counter
from pathlib import Path

import pytest

from bench.data import hh_rlhf, made, registry, ukpconvarg1
from bench.data.datafile import read_rows
from bench.data.features import longer_wins
from bench.data.pairs import Pair, make_dataset
from bench.errors import UserError


def votes(a1: int, a2: int, equal: int) -> Counter[str]:
    return Counter(a1=a1, a2=a2, equal=equal)


@pytest.mark.parametrize(
    ("vote", "winner"),
    [
        (votes(3, 1, 1), "a1"),
        (votes(0, 5, 0), "a2"),
        (votes(1, 1, 3), "equal"),
        (votes(2, 2, 1), None),
        (votes(2, 1, 2), None),
        (votes(2, 0, 2), None),
        (votes(2, 1, 1), None),
    ],
)
def test_a_strict_majority_is_more_than_half_of_all_votes(vote: Counter[str], winner: str | None) -> None:
    assert ukpconvarg1.strict_majority(vote) == winner


def test_hh_rlhf_is_whole(data_dir: Path) -> None:
    dataset = hh_rlhf.load(data_dir)
    assert len(dataset.pairs) == hh_rlhf.FILE.rows == 4_664
    assert all(
        pair.prompt.startswith("\n\nHuman: ") and pair.prompt.endswith("\n\nAssistant:") for pair in dataset.pairs
    )
    assert sum(not (pair.chosen.strip() and pair.rejected.strip()) for pair in dataset.pairs) == hh_rlhf.EMPTY_ANSWERS
    assert len({pair.group for pair in dataset.pairs}) == hh_rlhf.GROUPS


@pytest.mark.parametrize("name", hh_rlhf.SUBSETS)
def test_the_length_baseline_of_hh_rlhf_is_the_committed_one(name: str, data_dir: Path) -> None:
    assert longer_wins(hh_rlhf.load(data_dir, name)) == pytest.approx(hh_rlhf.LONGER_WINS[name], abs=5e-5)


def test_the_halves_of_hh_rlhf_make_the_whole(data_dir: Path) -> None:
    whole, helpful, harmless = (hh_rlhf.load(data_dir, name).pairs for name in hh_rlhf.SUBSETS)
    assert (len(helpful), len(harmless)) == (2_352, 2_312)
    assert helpful + harmless == whole


def test_ukpconvarg1_keeps_the_decided_pairs(data_dir: Path) -> None:
    judgements = read_rows(data_dir, ukpconvarg1.JUDGEMENTS, "")
    tally = ukpconvarg1.tally(judgements)
    dataset = ukpconvarg1.load(data_dir)
    assert len(judgements) == ukpconvarg1.JUDGEMENTS.rows
    assert ukpconvarg1.count_majorities(tally.values()) == ukpconvarg1.MAJORITY
    assert len(dataset.pairs) == ukpconvarg1.MAJORITY.decided
    assert len({pair.group for pair in dataset.pairs}) == ukpconvarg1.GROUPS
    assert longer_wins(dataset) == pytest.approx(ukpconvarg1.LONGER_WINS, abs=5e-5)


def test_ukpconvarg1_puts_the_argument_with_more_votes_first(data_dir: Path) -> None:
    texts = {row["arg_id"]: f" {row['text']}" for row in read_rows(data_dir, ukpconvarg1.ARGUMENTS, "")}
    tally = list(ukpconvarg1.tally(read_rows(data_dir, ukpconvarg1.JUDGEMENTS, "")).items())
    for pair in ukpconvarg1.load(data_dir).pairs[::500]:
        (a1, a2), vote = tally[int(pair.id.removeprefix("ukp/"))]
        better, worse = (a1, a2) if vote["a1"] > vote["a2"] else (a2, a1)
        assert (pair.chosen, pair.rejected) == (texts[better], texts[worse])


def test_two_loads_have_one_fingerprint(data_dir: Path) -> None:
    assert hh_rlhf.load(data_dir).fingerprint == hh_rlhf.load(data_dir).fingerprint


def test_the_fingerprint_sees_every_field() -> None:
    pair = Pair("x/0", "g", "p", "c", "r")
    variants = [
        pair,
        Pair("x/1", "g", "p", "c", "r"),
        Pair("x/0", "h", "p", "c", "r"),
        Pair("x/0", "g", "q", "c", "r"),
        Pair("x/0", "g", "p", "d", "r"),
        Pair("x/0", "g", "p", "c", "s"),
    ]
    assert len({make_dataset("x", [variant], "").fingerprint for variant in variants}) == len(variants)


def test_ids_are_unique() -> None:
    pair = Pair("x/0", "g", "p", "c", "r")
    with pytest.raises(UserError, match="two pairs have the id 'x/0'"):
        make_dataset("x", [pair, pair], "")


def test_take_keeps_the_order_asked_for_and_names_a_missing_id() -> None:
    dataset = make_dataset("x", [Pair(f"x/{row}", "g", "p", "c", "r") for row in range(3)], "")
    assert [pair.id for pair in dataset.take(["x/2", "x/0"])] == ["x/2", "x/0"]
    with pytest.raises(UserError, match="no pair with id 'x/7'"):
        dataset.take(["x/7"])


def test_the_registry_knows_what_is_there(tmp_path: Path) -> None:
    assert registry.available(None) == [made.NAME]
    (tmp_path / hh_rlhf.NAME).mkdir()
    assert registry.available(tmp_path) == ["hh_rlhf", "hh_helpful", "hh_harmless", "made"]
    assert registry.load_text(made.NAME, None) is made.load()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hh_rlfh", "unknown dataset 'hh_rlfh'. Did you mean 'hh_rlhf'?"),
        ("hh_rlhf", "hh_rlhf needs a data directory"),
        ("rm-static", "use bench.data.rm_static.load"),
    ],
)
def test_the_registry_says_what_is_wrong(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        registry.load_text(name, None)
