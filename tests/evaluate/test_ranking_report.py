"""The report of a policy's rankings: shares with clustered errors, and the table by difficulty."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.evaluate.ranking import difficulty, idealised_ranking_accuracy, loss_to_rank, ranking_accuracy
from bench.evaluate.ranking_report import ranking_report


def drawn(n: int = 400, seed: int = 0) -> np.ndarray:
    """(4, n): policy chosen, rejected, reference chosen, rejected; the policy learnt a little."""
    rng = np.random.default_rng(seed)
    reference = rng.normal(-60, 10, size=(2, n))
    return np.vstack([reference + rng.normal([[3], [-3]], 5, size=(2, n)), reference])


def test_four_pairs_by_hand() -> None:
    """Ranked by both, gained, lost, and by neither though its implied rewards are right; one a bin."""
    policy = np.array([[-1.0, -2.0, -5.0, -30.0], [-2.0, -3.0, -4.0, -10.0]])
    reference = np.array([[-1.0, -5.0, -4.0, -50.0], [-4.0, -4.0, -4.5, -20.0]])
    report = ranking_report(*policy, *reference, beta=0.1, bins=4)
    expected = {
        "reference_accuracy": 0.5,
        "ranking_accuracy": 0.5,
        "gained": 0.25,
        "lost": 0.25,
        "reward_accuracy": 0.5,
    }
    assert {name: report.metrics[name] for name in expected} == expected
    margins = 0.1 * np.array([1 - 3, 1 + 1, -1 - 0.5, -20 + 30])
    assert report.metrics["loss"] == pytest.approx(np.mean(np.log1p(np.exp(-margins))))
    assert [(row.low, row.pairs, row.ranking_accuracy) for row in report.by_difficulty] == [
        (-3.0, 1, 1.0),
        (-0.5, 1, 0.0),
        (1.0, 1, 1.0),
        (30.0, 1, 0.0),
    ]
    hardest = report.by_difficulty[-1]
    assert hardest.reward_accuracy == 1.0
    assert hardest.loss == pytest.approx(np.log1p(np.exp(-1)))
    assert hardest.loss_to_rank == pytest.approx(np.log1p(np.exp(-3)))


def test_the_untrained_policy_ranks_as_its_reference_and_has_a_loss_of_log_two() -> None:
    reference = drawn()[2:]
    metrics = ranking_report(*reference, *reference, beta=0.3).metrics
    assert metrics["ranking_accuracy"] == metrics["reference_accuracy"] == ranking_accuracy(*reference)
    assert metrics["gained"] == metrics["lost"] == 0
    assert metrics["reward_accuracy"] == 0.5
    assert metrics["loss"] == pytest.approx(np.log(2))


@given(st.integers(0, 1000), st.floats(0.01, 5))
def test_a_pair_is_ranked_if_and_only_if_its_loss_is_at_most_the_loss_to_rank(seed: int, beta: float) -> None:
    policy_chosen, policy_rejected, chosen, rejected = drawn(1, seed)
    report = ranking_report(policy_chosen, policy_rejected, chosen, rejected, beta=beta, bins=1)
    needed = float(loss_to_rank(chosen, rejected, beta)[0])
    if abs(report.metrics["loss"] - needed) > 1e-12 * needed:  # beyond, rounding decides
        assert (report.metrics["loss"] < needed) == (report.metrics["ranking_accuracy"] == 1.0)


def test_accuracy_grows_by_what_is_gained_less_what_is_lost() -> None:
    metrics = ranking_report(*drawn(), beta=0.1).metrics
    grown = metrics["ranking_accuracy"] - metrics["reference_accuracy"]
    assert grown == pytest.approx(metrics["gained"] - metrics["lost"])
    assert grown > 0


def test_errors_are_those_of_a_regression_on_a_constant_with_clustered_errors() -> None:
    """statsmodels has the further factor (n - 1) / (n - k), which is 1 for the one parameter of a mean."""
    pairs, prompts = drawn(300), np.repeat(np.arange(60), 5)
    pairs[:2] += np.repeat(np.random.default_rng(1).normal(0, 8, (2, 60)), 5, axis=1)  # prompts matter
    metrics = ranking_report(*pairs, beta=0.1, prompts=prompts).metrics
    frame = pd.DataFrame({"right": (pairs[0] > pairs[1]).astype(float), "prompt": prompts})
    fit = smf.ols("right ~ 1", frame).fit(cov_type="cluster", cov_kwds={"groups": frame.prompt})
    assert metrics["ranking_accuracy_error"] == pytest.approx(float(fit.bse.iloc[0]))
    assert metrics["ranking_accuracy_error"] > 1.2 * ranking_report(*pairs, beta=0.1).metrics["ranking_accuracy_error"]


def test_bins_hold_all_pairs_in_order_of_difficulty_and_their_mean_is_the_whole() -> None:
    pairs = drawn(401)
    report = ranking_report(*pairs, beta=0.1, bins=5)
    table = pd.DataFrame(report.by_difficulty)
    assert table.pairs.sum() == 401
    assert table.pairs.between(80, 81).all()
    assert (table.low.to_numpy()[1:] > table.high.to_numpy()[:-1]).all()
    assert np.average(table.ranking_accuracy, weights=table.pairs) == pytest.approx(report.metrics["ranking_accuracy"])
    assert np.average(table.loss, weights=table.pairs) == pytest.approx(report.metrics["loss"])
    hard = difficulty(*pairs[2:])
    assert (table.low.iloc[0], table.high.iloc[-1]) == (hard.min(), hard.max())
    assert table.reference_accuracy.iloc[0] == 1
    assert table.reference_accuracy.iloc[-1] == 0
    assert table.loss_to_rank.is_monotonic_decreasing


def test_equal_difficulties_share_a_bin() -> None:
    (row,) = ranking_report(*drawn(9)[:2], np.full(9, -3.0), np.full(9, -3.0), beta=0.1).by_difficulty
    assert row.pairs == 9


def test_the_optimum_of_dpo_has_no_alignment_gap() -> None:
    """The policy whose log-ratios are the reference's plus log a / (1 - a) over beta."""
    reference, beta = drawn()[2:], 0.1
    share = np.random.default_rng(2).uniform(0.5, 0.99, 400)
    optimum = reference + np.vstack([np.log(share), np.log1p(-share)]) / beta
    metrics = ranking_report(*optimum, *reference, beta=beta, agreement=share).metrics
    assert metrics["alignment_gap"] == 0
    assert metrics["idealised_accuracy"] == idealised_ranking_accuracy(*reference, share, beta)
    untrained = ranking_report(*reference, *reference, beta=beta, agreement=share).metrics
    assert untrained["alignment_gap"] == pytest.approx(metrics["idealised_accuracy"] - untrained["reference_accuracy"])
    assert untrained["alignment_gap"] > 0.1


def test_a_single_pair_has_no_error() -> None:
    report = ranking_report([-1.0], [-2.0], [-1.0], [-2.0], beta=0.1)
    assert report.metrics["ranking_accuracy"] == 1.0
    assert np.isnan(report.metrics["ranking_accuracy_error"])


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (([-1.0], [-2.0], [-1.0, 0.0], [-2.0, 0.0]), {}, "1 pairs under the policy, and of 2"),
        (([-1.0], [np.nan], [-1.0], [-2.0]), {}, "pair 0 is not finite"),
        (([-1.0], [-2.0], [-1.0], [-2.0]), {"beta": 0.0}, "beta must be positive"),
        (([-1.0], [-2.0], [-1.0], [-2.0]), {"bins": 0}, "bins must be at least 1"),
        (([-1.0], [-2.0], [-1.0], [-2.0]), {"prompts": ["a", "b"]}, "clusters: expected one for each"),
        (([-1.0], [-2.0], [-1.0], [-2.0]), {"agreement": [1.5]}, r"shares in \[0, 1\]"),
    ],
)
def test_bad_pairs_are_refused_with_their_place(arguments, settings, message) -> None:
    with pytest.raises(UserError, match=message):
        ranking_report(*arguments, **{"beta": 0.1, **settings})
