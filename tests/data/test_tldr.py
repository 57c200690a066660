"""PAL's TL;DR recipe on rows in the hub's schema that are made here."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from bench.data import tldr
from bench.data.annotated import Annotated
from bench.errors import UserError

SEEN = tuple(f"seen{rank}" for rank in range(10))
LATER = tuple(f"later{number}" for number in range(4))
RECIPE = tldr.Recipe(
    seen=SEEN,
    minority_ranks=(3, 4, 5),
    unseen_majority=LATER[:3],
    unseen_minority=LATER[3:],
    sizes={"train": 0, "validation": 0, "test": 0},
    counts=(1, 2, 5),
)


def row(worker: str, first: str, second: str, *, post: str | None = "a post", **changes: Any) -> dict[str, Any]:
    """A row of the hub's configuration `comparisons`."""
    policies = changes.pop("policies", ("sup1", "sup4_6b"))
    texts = zip((first, second), policies, strict=True)
    return {
        "info": {"id": "t3_x", "post": post, "title": "t", "subreddit": "s", "site": None, "article": None},
        "summaries": [{"text": text, "policy": policy, "note": None} for text, policy in texts],
        "choice": 0,
        "worker": worker,
        "batch": "batch3",
        "split": "train",
        "extra": {"confidence": 5},
        **changes,
    }


def made(workers: dict[str, int], seed: int = 0) -> list[dict[str, Any]]:
    """So many rows of every worker, mixed, with summaries of random length."""
    random = np.random.default_rng(seed)
    rows = [
        row(
            worker,
            "x" * int(random.integers(1, 9)),
            "y" * int(random.integers(1, 9)),
            post=f"post {random.integers(50)}",
            choice=int(random.integers(2)),
        )
        for worker, count in workers.items()
        for _ in range(count)
    ]
    return [rows[place] for place in random.permutation(len(rows))]


TRAIN = {worker: 60 - 3 * rank for rank, worker in enumerate(SEEN)} | {"rare": 5, "later0": 20}
VALIDATION = dict.fromkeys(SEEN, 12) | dict.fromkeys(LATER, 100) | {"rare": 99}


@pytest.fixture(scope="module")
def found() -> tldr.Tldr:
    return tldr.from_rows(made(TRAIN), made(VALIDATION, 1), RECIPE)


def lengths(data: Annotated) -> np.ndarray:
    """(n, 2): characters of the two summaries, without the space before them."""
    count = np.array([len(item) - 1 for item in data.items])
    return np.stack([count[data.first], count[data.second]], axis=1)


def test_the_ten_most_frequent_workers_are_seen_and_the_fourth_to_sixth_are_the_minority(found: tldr.Tldr) -> None:
    groups = {**found.train.groups, **found.validation.groups}
    assert groups == {worker: "minority" if rank in (3, 4, 5) else "majority" for rank, worker in enumerate(SEEN)}
    assert set(found.test.people) == set(SEEN)
    assert Counter(groups.values()) == {"majority": 7, "minority": 3}


def test_unseen_workers_have_a_hundred_rows_and_are_of_the_minority_unless_listed(found: tldr.Tldr) -> None:
    assert found.unseen.groups == {**dict.fromkeys(LATER[:3], "majority"), "later3": "minority"}
    assert set(found.unseen.counts.values()) == {100}  # somebody with 99 is not among them


def test_labels_are_lengths_in_characters_and_the_second_wins_a_tie(found: tldr.Tldr) -> None:
    for data in (found.train, found.validation, found.test, found.unseen):
        first, second = lengths(data).T
        majority = np.array([data.groups[who] == "majority" for who in data.annotators])
        assert (first == second).any()
        expected = np.where(majority, first > second, first < second)
        assert data.labels.tolist() == np.where(expected, 1, -1).tolist()


def test_texts_are_put_together_as_pal_does(found: tldr.Tldr) -> None:
    rows = [each for each in made(TRAIN) if each["worker"] in SEEN]
    data = tldr.from_rows(made(TRAIN), made(VALIDATION, 1), RECIPE)
    readings, places = data.train.readings()
    kept, _ = train_test_split(
        list(range(len(rows))), test_size=0.1, random_state=42, stratify=[each["worker"] for each in rows]
    )
    for place, source in enumerate(kept):
        for side in (0, 1):
            summary = rows[source]["summaries"][side]["text"]
            expected = f"Human: {rows[source]['info']['post']} Assistant: {summary}"
            assert readings[places[place, side]] == expected
        assert data.train.annotators[place] == rows[source]["worker"]


def test_a_tenth_of_every_seen_workers_rows_is_for_validation(found: tldr.Tldr) -> None:
    total = sum(TRAIN[worker] for worker in SEEN)
    assert len(found.validation) == int(np.ceil(0.1 * total))
    assert len(found.train) + len(found.validation) == total
    for worker, count in found.validation.counts.items():
        assert abs(count - 0.1 * TRAIN[worker]) <= 1


def test_the_published_sizes_follow_from_one_another() -> None:
    # 20,969 and 2,330 are what scikit-learn makes of 23,299 rows.
    sizes = tldr.published().sizes
    total = sizes["train"] + sizes["validation"]
    kept, held = train_test_split(np.arange(total), test_size=0.1, random_state=42)
    assert (len(kept), len(held)) == (sizes["train"], sizes["validation"]) == (20_969, 2_330)


@pytest.mark.parametrize(
    "policies", [("sup1", "ppo2"), ("ref", "sup1"), ("sup4_ppo_rm4", "sup1"), ("sup1", ""), ("sup1", None)]
)
def test_rows_of_other_policies_are_left_out(policies: tuple[str, str]) -> None:
    others = [row("seen0", "a", "bb", policies=policies) for _ in range(300)]
    plain = tldr.from_rows(made(TRAIN), made(VALIDATION, 1), RECIPE)
    more = tldr.from_rows([*made(TRAIN), *others], made(VALIDATION, 1), RECIPE)
    assert more.train.fingerprint == plain.train.fingerprint


def test_rows_without_a_text_are_dropped_after_workers_are_counted() -> None:
    empty = [row("seen9", "a", "bb", post=None) for _ in range(40)]
    moved = tldr.from_rows([*made(TRAIN), *empty], made(VALIDATION, 1), RECIPE)
    assert moved.train.groups["seen9"] == "majority"  # its rank rises to the first ...
    assert moved.train.groups["seen2"] == "minority"  # ... and others move down
    assert len(moved.train) + len(moved.validation) == sum(TRAIN[worker] for worker in SEEN)  # but no row is gained
    short = [
        {**each, "info": {**each["info"], "post": None}} if each["worker"] == "later3" and number % 2 else each
        for number, each in enumerate(made(VALIDATION, 1))
    ]
    assert tldr.from_rows(made(TRAIN), short, RECIPE).unseen.counts["later3"] < 100


def test_of_equally_frequent_workers_those_of_the_recipe_come_first() -> None:
    equal = dict.fromkeys(("other", *reversed(SEEN)), 30)
    groups = tldr.from_rows(made(equal), made(VALIDATION, 1), RECIPE).train.groups
    assert {worker for worker, group in groups.items() if group == "minority"} == {"seen3", "seen4", "seen5"}
    assert "other" not in groups


def test_two_summaries_that_read_alike_are_compared_and_the_second_wins() -> None:
    rows = [*made(TRAIN), *(row("seen0", "same", "same", post="its own post") for _ in range(9))]
    data = tldr.from_rows(rows, made(VALIDATION, 1), RECIPE).train
    twins = np.flatnonzero([data.prompts[asked] == "Human: its own post Assistant:" for asked in data.asked])
    assert len(twins) >= 7
    assert set(data.labels[twins]) == {-1}


def test_human_labels_are_the_workers_choices() -> None:
    data = tldr.from_rows(made(TRAIN), made(VALIDATION, 1), RECIPE, labels="human").test
    chosen = [each["choice"] for each in made(VALIDATION, 1) if each["worker"] in SEEN]
    assert data.labels.tolist() == [1 if choice == 0 else -1 for choice in chosen]


def test_adaptation_is_scikit_learns_draw_by_worker(found: tldr.Tldr) -> None:
    parts = tldr.adaptation(found.unseen, 5)
    expected = [
        train_test_split(np.flatnonzero(np.array(found.unseen.annotators) == worker), train_size=5, random_state=42)
        for worker in sorted(LATER)
    ]
    assert parts.train.tolist() == np.concatenate([few for few, _ in expected]).tolist()
    assert parts.test.tolist() == np.concatenate([rest for _, rest in expected]).tolist()
    assert set(found.unseen.take(parts.test).counts.values()) == {95}


def test_smaller_draws_are_among_larger_ones(found: tldr.Tldr) -> None:
    draws = [set(tldr.adaptation(found.unseen, count).train.tolist()) for count in (1, 2, 5, 10, 20, 50)]
    assert all(small < large for small, large in itertools.pairwise(draws))


def test_a_worker_without_comparisons_to_spare_is_an_error_as_in_the_released_code(found: tldr.Tldr) -> None:
    with pytest.raises(UserError, match="an unseen worker has 100 comparisons, 100 are to be adapted to"):
        tldr.adaptation(found.unseen, 100)


def test_what_differs_from_the_published_is_said(found: tldr.Tldr) -> None:
    assert found.differences == tuple(
        f"{part} has {len(getattr(found, part)):,} comparisons, the paper's has 0"
        for part in ("train", "validation", "test")
    )
    sizes = {part: len(getattr(found, part)) for part in ("train", "validation", "test")}
    assert tldr.from_rows(made(TRAIN), made(VALIDATION, 1), replace(RECIPE, sizes=sizes)).differences == ()
    other = replace(RECIPE, sizes=sizes, seen=(*SEEN[1:], "nobody"), unseen_minority=("nobody",))
    assert tldr.from_rows(made(TRAIN), made(VALIDATION, 1), other).differences == (
        "the ten workers with most rows are not the published ones by rank; 9 are among those",
        "1 unseen workers of the minority, 0 among the 1 published ones",
    )


@pytest.mark.parametrize(
    ("train", "validation", "labels", "message"),
    [
        (TRAIN, VALIDATION, "humans", r"tldr: unknown labels 'humans'\. Did you mean 'human'"),
        (dict.fromkeys(SEEN[:9], 20), VALIDATION, "length", "10 seen workers are needed, 9 have rows"),
        (TRAIN, dict.fromkeys(SEEN, 100), "length", "no worker but the seen ones has 100 rows"),
    ],
)
def test_rows_that_do_not_do_are_refused(
    train: dict[str, int], validation: dict[str, int], labels: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        tldr.from_rows(made(train), made(validation, 1), RECIPE, labels)


def test_a_choice_that_is_none_is_refused() -> None:
    wrong = [*made(TRAIN), row("seen0", "a", "bb", choice=2)]
    with pytest.raises(UserError, match="choice must be 0 or 1, found 2"):
        tldr.from_rows(wrong, made(VALIDATION, 1), RECIPE, labels="human")


def test_the_published_workers_are_committed() -> None:
    recipe = tldr.published()
    everybody = (*recipe.seen, *recipe.unseen_majority, *recipe.unseen_minority)
    assert (len(recipe.seen), len(recipe.unseen_majority), len(recipe.unseen_minority)) == (10, 22, 9)
    assert len(set(everybody)) == 41
    assert {len(worker) for worker in everybody} == {30}
    assert recipe.counts == (1, 2, 5, 10, 20, 50, 100)
    assert recipe.sizes == {"train": 20_969, "validation": 2_330, "test": 4_921}


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_folder_in_the_hubs_schema_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    for split, rows in (("train", made(TRAIN)), ("validation", made(VALIDATION, 1))):
        file = tmp_path / f"{split}.{suffix}"
        if suffix == "parquet":
            pd.DataFrame(rows).to_parquet(file)
        else:
            file.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    found = tldr.load(tmp_path)
    expected = tldr.from_rows(made(TRAIN), made(VALIDATION, 1), tldr.published())
    assert found.train.fingerprint == expected.train.fingerprint
    assert found.unseen.fingerprint == expected.unseen.fingerprint
    assert found.differences[0] == f"train has {sum(TRAIN.values())} rows, on the hub it has 92,858"
    assert "train has" in found.differences[-3]


def test_without_a_folder_the_way_to_get_it_is_said_and_the_hub_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: pytest.fail("asked the hub"))
    with pytest.raises(UserError, match=r"no folder .*\nopenai/summarize_from_feedback"):
        tldr.load(tmp_path / "tldr")


def test_the_schema_is_the_hubs() -> None:
    assert list(tldr.HUB.fields) == list(row("w", "a", "b"))
