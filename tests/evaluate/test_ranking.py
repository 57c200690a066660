import numpy as np
import pytest
import torch
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from bench.errors import UserError
from bench.evaluate.ranking import (
    difficulty,
    idealised_ranking_accuracy,
    loss_to_rank,
    ranking_accuracy,
    reward_accuracy,
)
from bench.learn.policy.losses.contrastive import dpo


def test_a_tie_counts_one_half() -> None:
    assert reward_accuracy([1, 2, 0, 3], [0, 2, 1, 3]) == 0.5
    assert reward_accuracy([0.0], [0.0]) == 0.5


def test_over_all_pairs_it_is_the_area_under_the_roc_curve() -> None:
    rng = np.random.default_rng(0)
    chosen, rejected = rng.integers(0, 6, size=40), rng.integers(0, 5, size=30)
    area = roc_auc_score(np.repeat([1, 0], [40, 30]), np.concatenate([chosen, rejected]))
    assert reward_accuracy(np.repeat(chosen, 30), np.tile(rejected, 40)) == pytest.approx(area)


def test_ranking_accuracy_compares_sums_or_means_over_tokens() -> None:
    chosen, rejected = [-10.0, -3.0], [-6.0, -8.0]
    assert ranking_accuracy(chosen, rejected) == 0.5
    assert ranking_accuracy(chosen, rejected, [10, 3], [3, 4]) == 1.0


def test_the_ideal_policy_ranks_by_reference_and_agreement() -> None:
    """The pair flips where agreement reaches the reference's preference: log a/(1-a) = beta * gap."""
    gap, beta = 8.0, 0.1
    edge = expit(beta * gap)
    assert idealised_ranking_accuracy([-10.0], [-10.0 + gap], [edge + 1e-6], beta) == 1.0
    assert idealised_ranking_accuracy([-10.0], [-10.0 + gap], [edge - 1e-6], beta) == 0.0


def test_with_unanimous_annotators_the_ideal_is_perfect_and_with_divided_ones_it_is_the_reference() -> None:
    rng = np.random.default_rng(1)
    chosen, rejected = rng.normal(-20, 5, size=(2, 100))
    assert idealised_ranking_accuracy(chosen, rejected, np.ones(100), beta=0.1) == 1.0
    divided = idealised_ranking_accuracy(chosen, rejected, np.full(100, 0.5), beta=0.1)
    assert divided == ranking_accuracy(chosen, rejected)


def test_the_ideal_is_the_optimum_of_the_dpo_loss() -> None:
    """Minimise the expected loss of one pair over the policy's log-ratio on a grid; its sign is what counts."""
    grid = np.linspace(-40, 40, 800_001)
    for gap, agreement, beta in [(-3.0, 0.7, 0.5), (-1.0, 0.7, 0.5), (2.0, 0.2, 1.0), (-6.0, 0.6, 0.05)]:
        margin = beta * (grid - gap)
        loss = agreement * np.logaddexp(0, -margin) + (1 - agreement) * np.logaddexp(0, margin)
        best = grid[loss.argmin()]
        assert idealised_ranking_accuracy([gap], [0.0], [agreement], beta) == float(best > 0)


@pytest.mark.parametrize("nudge", [-1e-3, 1e-3])
def test_the_policy_ranks_a_pair_where_dpos_loss_is_below_the_loss_to_rank(nudge: float) -> None:
    """The loss is the engine's own. At log-ratio `nudge` it lies on that side of the loss to rank."""
    reference = np.array([[-10.0, -12.0, -40.0], [-11.0, -4.0, -40.0]])
    rejected = torch.full((3,), -20.0, dtype=torch.float64)
    loss = dpo(rejected + nudge, rejected, *map(torch.from_numpy, reference), beta=0.1).numpy()
    assert ((loss < loss_to_rank(*reference, beta=0.1)) == (nudge > 0)).all()
    np.testing.assert_allclose(loss, loss_to_rank(*reference, beta=0.1), atol=1e-3)


def test_training_starts_at_log_two_and_only_a_pair_that_the_reference_ranks_may_stay_there() -> None:
    needed = loss_to_rank([-10.0, -10.0, -60.0], [-12.0, -10.0, -10.0], beta=0.1)
    np.testing.assert_allclose(needed, [np.logaddexp(0, 0.2), np.log(2), np.log1p(np.exp(-5))])
    assert difficulty([-10.0, -60.0], [-12.0, -10.0]).tolist() == [-2, 50]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reward_accuracy([], []), "n >= 1"),
        (lambda: reward_accuracy([1], [1, 2]), "rewards: expected two arrays"),
        (lambda: reward_accuracy([1, np.nan], [1, 2]), "rewards: pair 1 is not finite"),
        (lambda: ranking_accuracy([-1], [-2], [3]), "lengths of chosen and of rejected"),
        (lambda: ranking_accuracy([-1], [-2], [3], [0]), "positive numbers of tokens"),
        (lambda: idealised_ranking_accuracy([-1], [-2], [1.2], 0.1), r"shares in \[0, 1\]"),
        (lambda: idealised_ranking_accuracy([-1], [-2], [0.5], 0.0), "beta must be positive"),
    ],
)
def test_bad_pairs_are_refused(call, message) -> None:
    with pytest.raises(UserError, match=message):
        call()
