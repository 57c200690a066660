"""A record is written whole or not at all, once, and whatever else lies about is reported and left alone."""

import errno
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from bench.errors import UserError
from bench.run import store as module
from bench.run.store import Store
from bench.spec import Outcome, Profile, Record, Task, Variant


def record(seed: int = 0, value: float = 1.5) -> Record:
    task = Task("sparse", "fig2b", Variant.CORRECTED, Profile.EMBEDDED, "l1", seed, {"n": 10, "beta": 0.1})
    return Record(task, Outcome({"objective": value}, {"loss": [1.0, 0.5]}, {"why": "x"}), {"finished": "2026"})


def write(arguments) -> None:
    runs, seed, value = arguments
    Store(runs, "sparse").write(record(seed, value))


def test_a_record_reads_back_as_it_was_written(tmp_path):
    Store(tmp_path, "sparse").write(record())
    assert Store(tmp_path, "sparse").read().records == {record().task.id: record()}


def test_a_record_is_plain_json_with_its_spec(tmp_path):
    Store(tmp_path, "sparse").write(record())
    (path,) = tmp_path.rglob("*.json")
    value = json.loads(path.read_text())
    assert path.stem == value["id"] == record().task.id
    assert value["task"]["condition"] == {"n": 10, "beta": 0.1}


def test_the_first_record_stays(tmp_path):
    store = Store(tmp_path, "sparse")
    store.write(record(value=1.0))
    store.write(record(value=2.0))
    assert store.read().records[record().task.id].outcome.metrics == {"objective": 1.0}
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_many_processes_write_at_once_and_nothing_is_lost_or_torn(tmp_path):
    jobs = [(tmp_path, seed, float(writer)) for writer in range(4) for seed in range(25)]
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(write, jobs))
    stored = Store(tmp_path, "sparse").read()
    assert len(stored.records) == 25
    assert not stored.unreadable
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("content", ['{"id": "x", "task"', "", "[1, 2]", '{"other": "program"}', '"text"', "null"])
def test_a_truncated_or_foreign_file_is_reported_and_kept(tmp_path, content):
    store = Store(tmp_path, "sparse")
    store.write(record(seed=1))
    foreign = tmp_path / "sparse" / "fig2b" / "notes.json"
    foreign.write_text(content)
    stored = store.read()
    assert len(stored.records) == 1
    assert len(stored.unreadable) == 1
    assert "notes.json" in stored.unreadable[0]
    assert foreign.read_text() == content


def test_an_altered_record_is_not_taken_for_the_task_it_was(tmp_path):
    store = Store(tmp_path, "sparse")
    store.write(record())
    (path,) = tmp_path.rglob("*.json")
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 7'))
    stored = store.read()
    assert not stored.records
    assert "not the hash" in stored.unreadable[0]


def test_a_record_goes_beside_a_truncated_file_of_its_name(tmp_path):
    store = Store(tmp_path, "sparse")
    store.write(record())
    (path,) = tmp_path.rglob("*.json")
    path.write_text(path.read_text()[:40])
    store.write(record())
    stored = store.read()
    assert list(stored.records) == [record().task.id]
    assert len(stored.unreadable) == 1
    assert len(path.read_text()) == 40


def test_a_full_disk_is_an_error_that_says_nothing_is_lost(tmp_path, monkeypatch):
    store = Store(tmp_path, "sparse")
    store.write(record(seed=0))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "commit", full)
    with pytest.raises(UserError, match="disk is full") as caught:
        store.write(record(seed=1))
    assert "kept" in str(caught.value)
    assert len(store.read().records) == 1


def test_a_runs_folder_that_cannot_be_made_is_found_before_any_work(tmp_path):
    (tmp_path / "runs").write_text("a file, not a folder")
    with pytest.raises(UserError, match="cannot be written") as caught:
        Store(tmp_path / "runs", "sparse").prepare()
    assert "--runs" in str(caught.value)


def test_a_failure_is_no_result_and_goes_when_the_task_succeeds(tmp_path):
    store = Store(tmp_path, "sparse")
    store.write_failure(record().task, "Traceback\nValueError: no", {})
    stored = store.read()
    assert not stored.records
    assert "ValueError" in stored.failures[record().task.id]["traceback"]
    store.write(record())
    assert not store.read().failures
