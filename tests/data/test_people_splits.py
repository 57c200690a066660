from pathlib import Path

import pytest

from bench.data import people_splits
from bench.errors import UserError


@pytest.mark.parametrize("name", people_splits.LOADERS)
def test_committed_manifests_are_the_ones_the_code_makes(name: str, data_dir: Path) -> None:
    data = people_splits.LOADERS[name](data_dir)
    assert people_splits.read(name) == people_splits.make(name, data), "run python -m bench.data.people_splits"
    for seed in people_splits.SEEDS:
        people = people_splits.load(name, data, seed)
        assert sorted(people.seen + people.unseen) == sorted(data.people)
        assert len(people.unseen) == people_splits.read(name)["sizes"]["unseen"]


def test_every_dataset_has_a_manifest() -> None:
    assert people_splits.names() == sorted([*people_splits.LOADERS, "tldr"])


def test_other_data_names_and_seeds_are_refused(data_dir: Path) -> None:
    data = people_splits.LOADERS["vpl_hh"](data_dir)
    with pytest.raises(UserError, match="the split of the people of vpl_hh was made for other data"):
        people_splits.load("vpl_hh", data.take(range(100)), 0)
    with pytest.raises(UserError, match="unknown seed '7'"):
        people_splits.load("vpl_hh", data, 7)
    with pytest.raises(UserError, match=r"unknown split of people 'vpl'\. Did you mean 'vpl_hh'"):
        people_splits.load("vpl", data, 0)
    with pytest.raises(UserError, match=r"use bench\.data\.tldr"):
        people_splits.load("tldr", data, 0)


def test_an_edited_manifest_is_refused(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (people_splits.FOLDER / "vpl_hh.json").read_text(encoding="utf-8")
    hash_of_seen = people_splits.read("vpl_hh")["seeds"]["0"]["seen"]
    (tmp_path / "vpl_hh.json").write_text(text.replace(hash_of_seen, "0" * 64), encoding="utf-8")
    monkeypatch.setattr(people_splits, "FOLDER", tmp_path)
    with pytest.raises(UserError, match="seed 0: people hash to"):
        people_splits.load("vpl_hh", people_splits.LOADERS["vpl_hh"](data_dir), 0)
