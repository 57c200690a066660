import itertools
import math

import numpy as np
import pytest

from bench.data.agreement import agreement, consistency
from bench.data.annotated import Annotated, make_annotated
from bench.errors import UserError


def judged(rows: list[tuple[str, int, int, int]]) -> Annotated:
    """Rows of (who, first, second, label)."""
    who, first, second, labels = zip(*rows, strict=True)
    items = [str(number) for number in range(1 + max(*first, *second))]
    return make_annotated("j", items=items, first=first, second=second, labels=labels, annotators=who, source="here")


def test_agreement_by_hand() -> None:
    # Pair 0-1: + + -, the second of them in the other order; pair 2-3: + -; pair 4-5 has one judge and does not count.
    data = judged([("a", 0, 1, 1), ("b", 1, 0, -1), ("c", 0, 1, -1), ("a", 2, 3, 1), ("b", 2, 3, -1), ("c", 4, 5, 1)])
    found = agreement(data)
    assert (found.judgements, found.pairs) == (5, 2)
    assert found.two == pytest.approx((0.5 + 0.5 + 0 + 0 + 0) / 5)
    assert found.others == pytest.approx((0.5 + 0.5 + 0 + 0 + 0) / 5)  # each of the two that agree sees a tie
    of_c = agreement(data, ["c"])
    assert (of_c.judgements, of_c.two, of_c.others) == (1, 0, 0)


@pytest.mark.parametrize("p", [0.5, 0.8, 1.0])
def test_agreement_of_people_who_toss_the_same_coin(p: float) -> None:
    # Five people a pair, each naming the better item with probability p: the rates are known in closed form.
    random = np.random.default_rng(1)
    rows = [(f"w{w}", 2 * n, 2 * n + 1, 1 if random.random() < p else -1) for n in range(4_000) for w in range(5)]
    found = agreement(judged(rows))
    two = p**2 + (1 - p) ** 2
    majority_of_four = [math.comb(4, k) * p**k * (1 - p) ** (4 - k) for k in range(5)]
    tie, right, wrong = majority_of_four[2], sum(majority_of_four[3:]), sum(majority_of_four[:2])
    others = p * right + (1 - p) * wrong + tie / 2
    half = [(1 - p) ** 2, 2 * p * (1 - p), p**2]
    halves = half[0] ** 2 + half[2] ** 2 + 0.5 * (1 - (half[0] + half[2]) ** 2)
    assert abs(found.two - two) <= 4 * found.two_error
    assert abs(found.others - others) <= 4 * found.others_error
    assert abs(found.halves - halves) <= 4 * found.halves_error


def test_errors_are_of_pairs_not_of_judgements() -> None:
    # All judges of a pair say the same or are split evenly at random: the effective number is that of pairs.
    random = np.random.default_rng(2)
    estimates, errors = [], []
    for _ in range(200):
        rows = []
        for pair in range(50):
            labels = [1, 1, 1, 1] if random.random() < 0.5 else [1, 1, -1, -1]
            rows += [(f"w{n}", 2 * pair, 2 * pair + 1, label) for n, label in enumerate(labels)]
        found = agreement(judged(rows))
        estimates.append(found.two)
        errors.append(found.two_error)
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.15)


def test_nobody_to_agree_with_is_said() -> None:
    with pytest.raises(UserError, match="no judge shares a pair of items with anybody"):
        agreement(judged([("a", 0, 1, 1), ("b", 1, 2, 1)]))


def test_circles_by_hand() -> None:
    circle = [("a", 0, 1, 1), ("a", 1, 2, 1), ("a", 2, 0, 1)]
    order = [("b", 0, 1, 1), ("b", 2, 1, -1), ("b", 0, 2, 1)]
    two_people = [("c", 0, 1, 1), ("c", 1, 2, 1), ("d", 2, 0, 1)]
    found = consistency(judged([*circle, *order, *two_people]))
    assert (found.triads, found.circles, found.people) == (2, 1, 2)


def test_the_noise_of_people_with_an_order_is_found_again() -> None:
    # Each of 300 people orders 12 items and gives the opposite of their order once in ten answers.
    random = np.random.default_rng(3)
    rows = [
        (f"w{w}", a, b, -1 if random.random() < 0.1 else 1)
        for w in range(300)
        for a, b in itertools.combinations(range(12), 2)
    ]
    found = consistency(judged(rows))
    assert found.triads == 300 * math.comb(12, 3)
    assert found.noise == pytest.approx(0.1, abs=0.005)


def test_coin_tosses_are_all_noise_and_no_triads_say_nothing() -> None:
    random = np.random.default_rng(4)
    pairs = list(itertools.combinations(range(10), 2))
    tossed = consistency(judged([(f"w{w}", a, b, random.choice([-1, 1])) for w in range(200) for a, b in pairs]))
    assert tossed.circles / tossed.triads == pytest.approx(0.25, abs=0.01)
    assert tossed.noise > 0.4
    assert math.isnan(consistency(judged([("a", 0, 1, 1)])).noise)
