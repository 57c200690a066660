import numpy as np
import pytest
from scipy import stats

from bench.errors import UserError
from bench.evaluate.label_efficiency import area, area_difference, label_ratio, labels_to_target

LABELS = np.array([50, 100, 200, 400, 800, 1600])


def logistic(labels: np.ndarray, saving: float = 1.0) -> np.ndarray:
    """A curve that rises with log(labels); with `saving` labels count that many times."""
    return 0.9 - 0.4 * np.exp(-np.log(labels * saving / 25) / 1.5)


def noisy(curve: np.ndarray, rng: np.random.Generator, shared: np.ndarray, noise: float = 0.02) -> np.ndarray:
    return curve + shared + noise * rng.normal(size=(len(shared), len(curve)))


def exact(curve: np.ndarray, seeds: int = 4) -> np.ndarray:
    return np.tile(curve, (seeds, 1))


def test_the_area_of_a_line_in_log_labels_is_its_middle() -> None:
    line = 0.3 + 0.1 * np.log(LABELS / 50)
    found = area(LABELS, exact(line))
    assert found.value == pytest.approx(line[[0, -1]].mean())
    assert (found.low, found.high) == pytest.approx((found.value, found.value))


def test_a_point_counts_by_its_share_of_the_log_axis() -> None:
    assert area([1, 10, 1000], exact(np.array([0.0, 1.0, 1.0]))).value == pytest.approx((0.5 + 2) / 3)


def test_the_interval_of_an_area_is_the_t_interval_for_normal_seeds() -> None:
    level = np.random.default_rng(0).normal(size=12)
    found = area(LABELS, np.tile(level[:, None], (1, 6)))
    low, high = stats.t.interval(0.95, 11, level.mean(), stats.sem(level))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_what_seeds_share_cancels_in_the_difference_of_two_methods() -> None:
    rng = np.random.default_rng(1)
    shared = rng.normal(size=(10, 1))
    ours, theirs = noisy(logistic(LABELS, 2), rng, shared), noisy(logistic(LABELS), rng, shared)
    difference = area_difference(LABELS, ours, theirs)
    assert difference.high - difference.low < 0.1 * (area(LABELS, ours).high - area(LABELS, ours).low)
    assert difference.value == pytest.approx(area(LABELS, ours).value - area(LABELS, theirs).value)


def test_labels_to_target_are_interpolated_in_log_labels() -> None:
    line = np.log(LABELS / 50.0)
    assert labels_to_target(LABELS, exact(line), np.log(3)) == pytest.approx((150, 150))
    assert labels_to_target(LABELS, exact(line), np.log(4)) == pytest.approx((200, 200))


def test_a_dip_is_smoothed_and_not_crossed_twice() -> None:
    curve = np.array([0.0, 0.6, 0.4, 0.5, 1.0, 1.0])  # isotonic: 0, .5, .5, .5, 1, 1
    assert labels_to_target(LABELS, exact(curve), 0.5) == pytest.approx((100, 100))
    assert labels_to_target(LABELS, exact(curve), 0.55)[0] > 400


def test_a_target_out_of_reach_is_a_bound_and_not_a_number() -> None:
    curve = exact(logistic(LABELS))
    assert labels_to_target(LABELS, curve, 0.95) == (1600, np.inf)
    assert labels_to_target(LABELS, curve, 0.1) == (0, 50)


def test_a_method_that_gets_twice_out_of_a_label_has_ratio_two() -> None:
    line, half = np.log(LABELS / 25.0), np.log(LABELS / 50.0)
    found = label_ratio(LABELS, exact(line), exact(half))
    assert found.low_value == found.high_value == pytest.approx(2)
    assert (found.low, found.high) == pytest.approx((2, 2))
    assert (found.censored, found.note) == (0, "")


def test_a_method_that_never_gets_there_is_said_to_need_more() -> None:
    found = label_ratio(LABELS, exact(0.5 * np.log(LABELS)), exact(np.log(LABELS)))
    assert (found.low_value, found.high_value) == (0, 1)
    assert (found.low, found.high) == (0, 1)
    assert found.censored == 1
    assert found.note == "the method does not reach the target within 1600 labels"


def test_where_both_are_beyond_their_labels_nothing_is_known_and_that_is_said() -> None:
    found = label_ratio(LABELS, exact(logistic(LABELS)), exact(logistic(LABELS)), target=2.0)
    assert (found.low_value, found.high_value) == (0, np.inf)
    assert found.note.count("does not reach the target") == 2
    early = label_ratio(LABELS, exact(np.log(LABELS) + 10), exact(np.log(LABELS)))
    assert (early.low_value, early.high_value) == (1600 / 50, np.inf)
    assert early.note == "the method is at the target from its first point (50 labels): it may need fewer"


def test_intervals_cover_93_to_97_percent() -> None:
    """Simulations of ten seeds; 400 of them are told from 93 and 97 % to within two standard errors."""
    hits = np.zeros(2)
    true_area = area(LABELS, exact(logistic(LABELS, 2))).value - area(LABELS, exact(logistic(LABELS))).value
    for simulation in range(400):
        rng = np.random.default_rng(simulation)
        shared = 0.02 * rng.normal(size=(10, 1))
        ours, theirs = noisy(logistic(LABELS, 2), rng, shared), noisy(logistic(LABELS), rng, shared)
        difference = area_difference(LABELS, ours, theirs)
        ratio = label_ratio(LABELS, ours, theirs, target=float(logistic(LABELS)[3]))
        hits += [difference.low <= true_area <= difference.high, ratio.low <= 2 <= ratio.high]
    error = 2 * np.sqrt(0.95 * 0.05 / 400)
    assert (hits / 400 > 0.93 - error).all(), hits
    assert (hits / 400 < 0.97 + error).all(), hits


@pytest.mark.parametrize(
    ("labels", "quality", "message"),
    [
        ([100], np.ones((4, 1)), "at least two positive counts"),
        ([0, 100], np.ones((4, 2)), "at least two positive counts"),
        ([200, 100], np.ones((4, 2)), "ascending order"),
        ([100, 200], np.ones((4, 3)), r"expected an array \(seeds, 2\), found shape \(4, 3\)"),
        ([100, 200], np.ones((2, 2)), "at least 3 seeds, there are 2"),
        ([100, 200], [[1, 1], [1, np.nan], [1, 1]], "nan for seed 1 at 200 labels"),
    ],
)
def test_bad_curves_are_refused(labels, quality, message) -> None:
    with pytest.raises(UserError, match=message):
        area(labels, quality)


def test_curves_of_different_seeds_are_not_paired() -> None:
    with pytest.raises(UserError, match="found 5 seeds of the method, 4 of the other"):
        label_ratio(LABELS, exact(logistic(LABELS), 5), exact(logistic(LABELS), 4))
