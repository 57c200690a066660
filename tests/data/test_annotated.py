from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.annotated import NO_PROMPT, Annotated, hashed, length_differences, make_annotated
from bench.errors import UserError

COLUMNS: dict[str, Any] = {
    "items": ["tea", "coffee", "water"],
    "first": [0, 1, 2, 0],
    "second": [1, 2, 0, 2],
    "labels": [1, -1, 1, -1],
    "annotators": ["ann", "bob", "ann", "cid"],
    "source": "made here",
}
GROUPS = {"ann": "x", "bob": "y", "cid": "x", "dan": "y"}


def example(**changes: Any) -> Annotated:
    return make_annotated("drinks", **{**COLUMNS, **changes})


def test_comparisons_name_people_items_and_prompts_by_place() -> None:
    data = example(prompts=["hot?", "cold?", "hot?", "hot?"], groups=GROUPS)
    assert len(data) == 4
    assert data.people == ("ann", "bob", "cid")
    assert data.annotators == COLUMNS["annotators"]
    assert data.counts == {"ann": 2, "bob": 1, "cid": 1}
    assert data.prompts == ("hot?", "cold?")
    assert data.asked.tolist() == [0, 1, 0, 0]
    assert data.groups == {"ann": "x", "bob": "y", "cid": "x"}


def test_without_prompts_no_comparison_has_one() -> None:
    data = example()
    assert data.prompts == ()
    assert set(data.asked) == {NO_PROMPT}
    assert data.groups == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first": [0, 1, 2]}, r"first has shape \(3,\), annotators \(4,\)"),
        ({"prompts": ["hot?"]}, r"prompts has shape \(1,\), annotators \(4,\)"),
        ({"second": [1, 2, 3, 2]}, "comparison 2: second is item 3; there are 3 items"),
        ({"first": [0, -1, 2, 0]}, "comparison 1: first is item -1"),
        ({"second": [1, 2, 0, 0]}, "comparison 3: item 0 is compared with itself"),
        ({"labels": [1, 0, 1, -1]}, "comparison 1: labels must be .1 or -1, got 0"),
        ({"groups": {"ann": "x", "bob": "y"}}, "the groups of some people are known, that of 'cid' is not"),
    ],
)
def test_columns_that_do_not_go_together_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=f"drinks.*{message}"):
        example(**changes)


def test_taking_some_keeps_items_and_forgets_people_without_comparisons() -> None:
    data = example(groups=GROUPS)
    taken = data.take([3, 0])
    assert taken.items == data.items
    assert taken.people == ("ann", "cid")
    assert taken.annotators == ["cid", "ann"]
    assert taken.labels.tolist() == [-1, 1]
    assert taken.groups == {"ann": "x", "cid": "x"}
    masked = data.take(np.array([True, False, False, True]))
    assert masked.annotators == ["ann", "cid"]


def test_what_some_people_judged() -> None:
    assert example().of(["cid", "ann"]).annotators == ["ann", "ann", "cid"]
    with pytest.raises(UserError, match=r"drinks: unknown annotator 'anne'\. Did you mean 'ann'"):
        example().of(["anne"])


def test_a_reward_model_reads_every_item_after_its_prompt_once() -> None:
    data = example(prompts=["hot? ", "cold? ", "hot? ", "hot? "])
    texts, places = data.readings()
    assert texts == ("hot? tea", "hot? coffee", "cold? coffee", "cold? water", "hot? water")
    assert [[texts[place] for place in row] for row in places] == [
        ["hot? tea", "hot? coffee"],
        ["cold? coffee", "cold? water"],
        ["hot? water", "hot? tea"],
        ["hot? tea", "hot? water"],
    ]
    assert example().readings()[0] == ("tea", "coffee", "water")


def test_the_fingerprint_sees_everything() -> None:
    data = example(prompts=["a", "b", "a", "a"], groups=GROUPS)
    others = [
        data.take([1, 0, 2, 3]),
        replace(data, name="other"),
        replace(data, items=("tea", "coffee", "milk")),
        replace(data, prompts=("a", "c")),
        replace(data, people=("ann", "bob", "eve")),
        replace(data, groups={**data.groups, "bob": "x"}),
        replace(data, asked=np.zeros(4, dtype=np.int64)),
        replace(data, first=data.second, second=data.first),
        replace(data, labels=-data.labels),
        replace(data, judged=data.judged[::-1]),
    ]
    assert len({data.fingerprint, *(other.fingerprint for other in others)}) == len(others) + 1
    assert data.fingerprint == example(prompts=["a", "b", "a", "a"], groups=GROUPS).fingerprint


def test_lengths_are_compared_in_characters() -> None:
    assert length_differences(example()).tolist() == [3 - 6, 6 - 5, 5 - 3, 3 - 5]


@given(st.text(), st.text())
def test_a_hashed_name_is_the_persons_and_does_not_show_it(one: str, other: str) -> None:
    assert (hashed(one) == hashed(other)) == (one == other)
    assert len(hashed(one)) == 12
    assert set(hashed(one)) <= set("0123456789abcdef")
