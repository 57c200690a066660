"""Methods of installed packages appear by name, and one that is broken breaks nothing else."""

import sys
from hashlib import sha256

import pytest

from bench.errors import UserError
from bench.methods.method import Slot
from bench.methods.registry import Broken, broken, from_file, method, methods

MODULE = '''
import numpy as np


class Longest:
    """Prompts that are long.

    More on that.
    """

    space = {"power": (1, 2)}

    def __init__(self, power=1, seed=0):
        self.power, self.seed = power, seed

    def scores(self, groups, known):
        return np.array([float(len(group.prompt)) ** self.power for group in groups])


class Nothing:
    """Belongs to no slot."""


class DPO:
    """Another DPO."""

    def objective(self, pairs, known):
        raise NotImplementedError
'''
ENTRIES = """[prefbench.methods]
longest = {module}:Longest
gone = {module}:Gone
nothing = {module}:Nothing
missing = {module}_missing:Longest
dpo = {module}:DPO
"""


PACKAGE = "prefbench_test_package"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A distribution with a method that works, and others that do not; no process has it loaded yet."""
    module = PACKAGE
    monkeypatch.delitem(sys.modules, module, raising=False)
    (tmp_path / f"{module}.py").write_text(MODULE)
    folder = tmp_path / "somebodys_methods-1.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys-methods\nVersion: 1.2\n")
    (folder / "entry_points.txt").write_text(ENTRIES.format(module=module))
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("installed")
def test_a_method_of_a_package_has_a_name_a_line_and_a_space():
    found = method("longest", Slot.SELECT)
    assert found in methods(Slot.SELECT)
    assert (found.line, found.space, found.package) == (
        "Prompts that are long",
        {"power": (1, 2)},
        "somebodys-methods 1.2",
    )
    assert found.code == f"somebodys-methods 1.2 {sha256(MODULE.encode()).hexdigest()}"
    made = found.make(seed=7, power=2)
    assert (made.power, made.seed) == (2, 7)


@pytest.mark.usefixtures("installed")
def test_what_a_package_cannot_bring_is_told_with_its_reason():
    found = {one.name: one.reason for one in broken()}
    assert set(found) == {"gone", "nothing", "missing", "dpo"}
    assert "Gone" in found["gone"]
    assert "one slot" in found["nothing"]
    assert "ModuleNotFoundError" in found["missing"]
    assert "already" in found["dpo"]
    assert not set(found) & {one.name for one in methods() if one.code != "1"}


@pytest.mark.usefixtures("installed")
def test_asking_for_a_broken_one_says_why_it_cannot_be_used():
    with pytest.raises(UserError, match=r"somebodys-methods 1\.2 cannot be used.*ModuleNotFoundError"):
        method("missing", Slot.SELECT)


@pytest.mark.usefixtures("installed")
def test_a_built_in_one_keeps_its_name():
    assert method("dpo", Slot.POLICY).code == "1"
    assert [one for one in broken() if one.name == "dpo"] == [
        Broken("dpo", "somebodys-methods 1.2", "there is a method of that name in the slot 'policy' already")
    ]


def test_an_unknown_name_and_one_of_another_slot_name_what_is_right():
    with pytest.raises(UserError, match="Did you mean 'simpo'"):
        method("simp", Slot.POLICY)
    with pytest.raises(UserError, match="'spa' belongs to the slot 'label'"):
        method("spa", Slot.POLICY)


def test_a_file_is_another_method_once_its_text_changes(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MODULE)
    first = from_file(f"{path}:Longest")
    path.write_text(MODULE + "\n")
    assert from_file(f"{path}:Longest").code != first.code


def test_a_file_that_changes_while_it_is_compared_is_not_recorded_as_what_it_was(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MODULE)
    found = from_file(f"{path}:Longest")
    assert found.make(seed=0).power == 1
    path.write_text(MODULE.replace("power=1", "power=3"))
    with pytest.raises(UserError, match=r"mine\.py has changed since it was named"):
        found.make(seed=0)
    path.unlink()
    with pytest.raises(UserError, match="cannot be read: No such file"):
        found.load()


@pytest.mark.usefixtures("installed")
def test_a_method_of_an_editable_package_is_another_once_its_text_changes(tmp_path, monkeypatch):
    before = method("longest", Slot.SELECT)
    (tmp_path / f"{PACKAGE}.py").write_text(MODULE.replace("power=1", "power=30"))
    assert before.make(seed=0).power == 1
    assert method("longest", Slot.SELECT) == before

    monkeypatch.delitem(sys.modules, PACKAGE)  # as another process has it
    with pytest.raises(UserError, match=f"{PACKAGE} has changed since it was named"):
        before.make(seed=0)
    assert method("longest", Slot.SELECT).code != before.code


def test_a_file_means_what_it_says_without_the_suites_own_future_imports(tmp_path):
    text = f"{MODULE}\n\ndef add(a: int): ...\n\n\nLongest.hints = add.__annotations__\n"
    (tmp_path / "mine.py").write_text(text)
    assert from_file(f"{tmp_path / 'mine.py'}:Longest").load().hints == {"a": int}


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("class A:\n    def scores(self): ...", "A", "docstring"),
        (
            "class A:\n    '''Does.'''\n    def __init__(self, a): ...\n    def scores(self): ...",
            "A",
            "'a' needs a default",
        ),
        (
            "class A:\n    '''Does.'''\n    space = {'b': (1,)}\n    def scores(self): ...",
            "A",
            "unknown hyper-parameter 'b'",
        ),
        ("class A:\n    '''Does.'''\n    def scores(self): ...\n    def label(self): ...", "A", "select and label"),
        ("class Mine: ...", "Mien", "Did you mean 'Mine'"),
        ("1 / 0", "A", "does not load: ZeroDivisionError"),
        ("import sys\nsys.exit()", "A", "does not load: SystemExit"),
        ("class A", "A", "does not load: SyntaxError"),
        ("A = 3", "A", "A is no class"),
        ("def A(): ...", "A", "A is no class"),
        ("class A:\n    '''Does.'''\n    space = ['b']\n    def scores(self): ...", "A", "space is a dict"),
        (
            "class A:\n    '''Does.'''\n    space = {'b': 1}\n    def __init__(self, b=1): ...\n    def scores(s): ...",
            "A",
            "space of b is a list of values, Log",
        ),
        (
            "class A:\n    '''Does.'''\n    space = {'epochs': (3, 6)}\n    def objective(self): ...",
            "A",
            "unknown hyper-parameter 'epochs'",
        ),
    ],
)
def test_a_class_that_is_no_method_is_refused_with_what_would_be_right(tmp_path, text, name, words):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(UserError, match=words):
        from_file(f"{tmp_path / 'mine.py'}:{name}")
