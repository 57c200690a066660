import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from bench.data import make_splits, registry, splits
from bench.data.deepspeed import deepspeed_split
from bench.data.pairs import Dataset, make_dataset
from bench.data.rows import compress, expand
from bench.errors import UserError

SIZES = {
    "hh_harmless": {"train": 1_619, "validation": 231, "test": 462},
    "hh_helpful": {"train": 1_647, "validation": 235, "test": 470},
    "hh_rlhf": {"train": 3_265, "validation": 467, "test": 932},
    "made": {"train": 6_720, "validation": 960, "test": 1_920},
    "pickapic": {"leaked": 12_025, "non_leaked_in_v1": 386, "non_leaked": 8_305},
    "rm-static": {"train": 30_502, "validation": 2_041, "test": 2_041},
    "shp": {"train": 12_903, "validation": 681, "test": 682},
    "spa": {"seed": 2_000, "iteration_1": 8_000, "iteration_2": 20_000, "iteration_3": 30_000, "test": 917},
    "spa-0.8": {"seed": 500, "iteration_1": 8_000, "iteration_2": 20_000, "iteration_3": 30_000, "test": 917},
    "spa-1.7": {"seed": 1_000, "iteration_1": 8_000, "iteration_2": 20_000, "iteration_3": 30_000, "test": 917},
    "spa-10": {"seed": 6_000, "iteration_1": 8_000, "iteration_2": 20_000, "test": 917},
    "ukpconvarg1": {"train": 7_987, "validation": 1_425, "test": 2_617},
}


def test_committed_manifests_are_the_ones_the_code_makes() -> None:
    named = os.environ.get("PREFBENCH_DATA")
    made_here = make_splits.manifests(Path(named) if named else None)
    assert {"made", "rm-static", "shp", "spa", "spa-0.8", "spa-1.7", "spa-10"} <= set(made_here)
    for name, manifest in made_here.items():
        committed = json.loads((splits.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        assert committed == manifest, f"{name}: run python -m bench.data.make_splits"


@pytest.mark.parametrize("name", SIZES)
def test_parts_are_disjoint_and_of_the_stated_size(name: str) -> None:
    parts = splits.load(name).parts
    assert {part: len(ids) for part, ids in parts.items()} == SIZES[name]
    assert len(set().union(*parts.values())) == sum(SIZES[name].values())


def test_every_manifest_is_tested() -> None:
    assert splits.names() == sorted(SIZES)


@pytest.mark.parametrize("name", ["made", "hh_rlhf", "hh_helpful", "hh_harmless", "ukpconvarg1"])
def test_no_group_crosses_parts_and_every_pair_is_in_one(name: str, request: pytest.FixtureRequest) -> None:
    dataset = registry.load_text(name, None if name == "made" else request.getfixturevalue("data_dir"))
    split = splits.load(name)
    splits.check(split, dataset)
    groups = [{pair.group for pair in dataset.take(ids)} for ids in split.parts.values()]
    assert len(set().union(*groups)) == sum(map(len, groups))
    assert sum(map(len, split.parts.values())) == len(dataset.pairs)


def test_seeds_give_their_own_rows() -> None:
    first, second = (splits.load("rm-static", seed).parts["train"] for seed in (0, 1))
    overlap = len(set(first) & set(second)) / len(first)
    assert overlap == pytest.approx(0.4, abs=0.01)  # two independent draws of 40 %
    assert splits.load("shp").parts == splits.load("shp", 1234).parts  # the seed of the authors' features


def test_deepspeed_split_on_the_papers_rows() -> None:
    # The sizes are printed by the authors' runs (SHP) or follow from their settings (rm-static).
    assert len(deepspeed_split(76_256, (2, 4, 4), part=1, seed=0)) == 30_502
    assert len(deepspeed_split(5_103, (2, 4, 4), part=1, seed=0)) == 2_041
    assert len(deepspeed_split(348_718, (0, 37, 963), part=1, seed=1234)) == 12_903
    assert len(deepspeed_split(18_436, (0, 37, 963), part=1, seed=1234)) == 682


def test_deepspeed_split_follows_numpys_legacy_shuffle_and_gives_the_remainder_to_the_first_part() -> None:
    # 13 rows in shares .2, .4, .4 round to 3, 5, 5; 12 rows to 2, 5, 5; 76,256 rows leave one over.
    shuffled = np.arange(13, dtype=np.uint32)
    np.random.RandomState(7).shuffle(shuffled)
    assert deepspeed_split(13, part=0, seed=7) == tuple(shuffled[:3])
    assert deepspeed_split(13, part=1, seed=7) == tuple(shuffled[3:8])
    assert [len(deepspeed_split(76_256, part=part, seed=0)) for part in range(3)] == [15_252, 30_502, 30_502]


@given(
    rows=st.integers(1, 300),
    parts=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    seed=st.integers(0, 2**32 - 1),
)
def test_deepspeed_parts_cover_all_rows_once(rows: int, parts: list[int], seed: int) -> None:
    try:
        shares = [deepspeed_split(rows, parts, part, seed) for part in range(len(parts))]
    except UserError:
        reject()  # rounding has left the first part negative
    assert sorted(row for share in shares for row in share) == list(range(rows))


def test_a_first_part_that_rounding_makes_negative_is_refused() -> None:
    with pytest.raises(UserError, match="rounding leaves the first part negative"):  # 3 rows: 0, 2 and 2
        deepspeed_split(3, (0, 1, 1))


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"part": 3}, {"part": -1}, {"parts": (0, 0)}, {"parts": (1, -1)}])
def test_impossible_deepspeed_splits_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError):
        deepspeed_split(**{"rows": 10, **wrong})


@given(st.lists(st.integers(0, 10_000)))
def test_row_lists_survive_compression(rows: list[int]) -> None:
    assert expand(compress(rows)) == rows


def changed(dataset: Dataset) -> Dataset:
    return make_dataset(dataset.name, dataset.pairs[:-1], dataset.source)


def test_other_data_are_refused() -> None:
    with pytest.raises(UserError, match="the split of made was made for other data"):
        splits.check(splits.load("made"), changed(registry.load_text("made", None)))


def test_a_missing_row_is_named_with_its_part() -> None:
    split, dataset = splits.load("made"), registry.load_text("made", None)
    last = dataset.pairs[-1].id
    part = next(part for part, ids in split.parts.items() if last in ids)
    short = Dataset(dataset.name, dataset.pairs[:-1], dataset.fingerprint, dataset.source)
    with pytest.raises(UserError, match=f"part '{part}': the data lack row '{last}'"):
        splits.check(split, short)
    splits.check(split, short, [other for other in split.parts if other != part])


def test_an_edited_manifest_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = json.loads((splits.FOLDER / "made.json").read_text(encoding="utf-8"))
    manifest["parts"]["test"]["rows"] = manifest["parts"]["test"]["rows"][1:]
    (tmp_path / "made.json").write_text(json.dumps(manifest), encoding="utf-8")
    monkeypatch.setattr(splits, "FOLDER", tmp_path)
    with pytest.raises(UserError, match="part 'test': ids hash to"):
        splits.load("made")


@pytest.mark.parametrize(
    ("name", "seed", "message"),
    [
        ("rm_static", None, "unknown split 'rm_static'. Did you mean 'rm-static'"),
        ("rm-static", 9, "unknown seed '9'"),
        ("made", 1, "takes no seed"),
    ],
)
def test_a_wrong_name_or_seed_is_named(name: str, seed: int | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        splits.load(name, seed)
