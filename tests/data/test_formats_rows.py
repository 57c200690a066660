"""Where users' rows come from: files, folders, and the hub."""

import gzip
import json

import pytest

from bench.data.formats import preferences
from bench.data.formats.rows import hub_name, rows, sha256_content
from bench.errors import UserError

datasets = pytest.importorskip("datasets", reason="the hub's datasets are read with its library")

ROWS = [{"prompt": f"prompt {n} ", "chosen": "yes", "rejected": "no", "annotator": "ann"} for n in range(3)]
LINES = "".join(f"{json.dumps(row)}\n" for row in ROWS)
CONVERSATION = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]


def test_every_kind_of_file_has_the_same_rows(tmp_path):
    (tmp_path / "a.jsonl").write_text(LINES)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(LINES.encode()))
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    (tmp_path / "lines.json").write_text(LINES)
    datasets.Dataset.from_list(ROWS).to_parquet(tmp_path / "a.parquet")
    for file in sorted(tmp_path.iterdir()):
        assert [row for _, row in rows(file)] == ROWS, file.name


def test_messages_survive_parquet(tmp_path):
    row = {"chosen": CONVERSATION, "rejected": [*CONVERSATION[:1], {"role": "assistant", "content": "no"}]}
    datasets.Dataset.from_list([row]).to_parquet(tmp_path / "a.parquet")
    (pair,) = preferences(tmp_path / "a.parquet").dataset.pairs
    assert (pair.prompt, pair.chosen, pair.rejected) == ("\n\nHuman: hi\n\nAssistant:", " ho", " no")


def test_a_folder_is_all_its_files_in_the_order_of_their_names(tmp_path):
    (tmp_path / "data").mkdir()
    datasets.Dataset.from_list(ROWS[:1]).to_parquet(tmp_path / "data" / "train-00000-of-00002.parquet")
    datasets.Dataset.from_list(ROWS[1:]).to_parquet(tmp_path / "data" / "train-00001-of-00002.parquet")
    (tmp_path / "README.md").write_text("a card")
    (tmp_path / "dataset_infos.json").write_text("{}")
    assert [row for _, row in rows(tmp_path)] == ROWS
    assert len({pair.id for pair in preferences(tmp_path).dataset.pairs}) == 3


def test_the_hash_is_of_what_is_read_wherever_it_lies(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.jsonl").write_text(LINES)
    one, two = tmp_path / "one", tmp_path / "two" / "two.jsonl"
    assert sha256_content(one) == sha256_content(two)
    two.write_text(LINES.replace("yes", "Yes"))
    assert sha256_content(one) != sha256_content(two)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"prompt": "p"\n', "a.jsonl, line 1: not valid JSON"),
        ("a.jsonl", LINES.encode() + b"[1, 2]\n", "a.jsonl, line 4: expected a JSON object"),
        ("a.jsonl", b"\xff\xfe", "a.jsonl: not a text file"),
        ("a.jsonl.gz", b"plain", "a.jsonl.gz: not a text file"),
        ("a.json", b"[1]", "a.json, row 0: expected a JSON object"),
        ("a.json", b"[", "a.json: not valid JSON"),
        ("a.parquet", b"plain", "a.parquet: not a parquet file"),
        ("a.txt", b"plain", r"a.txt: not one of \.jsonl"),
    ],
)
def test_what_is_no_such_file_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        list(rows(tmp_path / name))


def test_a_folder_without_rows_says_what_it_has(tmp_path):
    (tmp_path / "data.arrow").write_bytes(b"")
    with pytest.raises(UserError, match=r"no \.jsonl, .* file in this folder; it has data.arrow"):
        list(rows(tmp_path))


def test_nothing_there_is_said_with_the_whole_path(tmp_path):
    with pytest.raises(UserError, match=f"no file or folder {tmp_path}"):
        list(rows(tmp_path / "missing.jsonl"))


def test_a_hub_dataset_is_loaded_by_repository_and_split(monkeypatch):
    asked = []

    def load(repo, split):
        asked.append((repo, split))
        return datasets.Dataset.from_list(ROWS)

    monkeypatch.setattr(datasets, "load_dataset", load)
    found = preferences("hub:org/name:train_prefs")
    assert preferences("hub:org/name").dataset.pairs == found.dataset.pairs
    assert asked == [("org/name", "train_prefs"), ("org/name", "train")]
    assert found.annotators == ("ann",) * 3


@pytest.mark.parametrize(
    "error",
    [
        datasets.exceptions.DatasetNotFoundError("Dataset 'org/name' doesn't exist on the Hub"),
        ValueError("Unknown split \"trian\". Should be one of ['train', 'test']."),
        ConnectionError("Couldn't reach the Hub"),
    ],
)
def test_what_the_hub_says_is_passed_on(monkeypatch, error):
    def load(repo, split):
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(UserError, match="cannot load split 'trian' of org/name") as raised:
        preferences("hub:org/name:trian")
    assert str(error) in str(raised.value)


@pytest.mark.parametrize("reference", ["hub:name", "hub:/name", "hub:a/b/c", "org/name"])
def test_a_hub_dataset_is_named_in_one_way(reference):
    with pytest.raises(UserError, match="is named hub:org/name"):
        hub_name(reference)


def test_a_bad_row_of_the_hub_is_named(monkeypatch):
    table = datasets.Dataset.from_list([{"prompt": "a ", "chosen": "b", "rejected": None}])
    monkeypatch.setattr(datasets, "load_dataset", lambda repo, split: table)
    with pytest.raises(UserError, match="org/name, split train, row 0, column 'rejected': is empty"):
        preferences("hub:org/name")
