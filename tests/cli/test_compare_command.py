"""`prefbench compare` as a user types it."""

import csv

import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.errors import UserError

CYCLIC = ("compare", "--slot", "reward", "--tasks", "cyclic", "--seeds", "3", "--budget", "100,200", "--jobs", "2")
OWN = '''
"""A user's method."""
import numpy as np
from sklearn.linear_model import LogisticRegression


class Plain:
    """Logistic regression of the differences"""

    def __init__(self, C: float = 1.0) -> None:
        self.C = C

    def fit(self, X, labels, *, annotators, prompts=None):
        X, labels = np.asarray(X), np.asarray(labels)
        both = np.concatenate([X[:, 0] - X[:, 1], X[:, 1] - X[:, 0]])
        self.model = LogisticRegression(C=self.C, fit_intercept=False).fit(both, np.concatenate([labels, -labels]))
        return self

    def decision_function(self, X, *, annotators, prompts=None):
        X = np.asarray(X)
        return self.model.decision_function(X[:, 0] - X[:, 1])
'''


@pytest.fixture
def typed(monkeypatch, tmp_path):
    """What a command prints, and its exit code, in an empty folder without a data directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFBENCH_DATA", raising=False)
    monkeypatch.setenv("PREFBENCH_CACHE", str(tmp_path / "cache"))

    def run(*words):
        found = CliRunner().invoke(app, words, env={"COLUMNS": "100"})
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found.output

    return run


@pytest.fixture
def code(typed):
    """The exit code of a command."""
    return lambda *words: CliRunner().invoke(app, words).exit_code


def test_a_users_file_is_compared_and_only_what_is_missing_runs(typed, tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    first = typed(*CYCLIC, "--methods", "bt,gpm", "--trials", "2", "--validation-seeds", "1")
    assert "tuning" in first
    assert "Every entrant had 2 trials x 1 validation seed at 100 labels" in " ".join(first.split())
    second = typed(*CYCLIC, "--methods", "bt,gpm,own.py:Plain", "--trials", "2", "--validation-seeds", "1")
    assert "cyclic corrected: 6/6" in second  # three seeds at two budgets, of the new one alone
    third = typed(*CYCLIC, "--methods", "bt,gpm,own.py:Plain", "--trials", "2", "--validation-seeds", "1")
    assert "to do" not in third
    folder = tmp_path / "reports" / "compare"
    assert {"index.html", "table.tex", "table.csv", "results.csv", "differences.csv"} <= {
        path.name for path in folder.iterdir()
    }
    rows = list(csv.DictReader((folder / "results.csv").open()))
    assert {row["entrant"] for row in rows} == {"bt", "gpm", "Plain"}
    assert all((tmp_path / "runs" / row["record"]).is_file() for row in rows)
    page = (folder / "index.html").read_text()
    assert f'href="../../runs/{rows[0]["record"]}"' in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--slot", "rewards", "--methods", "bt,gpm"), "Did you mean 'reward'"),
        (("--methods", "bt,gpm"), "say which slot"),
        (("--slot", "reward"), "name its methods, as --methods bt,sparse"),
        (("--slot", "reward", "--methods", "bt,gpn"), "Did you mean 'gpm'"),
        (("--slot", "reward", "--methods", "bt,gpm", "--learn", "sparse"), "keep one of them"),
        (("--slot", "reward", "--methods", "bt,gpm", "--tasks", "cyclik"), "Did you mean 'cyclic'"),
        (("--slot", "reward", "--methods", "bt,gpm", "--tasks", "cyclic,cyclic"), "two are called 'cyclic'"),
        (("--slot", "reward", "--methods", "bt,gpm", "--tasks", "cyclic", "--budget", "1k"), "numbers of labels"),
        (("--slot", "reward", "--methods", "bt,own.py:Plain", "--tasks", "cyclic"), "no file"),
        (("--slot", "policy", "--methods", "dpo,ipo", "--tasks", "cyclic"), "has no policy learners"),
        (("--slot", "reward", "--methods", "bt,gpm", "--tasks", "jester"), "none is left to run here"),
        (("--slot", "reward", "--methods", "bt,gpm", "--tasks", "cyclic", "--profile", "smal"), "Did you mean 'small'"),
        (("--slot", "reward", "--methods", "bt,gpm", "--tasks", "cyclic", "--profile", "paper"), "embedded"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_runs(typed, tmp_path, words, message):
    with pytest.raises(UserError, match=message):
        typed("compare", *words)
    assert not (tmp_path / "runs").exists()


def test_a_file_that_names_the_truth_is_not_compared(typed, tmp_path):
    (tmp_path / "own.py").write_text(
        OWN.replace("import numpy as np", "from bench.data.world import gold\nimport numpy as np")
    )
    with pytest.raises(UserError, match=r"bench.data.world.gold, which knows held-out labels"):
        typed(*CYCLIC, "--methods", "bt,own.py:Plain")


def test_a_method_that_fails_is_told_with_its_reason_and_the_others_are_compared(typed, code, tmp_path):
    (tmp_path / "own.py").write_text(
        OWN.replace("X, labels = np", 'raise ArithmeticError("[/bold] no luck")\n        X, labels = np')
    )
    words = (*CYCLIC, "--methods", "bt,gpm,own.py:Plain", "--trials", "1")
    found = " ".join(typed(*words).split())
    assert "[/bold] no luck" in found
    assert "takes no part" in found
    assert "6 runs failed" in found
    assert code(*words) == 1


def test_a_folder_that_cannot_be_written_is_told_before_anything_runs(typed, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(UserError, match="--out: the folder out cannot be written"):
        typed(*CYCLIC, "--methods", "bt,gpm", "--out", "out")
    assert not (tmp_path / "runs").exists()
