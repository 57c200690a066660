"""What a method's file may import: the language of the world, and nothing that knows what people want."""

from pathlib import Path

import pytest

import bench.methods
from bench.errors import UserError
from bench.methods.catalogue import BUILT_IN
from bench.methods.checks.imports import forbidden_in, require_blind
from bench.methods.method import Method, Slot
from bench.methods.registry import from_file

PACKAGE = Path(bench.methods.__file__).parent
OWN = [path for path in sorted(PACKAGE.rglob("*.py")) if "checks" not in path.parts]  # checks name what is forbidden


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_built_in_method_names_the_truth_nor_does_what_it_is_made_of(path):
    assert forbidden_in(path) == []


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("from bench.data.world import gold", ["bench.data.world.gold"]),
        ("from bench.data.world import Annotator", ["bench.data.world.Annotator"]),
        ("import bench.data.world.users", ["bench.data.world.users"]),
        ("import_module('bench.data.world.card')", ["bench.data.world.card"]),
        ("from bench.data.world.gold import rewards as vocabulary", ["bench.data.world.gold.rewards"]),
        ("from bench.testbeds.world import TESTBED", ["bench.testbeds.world.TESTBED"]),
        ("from bench.data.world.attributes import attributes_of", []),
        ("from bench.data.world.prompts import parse", []),
        ("from bench.data.world.vocabulary import decode", []),
        ("from bench.data.world import lexicon", []),
        ("from bench.data.encoder import MINILM", []),
    ],
)
def test_a_file_may_read_the_language_and_not_the_truth(tmp_path, line, named):
    (tmp_path / "own.py").write_text(line)
    assert forbidden_in(tmp_path / "own.py") == named


READER = (
    "from bench.data.world import gold\n\n\nclass Reader:\n    '''Reads.'''\n    def scores(self, groups, known): ...\n"
)


def test_a_method_of_a_file_or_of_a_package_that_names_the_truth_is_not_compared(tmp_path, monkeypatch):
    (tmp_path / "blind_test_reader.py").write_text(READER)
    monkeypatch.syspath_prepend(tmp_path)
    packaged = Method("reader", Slot.SELECT, "Reads", "blind_test_reader:Reader", code="somebodys 1.0")
    for one in (from_file(f"{tmp_path / 'blind_test_reader.py'}:Reader"), packaged):
        with pytest.raises(UserError, match=r"names bench\.data\.world\.gold, which knows held-out labels"):
            require_blind(one)


def test_a_method_that_names_nothing_of_it_may_be_compared(tmp_path):
    (tmp_path / "own.py").write_text(READER.replace("from bench.data.world import gold", "import math"))
    require_blind(from_file(f"{tmp_path / 'own.py'}:Reader"))
    for one in BUILT_IN:
        require_blind(one)
