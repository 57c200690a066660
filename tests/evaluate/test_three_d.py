"""Drop, degradation and dispersion: by hand, and in a model where DPO shows all three."""

import math
from functools import lru_cache

import numpy as np
import pytest
import torch

from bench.errors import UserError
from bench.evaluate.three_d import three_d
from bench.learn.policy.losses import LOSSES
from bench.learn.policy.toy_softmax import CHOSEN, REJECTED, ToySoftmax


def test_by_hand():
    found = three_d(
        chosen=([-5.0, -5.0], [-4.0, -7.0]),
        rejected=([-5.0, -5.0], [-8.0, -10.0]),
        unseen=[(np.log([0.1, 0.2]), np.log([0.3, 0.3])), (np.log([0.5]), np.log([0.25]))],
    )
    assert (found.chosen.mean, found.rejected.mean, found.pull.mean) == (-0.5, -4.0, -3.5)
    assert found.chosen.standard_error == pytest.approx(1.5)
    assert found.suppressed == 0.5
    assert found.unseen.mean == pytest.approx((math.log(2) + math.log(0.5)) / 2)
    assert found.dispersed == 0.5


def test_without_unseen_responses_dispersion_is_not_said():
    found = three_d(([-1.0], [-2.0]), ([-1.0], [-3.0]))
    assert found.unseen is None
    assert found.dispersed is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((([-1.0], [-1.0, -2.0]), ([-1.0], [-1.0])), r"chosen: expected two arrays \(n,\)"),
        ((([-1.0], [-1.0]), ([-1.0, -1.0], [-1.0, -1.0])), "1 chosen responses and 2 rejected ones"),
        ((([-1.0], [-1.0]), ([-1.0], [-math.inf])), "rejected: log-probability 0 is not finite"),
        ((([-1.0], [-1.0]), ([-1.0], [-1.0]), [([], [])]), "unseen responses of prompt 0"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, message):
    with pytest.raises(UserError, match=message):
        three_d(*arguments)


def test_gradients_by_probabilities_are_to_each_other_as_the_pull_says():
    """Of DPO: |dL / d pi(chosen)| over |dL / d pi(rejected)| is pi(rejected) / pi(chosen)."""
    chosen, rejected = (torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in (0.3, 0.02))
    zero = torch.zeros(1, dtype=torch.float64)
    up, down = torch.autograd.grad(LOSSES["dpo"](chosen.log(), rejected.log(), zero, zero), (chosen, rejected))
    assert abs(float(up / down)) == pytest.approx(0.02 / 0.3)


@lru_cache
def of_toy(loss, seed, **hyper):
    course = ToySoftmax(seed).train_on_pairs(loss, steps=200, **hyper)
    before, after = course.before.numpy(), course.after.numpy()
    pairs = [(before[:, place], after[:, place]) for place in (CHOSEN, REJECTED)]
    return three_d(*pairs, unseen=list(zip(before[:, 2:], after[:, 2:], strict=True)))


SEEDS = range(10000, 10004)


@pytest.mark.parametrize("seed", SEEDS)
def test_dpo_shows_all_three_in_the_toy_model(seed):
    """The rejected drops by more than the chosen moves, of most prompts both fall, and the unseen take over."""
    found = of_toy("dpo", seed, beta=0.5)
    assert found.rejected.mean < -4
    assert abs(found.chosen.mean) < -found.rejected.mean
    assert found.chosen.mean < 0
    assert found.suppressed >= 0.5
    assert found.dispersed >= 0.5


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("regulariser", [{"beta_rejected": 0.1}, {"beta_rejected": 0.5, "sft_weight": 0.1}])
def test_the_papers_regularisers_have_less_of_each(seed, regulariser):
    plain, regularised = of_toy("dpo", seed, beta=0.5), of_toy("flex_dpo", seed, beta=0.5, **regulariser)
    assert regularised.rejected.mean > plain.rejected.mean
    assert regularised.chosen.mean > max(0, plain.chosen.mean)
    assert regularised.suppressed < 0.1
    assert regularised.dispersed < 0.1
    assert regularised.unseen.mean < plain.unseen.mean


def test_of_responses_that_have_little_in_common_the_chosen_rises():
    """What makes it fall is that the two share weights."""
    course = ToySoftmax(10000, alike=0.0).train_on_pairs("dpo", steps=200, beta=0.5)
    assert float((course.after - course.before)[:, CHOSEN].mean()) > 0
