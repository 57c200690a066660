import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.annotated import Annotated, make_annotated
from bench.data.annotator_splits import adaptation, at_least, held_out, split_annotators
from bench.errors import UserError


def comparisons(people: int = 12, each: int = 30, *, grouped: bool = False, prompts: bool = False) -> Annotated:
    random = np.random.default_rng(0)
    count = people * each
    first = random.integers(20, size=count)
    return make_annotated(
        "made",
        items=[f"item {number}" for number in range(20)],
        first=first,
        second=(first + random.integers(1, 20, size=count)) % 20,
        labels=random.choice([-1, 1], size=count),
        annotators=[f"p{number % people}" for number in range(count)],
        prompts=[f"prompt {number % 40}" for number in range(count)] if prompts else None,
        groups={f"p{number}": "odd" if number % 4 == 1 else "even" for number in range(people)} if grouped else None,
        source="made here",
    )


def test_at_least_keeps_people_with_enough() -> None:
    data = comparisons().take(np.arange(100))  # 100 of 12 people: four have 9, eight have 8
    assert set(at_least(data, 9).counts.values()) == {9}
    assert len(at_least(data, 8).people) == 12
    with pytest.raises(UserError, match="made: nobody has 10 comparisons; the most that somebody has is 9"):
        at_least(data, 10)


@settings(max_examples=25)
@given(share=st.floats(0.01, 0.99), seed=st.integers(0, 2**31))
def test_everybody_is_seen_or_unseen_and_every_group_is_both(share: float, seed: int) -> None:
    data = comparisons(grouped=True)
    people = split_annotators(data, share, seed)
    assert sorted(people.seen + people.unseen) == sorted(data.people)
    for part in (people.seen, people.unseen):
        assert {data.groups[person] for person in part} == {"odd", "even"}


def test_the_share_of_unseen_people_is_that_of_each_group() -> None:
    data = comparisons(people=40, each=2, grouped=True)
    groups = [data.groups[person] for person in split_annotators(data, 0.3, 0).unseen]
    assert (groups.count("odd"), groups.count("even")) == (3, 9)


def test_the_draw_of_people_does_not_depend_on_the_order_of_comparisons() -> None:
    data = comparisons()
    backwards = data.take(np.arange(len(data))[::-1])
    assert set(split_annotators(data, 0.3, 5).unseen) == set(split_annotators(backwards, 0.3, 5).unseen)
    assert set(split_annotators(data, 0.3, 5).unseen) != set(split_annotators(data, 0.3, 6).unseen)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(UserError, match="unseen must be a share between 0 and 1"):
        split_annotators(comparisons(), share, 0)


def test_one_person_cannot_be_both() -> None:
    with pytest.raises(UserError, match="one person cannot be seen and unseen"):
        split_annotators(comparisons(people=1), 0.5, 0)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), fewer=st.integers(1, 20), more=st.integers(1, 20))
def test_smaller_counts_are_among_larger_ones_and_the_test_is_the_same(seed: int, fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    data = comparisons()
    small, large = (adaptation(data, count, 20, seed) for count in (fewer, more))
    assert set(small.train) <= set(large.train)
    assert small.test.tolist() == large.test.tolist()
    assert not set(large.train) & set(large.test)
    assert set(data.take(large.train).counts.values()) == {more}
    assert set(data.take(large.test).counts.values()) == {10}


def test_at_the_largest_count_every_comparison_is_used() -> None:
    parts = adaptation(comparisons(), 20, 20, 0)
    assert sorted([*parts.train, *parts.test]) == list(range(360))


def test_what_one_person_adapts_to_does_not_depend_on_who_else_there_is() -> None:
    data = comparisons()
    alone = data.of(["p3"])
    parts = adaptation(data, 5, 20, 0)
    own = parts.train[data.judged[parts.train] == 3]
    assert np.flatnonzero(data.judged == 3)[adaptation(alone, 5, 20, 0).train].tolist() == own.tolist()


def test_counts_that_leave_nothing_are_refused() -> None:
    with pytest.raises(UserError, match="leaves no test beyond the 30 to adapt to; keep people with at least 31"):
        adaptation(comparisons(), 5, 30, 0)
    with pytest.raises(UserError, match="count must be between 1 and the largest count 20, got 21"):
        adaptation(comparisons(), 21, 20, 0)
    with pytest.raises(UserError, match="got 0"):
        adaptation(comparisons(), 0, 20, 0)


def test_a_pair_is_held_out_for_everyone_and_in_either_order() -> None:
    data = comparisons(people=40)
    train, test = held_out(data, 0.3, 0)
    assert (train ^ test).all()
    pairs = np.sort(np.stack([data.first, data.second], axis=1), axis=1)
    assert not {tuple(pair) for pair in pairs[train]} & {tuple(pair) for pair in pairs[test]}
    assert test.mean() == pytest.approx(0.3, abs=0.1)


def test_a_prompt_is_held_out_for_everyone() -> None:
    data = comparisons(prompts=True)
    train, test = held_out(data, 0.3, 1, "prompt")
    assert (train ^ test).all()
    assert test.any()
    assert not set(data.asked[train]) & set(data.asked[test])


def test_an_item_that_is_held_out_is_in_no_comparison_for_training() -> None:
    data = comparisons(people=40)
    train, test = held_out(data, 0.4, 0, "item")
    assert not (train & test).any()
    assert not (train | test).all()  # one of each: in neither
    items = [set(data.first[part]) | set(data.second[part]) for part in (train, test)]
    assert items[1]
    assert not items[0] & items[1]


def test_what_is_held_out_stays_so_among_fewer_comparisons() -> None:
    data = comparisons()
    some = np.arange(0, len(data), 7)
    for unit in ("pair", "item"):
        assert held_out(data.take(some), 0.3, 0, unit)[1].tolist() == held_out(data, 0.3, 0, unit)[1][some].tolist()


def test_shares_that_are_held_out_are_as_asked() -> None:
    first, second = np.triu_indices(400, k=1)
    data = make_annotated(
        "many",
        items=[str(number) for number in range(400)],
        first=first,
        second=second,
        labels=np.ones(len(first)),
        annotators=["p"] * len(first),
        source="made here",
    )
    shares = np.array([held_out(data, 0.2, seed)[1].mean() for seed in range(20)])
    error = np.sqrt(0.2 * 0.8 / len(first))
    assert abs(shares.mean() - 0.2) < 4 * error / np.sqrt(20)
    assert shares.std(ddof=1) == pytest.approx(error, rel=0.5)


def test_a_unit_that_is_none_and_prompts_that_are_not_there_are_refused() -> None:
    with pytest.raises(UserError, match=r"unknown unit 'pairs'\. Did you mean 'pair'"):
        held_out(comparisons(), 0.2, 0, "pairs")
    with pytest.raises(UserError, match="made: there are comparisons without a prompt"):
        held_out(comparisons(), 0.2, 0, "prompt")
