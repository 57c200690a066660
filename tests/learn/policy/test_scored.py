"""Scores of pairs reach the loss, each that of its place in the data."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toy_training import toy_groups, toy_model, toy_reference

from bench.errors import UserError
from bench.learn.policy.objectives import Batch, Preference
from bench.learn.policy.scored import ScoredPreference

PAIRS = toy_groups(4)
REFERENCE = toy_reference(toy_model(), PAIRS)
SCORES = np.array([2.0, -0.5, 1.0, 0.0])
BATCH = Batch((PAIRS[3], PAIRS[0]), (3, 0))
OUTPUTS = torch.linspace(-3, -1, sum(len(r) for pair in BATCH.groups for r in pair.responses))


def test_each_pair_is_regressed_on_its_own_score():
    objective = ScoredPreference("gpo", SCORES, REFERENCE, beta=0.5)
    ratios = objective.log_ratios(OUTPUTS, BATCH)
    targets = torch.tensor([0.0, 4.0])
    expected = (ratios[0::2] - targets) ** 2 + (ratios[1::2] + targets) ** 2
    torch.testing.assert_close(objective.losses(OUTPUTS, BATCH), expected)


def test_scores_of_one_are_hard_labels():
    scored = ScoredPreference("gpo", np.ones(4), REFERENCE, beta=0.5).losses(OUTPUTS, BATCH)
    torch.testing.assert_close(scored, Preference("gpo", REFERENCE, beta=0.5).losses(OUTPUTS, BATCH))


def test_other_scores_are_another_run():
    identities = [ScoredPreference("gpo", scores, REFERENCE).identity() for scores in (SCORES, -SCORES)]
    assert identities[0] != identities[1]


@pytest.mark.parametrize(
    ("loss", "scores", "message"),
    [
        ("dpo", SCORES, "the loss dpo takes no scores; gpo does"),
        ("gpo", SCORES[:3], r"scores of shape \(3,\) for 4 pairs"),
        ("gpo", [1.0, np.nan, 1.0, 1.0], "the score of pair 1 is nan"),
    ],
)
def test_scores_that_do_not_fit_are_refused(loss, scores, message):
    with pytest.raises(UserError, match=message):
        ScoredPreference(loss, scores, REFERENCE)
