"""rm-static and SHP from local files with the hub's exact schema: texts as DeepSpeed-Chat makes them."""

import json
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pytest

from bench.data import rm_static, shp
from bench.errors import UserError


def rm_static_row(number: int) -> dict[str, Any]:
    return {
        "prompt": f"\n\nHuman: Question {number}?\n\nAssistant:",
        "response": f" Good answer {number}.",
        "chosen": f" Good answer {number}.",
        "rejected": f" Bad answer {number}.",
    }


def shp_row(number: int, label: int) -> dict[str, Any]:
    return {
        "post_id": f"post{number // 2}",
        "domain": "askculinary_train",
        "upvote_ratio": 0.98,
        "history": f"How long do I cook {number} eggs?",
        "c_root_id_A": f"a{number}",
        "c_root_id_B": f"b{number}",
        "created_at_utc_A": 1_600_000_000,
        "created_at_utc_B": 1_600_000_100,
        "score_A": 40 if label else 3,
        "score_B": 3 if label else 40,
        "human_ref_A": f"Answer A{number}",
        "human_ref_B": f"Answer B{number}",
        "labels": label,
        "seconds_difference": 100.0,
        "score_ratio": 13.3,
    }


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pd.DataFrame(rows).to_parquet(path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("hub"))


@pytest.mark.parametrize(
    "files", [["train.jsonl"], ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]]
)
def test_rm_static_is_taken_as_it_is(tmp_path: Path, files: list[str]) -> None:
    rows = [rm_static_row(number) for number in range(6)]
    share = len(rows) // len(files)
    for number, file in enumerate(files):
        write(tmp_path / file, rows[number * share : (number + 1) * share])
    write(tmp_path / "test.jsonl", [rm_static_row(99)])
    dataset = rm_static.load("train", tmp_path)
    assert [pair.id for pair in dataset.pairs] == [f"train/{number}" for number in range(6)]
    assert [(pair.prompt, pair.chosen, pair.rejected) for pair in dataset.pairs] == [
        (row["prompt"], row["chosen"], row["rejected"]) for row in rows
    ]


@pytest.mark.parametrize(
    ("label", "chosen", "rejected"), [(1, " Answer A0", " Answer B0"), (0, " Answer B0", " Answer A0")]
)
def test_shp_label_1_prefers_a(tmp_path: Path, label: int, chosen: str, rejected: str) -> None:
    write(tmp_path / "validation.parquet", [shp_row(0, label)])
    (pair,) = shp.load("validation", tmp_path).pairs
    assert (pair.chosen, pair.rejected) == (chosen, rejected)
    assert pair.prompt + pair.chosen == f" Human: How long do I cook 0 eggs? Assistant:{chosen}"
    assert pair.group == "post0"


def test_rows_chooses_and_orders(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl", [shp_row(number, 1) for number in range(5)])
    assert [pair.id for pair in shp.load("train", tmp_path, rows=[4, 0]).pairs] == ["train/4", "train/0"]


def test_the_schema_is_the_hubs() -> None:
    assert list(rm_static.HUB.fields) == list(rm_static_row(0))
    assert list(shp.HUB.fields) == list(shp_row(0, 1))


def test_what_is_wrong_with_a_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"unknown split 'trian'\. Did you mean 'train'"):
        rm_static.load("trian", tmp_path)
    with pytest.raises(UserError, match="no folder"):
        rm_static.load("train", tmp_path / "absent")
    with pytest.raises(UserError, match="no file for split 'train'"):
        rm_static.load("train", tmp_path)
    write(tmp_path / "train.jsonl", [{"prompt": "p", "chosen": "c", "rejected": "r"}])
    with pytest.raises(UserError, match="field 'response' is missing; found prompt, chosen, rejected"):
        rm_static.load("train", tmp_path)
    write(tmp_path / "test.jsonl", [rm_static_row(0)])
    with pytest.raises(UserError, match="row 7 does not exist; it has 1 rows"):
        rm_static.load("test", tmp_path, rows=[7])
    (tmp_path / "test.jsonl").write_text('{"prompt": "cut', encoding="utf-8")
    with pytest.raises(UserError, match="cannot read split 'test'"):
        rm_static.load("test", tmp_path)
    write(tmp_path / "test.parquet", [rm_static_row(0)])
    with pytest.raises(UserError, match="both parquet and JSON"):
        rm_static.load("test", tmp_path)


def test_a_hub_split_of_another_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = datasets.Dataset.from_list([rm_static_row(0)])
    monkeypatch.setattr(datasets, "load_dataset", lambda repo, split: grown)
    with pytest.raises(UserError, match="1 rows on the hub today, 5,103 when the split manifests were made"):
        rm_static.load("test")


def test_a_hub_out_of_reach_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(repo: str, split: str) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    with pytest.raises(UserError, match=r"no route to host\n.*download its files elsewhere and name their folder"):
        rm_static.load("test")


def test_a_label_that_is_neither_0_nor_1_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl", [{**shp_row(0, 1), "labels": 2}])
    with pytest.raises(UserError, match="row 0: labels must be 0 or 1, found 2"):
        shp.load("train", tmp_path)
