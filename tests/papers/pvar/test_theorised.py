"""What preference variance says of gradients, on prompts of a pool."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_pvar import planned

from bench.papers.pvar.theorised import by_decile, theorised
from bench.select import preference_variance


def outcome(context, policy):
    (task,) = [task for task in planned("theory", prompts=12) if task.condition["policy"] == policy]
    return theorised(task, context)


@pytest.mark.parametrize("policy", ["before", "after"])
def test_the_bound_holds_on_every_prompt(context, policy):
    metrics = outcome(context, policy).metrics
    assert metrics["holds_own"] == metrics["holds_gold"] == 1
    assert 0 < metrics["used_most_own"] < 1


def test_the_variance_is_that_of_the_model_that_chooses(context, lab):
    curves = outcome(context, "before").curves
    np.testing.assert_allclose(curves["pvar_own"], preference_variance(lab.rewards("wide", "large")[:12]))


def test_only_a_trained_policy_says_anything_of_its_own(context):
    before, after = (outcome(context, policy).metrics for policy in ("before", "after"))
    assert before["alone_holds_own"] == 0  # its own variance is 0, and the gradient is not
    assert after["used_most_own"] != before["used_most_own"]


def test_tenths_go_from_the_lowest_variance_to_the_highest():
    variance = np.arange(20.0)[::-1]
    columns = {"pvar_own": variance, "norm_own": 2 * variance, "bound_own": variance, "ratio_of_signal_own": variance}
    found = by_decile(columns)
    assert found["pvar_own_1"] == 0.5
    assert found["norm_own_10"] == 37.0
