"""Pick-a-Pic's published embeddings, from samples in their authors' form that are made here."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import torch

from bench.data import embedded, pickapic, splits
from bench.data.embedded import Embedded
from bench.errors import UserError

DIMENSION = 8


def vectors(ranking: int) -> np.ndarray:
    """Features of the prompt, the left and the right image."""
    return np.random.default_rng(ranking).normal(size=(3, DIMENSION)).astype(np.float32)


def sample(ranking: int, picked: int, *, tensors: bool) -> Any:
    prompt, left, right = (torch.from_numpy(each) if tensors else each for each in vectors(ranking))
    return ((str(ranking % 3), prompt, (left, right)), picked), ranking


PICKS = {7: -1, 11: 1, 5: 3, 20: 0, 13: -1}  # 3 is the right image in old data, 0 a tie


@pytest.fixture(params=["folder of tensors", "archive of arrays"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "pickapic_v1-openclip-h14_default"
    folder.mkdir()
    for ranking, picked in PICKS.items():
        joblib.dump(sample(ranking, picked, tensors=request.param.endswith("tensors")), folder / f"{ranking}.joblib")
    if request.param.startswith("folder"):
        return tmp_path
    with zipfile.ZipFile(tmp_path / "default.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"embeddings/{file.name}")
    return tmp_path / "default.zip"


def test_samples_become_comparisons_with_features(source: Path) -> None:
    found = pickapic.load(source)
    assert found.rankings == (5, 7, 11, 13)
    assert found.comparisons.labels.tolist() == [-1, 1, -1, 1]  # +1 = the left image
    assert found.comparisons.annotators == ["2", "1", "2", "1"]
    assert found.comparisons.left_out == 1
    for place, ranking in enumerate(found.rankings):
        prompt, left, right = vectors(ranking)
        assert (found.prompts[place] == prompt).all()
        assert (found.items[place] == [left, right]).all()
        first = found.comparisons.items[found.comparisons.first[place]]
        assert first == f"{ranking}/first"


def test_rankings_are_chosen_and_ordered(source: Path) -> None:
    assert pickapic.load(source, [13, 5]).rankings == (13, 5)
    with pytest.raises(UserError, match="no sample of ranking 6; it has 5 others"):
        pickapic.load(source, [5, 6])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (((("1", vectors(0)[0], (vectors(0)[1],)), 1), 4), r"expected \(\(\(user, prompt, \(left, right\)\), y\)"),
        (((("1", vectors(0)[0], tuple(vectors(0)[1:])), 2), 4), "y must be -1, 0, 1 or 3, found 2"),
        (((("1", vectors(0)[0], tuple(vectors(0)[1:, :5])), 1), 9), "features of another length"),
        (((("1", vectors(0)[0] * np.nan, tuple(vectors(0)[1:])), 1), 9), "features of the prompts of ranking 9"),
    ],
)
def test_samples_of_another_form_are_named(tmp_path: Path, wrong: Any, message: str) -> None:
    joblib.dump(sample(7, 1, tensors=False), tmp_path / "7.joblib")
    joblib.dump(wrong, tmp_path / "9.joblib")
    with pytest.raises(UserError, match=message):
        pickapic.load(tmp_path)


def test_a_missing_or_empty_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no archive or folder .*\nRun `hf download ramya-ml/pickapic-embeds"):
        pickapic.load(tmp_path / "absent.zip")
    with pytest.raises(UserError, match=r"no file <ranking>\.joblib in it"):
        pickapic.load(tmp_path)


def test_the_leakage_sets_are_those_of_the_authors() -> None:
    parts = pickapic.leakage()
    assert len(parts["leaked"]) == pickapic.LEAKED == 12_025
    assert len(parts["non_leaked"]) == pickapic.NON_LEAKED == 8_691
    assert len(parts["clean"]) == pickapic.NON_LEAKED - pickapic.NON_LEAKED_IN_V1 == 8_305
    assert set(parts["clean"]) < set(parts["non_leaked"])
    assert not set(parts["leaked"]) & set(parts["non_leaked"])
    assert sum(map(len, splits.load("pickapic").parts.values())) == 20_716


def test_lists_of_rankings_are_read_as_torch_saves_them(tmp_path: Path) -> None:
    torch.save([9, 4, 7], tmp_path / "list.pt")
    torch.save({9, 4, 7}, tmp_path / "set.pt")
    torch.save({"9": 4}, tmp_path / "other.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "list.pt").read_bytes()[:50])
    assert pickapic.read_rankings(tmp_path / "list.pt") == (9, 4, 7)
    assert pickapic.read_rankings(tmp_path / "set.pt") == (4, 7, 9)
    with pytest.raises(UserError, match="expected a list or a set of ranking numbers, found dict"):
        pickapic.read_rankings(tmp_path / "other.pt")
    with pytest.raises(UserError, match="not a list of rankings saved with torch"):
        pickapic.read_rankings(tmp_path / "cut.pt")
    with pytest.raises(UserError, match="no file"):
        pickapic.read_rankings(tmp_path / "absent.pt")


def same(one: Embedded, other: Embedded) -> bool:
    return one.fingerprint == other.fingerprint and one.rankings == other.rankings


def test_what_is_written_is_read_again(source: Path, tmp_path: Path) -> None:
    found = pickapic.load(source)
    embedded.write(found, tmp_path / "all.safetensors")
    again = embedded.read(tmp_path / "all.safetensors")
    assert same(found, again)
    assert again.comparisons.left_out == 1
    assert not same(found, found.take([1, 0, 2, 3]))


def test_taking_some_takes_features_too(source: Path) -> None:
    found = pickapic.load(source)
    some = found.take(found.comparisons.labels > 0)
    assert some.rankings == (7, 13)
    assert some.comparisons.people == ("1",)
    assert (some.items == found.items[[1, 3]]).all()
    assert (some.prompts == found.prompts[[1, 3]]).all()


def test_files_that_were_not_written_here_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        embedded.read(tmp_path / "absent")
    (tmp_path / "other").write_bytes(b"something else")
    with pytest.raises(UserError, match="not a file of embedded comparisons"):
        embedded.read(tmp_path / "other")


def test_columns_of_other_lengths_are_refused() -> None:
    columns = {"rankings": [1, 2], "annotators": ["a", "b"], "labels": [1, 1], "source": "here"}
    with pytest.raises(UserError, match=r"2 rankings, features of prompts \(3, 4\)"):
        embedded.make_embedded("x", prompts=np.zeros((3, 4)), items=np.zeros((2, 2, 4)), **columns)
