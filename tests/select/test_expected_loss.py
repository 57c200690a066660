"""Selection by expected loss: held against the loss written out, through plain forward passes."""

from __future__ import annotations

import numpy as np
import pytest
from soft_losses import BETA, GROUPS, ids, log_prob, policy, rewards, soft_loss

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import reference_log_probs
from bench.select.expected_loss import ExpectedLoss


def test_the_expected_loss_is_the_mean_over_pairs_and_labels():
    model, reference = policy(), policy(1)
    expected = [soft_loss(model, reference, *both).item() for both in zip(GROUPS, rewards(GROUPS), strict=True)]
    np.testing.assert_allclose(ExpectedLoss(model, rewards, reference, beta=BETA).scores(GROUPS), expected, rtol=1e-5)


def test_before_the_first_step_every_prompt_has_the_same_loss():
    found = ExpectedLoss(policy(), rewards, policy()).scores(GROUPS)
    np.testing.assert_allclose(found, np.log(2))


def test_what_the_policy_gets_wrong_is_bought_before_what_it_gets_right():
    model, reference = policy(), policy(1)
    implied = [
        np.array([(log_prob(model, g.prompt, r) - log_prob(reference, g.prompt, r)).item() for r in g.responses])
        for g in GROUPS[:2]
    ]
    right_then_wrong = [3 * implied[0], -3 * implied[1]]
    first, second = ExpectedLoss(model, lambda _: right_then_wrong, reference, beta=BETA).scores(GROUPS[:2])
    assert second > np.log(2) > first


def test_its_reference_may_be_log_probabilities():
    model, reference = policy(), policy(1)
    known = reference_log_probs(reference, GROUPS, cache_dir=None)
    same = ExpectedLoss(model, rewards, reference).scores(GROUPS)
    np.testing.assert_allclose(ExpectedLoss(model, rewards, known).scores(GROUPS), same, rtol=1e-6)
    with pytest.raises(UserError, match="other data"):
        ExpectedLoss(model, rewards, known).scores([GROUPS[1], GROUPS[0], GROUPS[2]])


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(UserError, match="beta must be a number > 0, got 0"):
        ExpectedLoss(policy(), rewards, policy(), beta=0)
    with pytest.raises(UserError, match="group 0 has 1 responses"):
        ExpectedLoss(policy(), rewards, policy()).scores([Completions(ids(1), (ids(2),))])
