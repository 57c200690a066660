"""The command line as a user meets it: what it does, and what it says when asked for what does not exist."""

import csv
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bench import cli

SMALL = ["--experiment", "fig2b", "--variant", "corrected", "--seeds", "3"]
N10 = "n: [10, 20]\n"


@pytest.fixture
def prefbench(tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder with no data directory: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFBENCH_DATA", raising=False)
    monkeypatch.delenv("PREFBENCH_RUNS", raising=False)
    monkeypatch.setenv("PREFBENCH_CACHE", str(tmp_path / "cache"))

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["prefbench", *arguments])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        out = capsys.readouterr()
        return code, out.out, out.err

    return call


@pytest.fixture
def recorded(prefbench, tmp_path):
    """Three seeds of Figure 2b at two n."""
    (tmp_path / "own.yaml").write_text(N10)
    code, out, _ = prefbench("run", "sparse", *SMALL, "--jobs", "2", "--config", "own.yaml")
    assert code == 0
    assert "12" in out
    return prefbench


def test_list_shows_papers_experiments_variants_and_methods(prefbench):
    assert "sparse" in prefbench("list")[1]
    out = prefbench("list", "sparse")[1]
    for word in ("fig1", "fig2a", "fig2b", "rates", "fig3", "fig4", "as_released", "corrected", "mle", "l1", "l0"):
        assert word in out


def test_running_again_does_nothing_and_says_so(recorded):
    code, out, _ = recorded("run", "sparse", *SMALL, "--config", "own.yaml")
    assert code == 0
    assert "Nothing to do: 12 of 12 tasks are recorded." in out


def test_more_seeds_add_to_what_is_there(recorded):
    recorded("run", "sparse", *SMALL[:-1], "4", "--config", "own.yaml")
    assert len(list(Path("runs/sparse/fig2b").glob("*.json"))) == 16


def test_status_says_what_is_done_and_what_is_missing_and_why(recorded):
    out = recorded("status", "sparse", *SMALL, "--why")[1]
    assert "12 done" in out
    assert "30 missing: never run" in out


def test_export_gives_one_tidy_row_a_task_and_metric(recorded):
    rows = list(csv.DictReader(io.StringIO(recorded("export", "sparse", "-e", "fig2b", "--config", "own.yaml")[1])))
    identity = ["paper", "experiment", "variant", "profile", "method", "seed"]
    columns = [*identity, "n", "d", "k", "sigma", "beta", "metric", "value"]
    assert list(rows[0])[: len(columns)] == columns
    metrics = {row["metric"] for row in rows}
    wanted = {"squared_sigma_error", "squared_l2_error", "objective", "optimality_gap", "nonzeros", "fit_seconds"}
    assert wanted <= metrics
    assert len(rows) == 12 * len(metrics)
    assert all(float(row["value"]) < 1e-8 for row in rows if row["metric"] == "optimality_gap")
    parsed = json.loads(recorded("export", "sparse", "-e", "fig2b", "--config", "own.yaml", "-f", "json")[1])
    assert len(parsed) == len(rows)


def test_report_and_figures_are_made_from_the_records_there_are(recorded):
    code, out, _ = recorded("report", "sparse")
    assert code == 0
    assert "l1-below-mle" in out
    page = Path("reports/sparse.html").read_text()
    assert "not attempted" in page
    assert "<svg" in page
    assert recorded("figures", "sparse", "-e", "fig2b", "--out", "pictures")[0] == 0
    assert {path.suffix for path in Path("pictures").iterdir()} >= {".pdf", ".png"}


def test_problem_writes_what_the_authors_draw_from_a_seed(prefbench):
    size = ["--n", "7", "--d", "5", "--k", "2", "--sigma", "0.1", "--seed", "3"]
    assert prefbench("problem", "sparse", *size, "--out", "p.npz")[0] == 0
    held = np.load("p.npz")
    rng = np.random.default_rng(3)
    theta = rng.standard_normal(5) * [1, 1, 0, 0, 0]
    rng.standard_normal(5)
    np.testing.assert_array_equal(held["differences"], rng.random((7, 5)) - rng.random((7, 5)))
    np.testing.assert_allclose(held["theta"], theta / np.linalg.norm(theta), rtol=1e-15)
    assert set(held["labels"]) <= {-1.0, 1.0}


def test_doctor_says_what_the_machine_has_and_what_profiles_need(prefbench):
    code, out, _ = prefbench("doctor")
    assert code == 0
    for word in ("cores", "memory", "GPUs", "free disk", "data directory", "model hub", "embedded", "small", "paper"):
        assert word in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "sparce"], ["unknown paper 'sparce'", "Did you mean 'sparse'"]),
        (["report", "sparce"], ["unknown paper 'sparce'", "Did you mean 'sparse'"]),
        (["run", "sparse", "-e", "fig2c"], ["unknown experiment 'fig2c'", "fig2"]),
        (["run", "sparse", "-v", "corected"], ["unknown variant 'corected'", "'corrected'"]),
        (["run", "sparse", "-p", "embeded"], ["unknown profile 'embeded'", "'embedded'"]),
        (["run", "sparse", "--data-dir", "nowhere"], ["--data-dir", "nowhere", "no data directory"]),
        (["run", "sparse", "--config", "own.yaml"], ["--config", "--experiment"]),
        (["run", "sparse", "-e", "fig2b", "--config", "gone.yaml"], ["gone.yaml", "no such file"]),
        (["export", "sparse"], ["no records of sparse", "prefbench run sparse"]),
        (["problem", "sparse", "--k", "200", "--out", "p.npz"], ["k = 200, d = 100", "nearest valid value is k = 100"]),
        (["problem", "sparse", "--n", "0", "--out", "p.npz"], ["n must be at least 1"]),
        (["problem", "sparse", "--sigma", "-1", "--out", "p.npz"], ["sigma", "-1"]),
        (["problem", "spa", "--out", "p.npz"], ["'spa'"]),
        (["problem", "sparse", "--out", "no/such\0place/p.npz"], ["--out"]),
    ],
)
def test_bad_input_is_one_screen_with_the_nearest_choice_and_exit_code_2(prefbench, arguments, words):
    code, _, error = prefbench(*arguments)
    assert code == 2
    for word in words:
        assert word in error
    assert "Traceback" not in error
    assert len(error.splitlines()) < 24


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("beta: {values: [-0.1]}\n", ["bad.yaml", "beta.values.0", "greater than or equal to 0"]),
        ("k: [200]\n", ["bad.yaml", "k must be at most d", "nearest is k = 100"]),
        ("betas: [1]\n", ["bad.yaml", "unknown key 'betas'", "Did you mean 'beta'"]),
        ("methods: [lasso]\n", ["bad.yaml", "methods.0", "'l1'"]),
        ("sigma: 0\n", ["bad.yaml", "sigma", "greater than 0"]),
    ],
)
def test_a_bad_config_names_file_key_and_the_right_value(prefbench, tmp_path, text, words):
    (tmp_path / "bad.yaml").write_text(text)
    code, _, error = prefbench("run", "sparse", "-e", "fig2b", "--config", "bad.yaml")
    assert code == 2
    for word in words:
        assert word in error


def test_an_unwritable_runs_folder_stops_the_run_before_it_starts(prefbench, tmp_path):
    (tmp_path / "blocked").write_text("")
    code, _, error = prefbench("run", "sparse", *SMALL, "--runs", "blocked")
    assert code == 2
    assert "cannot be written" in error


def test_a_truncated_record_is_reported_and_made_again_beside_it(recorded):
    path = next(Path("runs/sparse/fig2b").glob("*.json"))
    path.write_text(path.read_text()[:50])
    code, out, _ = recorded("run", "sparse", *SMALL, "--config", "own.yaml")
    assert code == 0
    assert "skipped" in out
    assert path.name in out.replace("\n", "")
    assert "11" in out
    assert len(path.read_text()) == 50


def test_a_data_file_that_changed_is_refused_by_its_hash(prefbench, tmp_path):
    import gzip

    folder = tmp_path / "data" / "hh_rlhf"
    folder.mkdir(parents=True)
    with gzip.open(folder / "hh_pairs.jsonl.gz", "wt") as stream:
        stream.write('{"subset": "helpful", "prompt": "p", "chosen": "c", "rejected": "r"}\n')
    code, _, error = prefbench("run", "sparse", "-e", "fig4", "--data-dir", "data")
    assert code == 2
    assert "hh_pairs.jsonl.gz" in error
    assert "sha256" in error
    assert len(error.splitlines()) < 24


def test_a_full_disk_stops_the_run_with_what_is_recorded_kept(recorded, monkeypatch):
    """The disk is full for every file that is written from here on: what the workers do is done in this process."""
    import errno

    from bench.run import execute, store

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    def here(experiment, tasks, workplace, jobs):
        for task in tasks:
            execute._run_task(experiment.execute, task, workplace, 1)
            yield execute.Done(task, 1.0, None)

    monkeypatch.setattr(store, "commit", full)
    monkeypatch.setattr(execute, "execute", here)
    code, _, error = recorded("run", "sparse", *SMALL[:-1], "4", "--config", "own.yaml")
    assert code == 2
    assert "disk is full" in error
    assert len(list(Path("runs/sparse/fig2b").glob("*.json"))) == 12


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(tmp_path):
    (tmp_path / "own.yaml").write_text("n: [40]\nd: [30]\nk: [3]\nmethods: [l1]\n")
    arguments = ["run", "sparse", "-e", "fig2b", "-v", "as_released", "--config", "own.yaml", "-j", "1", "--seeds"]
    command = [Path(sys.executable).parent / "prefbench", *arguments]
    records = tmp_path / "runs" / "sparse" / "fig2b"
    process = subprocess.Popen(
        [*command, "500"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored by what a shell runs behind itself
    )
    deadline = time.monotonic() + 60
    while len(list(records.glob("*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    kept = len(list(records.glob("*.json")))
    assert process.returncode == 130
    assert "Every finished task is kept" in out
    assert "Traceback" not in out
    assert 3 <= kept < 500
    again = subprocess.run([*command, str(kept + 1)], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Done." in again.stdout
    assert len(list(records.glob("*.json"))) == kept + 1
