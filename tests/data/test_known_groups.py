"""vpl_hh and dsp: people whose groups are known, and how the comparisons of a group are dealt out. Prints no text."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench.data import dsp, jester, ukp_workers, vpl_hh
from bench.data.annotated import Annotated, deal, length_differences
from bench.data.datafile import read_rows
from bench.errors import UserError


def length_accuracy(data: Annotated) -> float:
    """Of "the item with more characters is preferred"; equal lengths count one half."""
    return float(np.mean((1 + np.sign(length_differences(data)) * data.labels) / 2))


def test_comparisons_are_dealt_out_evenly_and_at_random() -> None:
    groups = ["x", "y"] * 30 + ["x"]
    people = deal(groups, 4, "here")
    assert [person.partition("/")[0] for person in people] == groups
    assert sorted(Counter(people).values()) == [7] * 3 + [8] * 5
    assert people == deal(groups, 4, "here") != deal(groups, 4, "there")
    assert people[::2] != [f"x/{number % 4}" for number in range(31)]  # not in the order of the file
    assert set(deal(groups, 1, "here")) == {"x/0", "y/0"}


def test_nobody_cannot_share_anything_out() -> None:
    with pytest.raises(UserError, match="members must be at least 1, got 0"):
        deal(["x"], 0)


def test_vpl_hh_says_what_the_files_say(data_dir: Path) -> None:
    data = vpl_hh.load(data_dir)
    rows = [row for file in vpl_hh.FILES.values() for row in read_rows(data_dir, file, "")]
    assert len(data) == len(rows) == sum(file.rows for file in vpl_hh.FILES.values())
    preferred = np.where(data.labels == 1, data.first, data.second)
    wrong = [  # places only: a failure must not print the texts
        place
        for place, row in enumerate(rows)
        if data.items[preferred[place]] != f" {row['responses'][row['label']]}"
        or row["chosen"] != data.prompts[data.asked[place]] + data.items[preferred[place]]
        or data.annotators[place] != f"{row['objective']}/0"
    ]
    assert wrong == []


def test_the_first_answer_of_vpl_hh_is_no_better_than_the_second(data_dir: Path) -> None:
    data = vpl_hh.load(data_dir)
    for group in vpl_hh.FILES:
        labels = data.of([f"{group}/0"]).labels
        assert abs(labels.mean()) < 4 / np.sqrt(len(labels))


def test_the_length_baselines_are_as_committed(data_dir: Path) -> None:
    data = vpl_hh.load(data_dir)
    for group, accuracy in vpl_hh.LONGER_WINS.items():
        assert length_accuracy(data.of([f"{group}/0"])) == pytest.approx(accuracy, abs=5e-5)
    for dataset in (dsp, jester, ukp_workers):
        assert length_accuracy(dataset.load(data_dir)) == pytest.approx(dataset.LONGER_WINS, abs=5e-5)


def test_a_domain_prefers_its_own_answer_to_all_others(data_dir: Path) -> None:
    data = dsp.load(data_dir)
    rows = read_rows(data_dir, dsp.FILE, "")
    assert len(data) == len(rows) * len(dsp.DOMAINS) * (len(dsp.ANSWERS) - 1) - dsp.LEFT_OUT
    assert data.left_out == dsp.LEFT_OUT
    swapped = data.labels == -1
    preferred, other = np.where(swapped, data.second, data.first), np.where(swapped, data.first, data.second)
    for place in range(0, len(data), 97):
        query, domain = data.prompts[data.asked[place]], data.annotators[place].removesuffix("/0")
        row = rows[preferred[place] // len(dsp.ANSWERS)]
        assert query == f"\n\nHuman: {row['query']}\n\nAssistant:"
        assert data.items[preferred[place]] == f" {row['responses'][domain]}"
        assert data.items[other[place]].removeprefix(" ") in set(row["responses"].values()) - {row["responses"][domain]}
    assert abs(data.labels.mean()) < 4 / np.sqrt(len(data))


@pytest.mark.parametrize(("load", "groups"), [(vpl_hh.load, tuple(vpl_hh.FILES)), (dsp.load, dsp.DOMAINS)])
def test_members_share_the_comparisons_of_their_group(load, groups: tuple[str, ...], data_dir: Path) -> None:
    one, many = load(data_dir), load(data_dir, members=10)
    assert len(one.people) == len(groups)
    assert len(many.people) == 10 * len(groups)
    assert set(many.groups.values()) == set(groups)
    assert many.labels.tolist() == one.labels.tolist()
    assert [many.groups[who] for who in many.annotators] == [one.groups[who] for who in one.annotators]
