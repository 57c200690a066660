"""GPO: log-ratios that follow preference scores, cycles included."""

import numpy as np
import torch
from four_log_probs import FOUR, B, same

from bench.learn.policy.losses import LOSSES

ONES = torch.ones(B, dtype=torch.float64)


def test_gpo_is_least_where_log_ratios_are_scores_over_beta():
    scores = torch.linspace(-2, 3, B, dtype=torch.float64)
    chosen, rejected = FOUR[2] + scores / 0.5, FOUR[3] - scores / 0.5
    same(LOSSES["gpo"](chosen, rejected, *FOUR[2:], scores=scores, beta=0.5), 0.0)
    same(LOSSES["gpo"](chosen + 1, rejected - 2, *FOUR[2:], scores=scores, beta=0.5), 5.0)


def test_gpo_of_hard_labels_is_sppo_with_half_the_beta():
    same(LOSSES["gpo"](*FOUR, scores=ONES, beta=0.5), LOSSES["sppo"](*FOUR, beta=0.25))


def test_the_sign_of_the_score_says_which_response_is_preferred():
    """s(y+ > y-) = -s(y- > y+): a pair and its reverse with the other score are one statement."""
    scores = torch.linspace(-2, 3, B, dtype=torch.float64)
    reverse = LOSSES["gpo"](FOUR[1], FOUR[0], FOUR[3], FOUR[2], scores=-scores, beta=0.5)
    same(LOSSES["gpo"](*FOUR, scores=scores, beta=0.5), reverse)


def minimiser(matrix, beta):
    """Log-ratios (n,) that minimise GPO over all pairs of n responses with these scores, by gradient descent."""
    first, second = np.triu_indices(len(matrix), 1)
    ratios = torch.zeros(len(matrix), dtype=torch.float64, requires_grad=True)
    zeros = torch.zeros(len(first), dtype=torch.float64)
    scores = torch.tensor(matrix[first, second])
    for _ in range(200):
        loss = LOSSES["gpo"](ratios[first], ratios[second], zeros, zeros, scores=scores, beta=beta).sum()
        (gradient,) = torch.autograd.grad(loss, ratios)
        ratios = (ratios - 0.1 * gradient).detach().requires_grad_()
    return ratios.detach().numpy()


def test_a_cycle_of_equal_scores_moves_no_policy():
    """Rock, paper, scissors: every response wins as much as it loses."""
    cycle = np.array([[0.0, 1.0, -1.0], [-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]])
    np.testing.assert_allclose(minimiser(cycle, beta=0.2), 0.0, atol=1e-12)


def test_of_all_pairs_a_log_ratio_is_the_mean_score_against_the_others_over_beta():
    """So that the policy is proportional to pi_ref exp(s(y > the others) / beta), cyclic or not."""
    scores = np.random.default_rng(0).normal(size=(4, 4))
    scores = scores - scores.T
    np.testing.assert_allclose(minimiser(scores, beta=0.5), scores.sum(1) / 3 / 0.5, atol=1e-9)
