"""SparsePO's objectives: whose tokens count, by given masks and by learnt ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_training import difference, toy_groups, toy_model, toy_reference, weights

from bench.errors import UserError
from bench.learn.policy.masked import LearnedMask, LearnedMaskPreference, MaskedPreference, activation_masks
from bench.learn.policy.objectives import Batch, Preference
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training

TRAINING = Training(learning_rate=3e-3, epochs=2, batch_size=4, max_tokens=60, weight_decay=0.0, seed=1000)
GROUPS = toy_groups(8)
REFERENCE = toy_reference(toy_model(seed=1), GROUPS)
BATCH = Batch((GROUPS[5], GROUPS[2]), (5, 2))
OUTPUTS = torch.linspace(-3, -1, sum(len(r) for group in BATCH.groups for r in group.responses))


def ones():
    return [np.ones_like(tokens) for tokens in REFERENCE.tokens]


def test_with_masks_of_one_it_is_dpo():
    masked = MaskedPreference(REFERENCE, ones(), beta=0.3).losses(OUTPUTS, BATCH)
    torch.testing.assert_close(masked, Preference("dpo", REFERENCE, beta=0.3).losses(OUTPUTS, BATCH))


def test_each_pair_gets_the_mask_of_its_place_in_the_data():
    masks = ones()
    masks[2] = np.zeros_like(masks[2])
    found = MaskedPreference(REFERENCE, masks, beta=0.3).losses(OUTPUTS, BATCH)
    plain = Preference("dpo", REFERENCE, beta=0.3).losses(OUTPUTS, BATCH)
    torch.testing.assert_close(found, torch.stack([plain[0], torch.tensor(2.0).log()]))


def test_a_masked_token_has_no_gradient():
    masks = ones()
    masks[5][0] = 0.0
    leaf = OUTPUTS.clone().requires_grad_()
    MaskedPreference(REFERENCE, masks).losses(leaf, BATCH).sum().backward()
    assert leaf.grad[0] == 0
    assert (leaf.grad[1:] != 0).all()


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda masks: masks[:-1], "7 masks for 8 groups"),
        (lambda masks: [masks[0][:-1], *masks[1:]], r"group 0 has \d+ response tokens, and a mask of shape"),
        (lambda masks: [-masks[0], *masks[1:]], "group 0: its mask must be finite, and at least 0"),
    ],
)
def test_masks_that_do_not_fit_are_refused(break_it, message):
    with pytest.raises(UserError, match=message):
        MaskedPreference(REFERENCE, break_it(ones()))


def test_activation_masks_run_from_least_to_most_active_within_each_response():
    masks = activation_masks(toy_model(), GROUPS)
    for group, mask in zip(GROUPS, masks, strict=True):
        assert mask.shape == (sum(map(len, group.responses)),)
        assert ((mask >= 0) & (mask <= 1)).all()
        for response, part in zip(group.responses, np.split(mask, [len(group.responses[0])]), strict=True):
            assert len(response) == len(part)
            assert len(response) > 1 or part.tolist() == [1.0]
    assert len({float(value) for mask in masks for value in mask}) > 10


def test_activation_masks_of_a_response_do_not_depend_on_the_other():
    swapped = [replace(group, responses=group.responses[::-1]) for group in GROUPS]
    for group, mask, other in zip(
        GROUPS, activation_masks(toy_model(), GROUPS), activation_masks(toy_model(), swapped), strict=True
    ):
        first = len(group.responses[0])
        np.testing.assert_allclose(mask, np.roll(other, first), atol=1e-5)


def test_a_learned_mask_starts_at_one_and_can_be_exactly_zero():
    state = torch.tensor([1.0, -1.0, 1.0, -1.0])
    values = torch.stack([state, -state])[:, None].expand(2, 3, 4)
    mask = LearnedMask(depth=3, width=4)
    assert mask(values).tolist() == [1.0, 1.0]
    with torch.no_grad():
        mask.a.copy_(10 * state.expand(3, 4))
    torch.testing.assert_close(mask(values), torch.tensor([41.0, 0.0]), rtol=1e-4, atol=0.0)


def test_a_learned_masks_gradient_is_that_of_the_loss():
    """Finite differences of the batch's loss, in one weight of the mask."""
    reference_model, policy = toy_model(seed=1), toy_model(seed=2)
    objective = LearnedMaskPreference(reference_model, REFERENCE, beta=0.3)
    objective.check(policy, GROUPS)

    def loss():
        return objective.losses(objective.outputs(policy, BATCH.groups), BATCH).sum()

    loss().backward()
    expected = float(objective.mask.a.grad[0, 3])
    assert abs(expected) > 1e-4
    values = []
    for step in (1e-2, -1e-2):
        with torch.no_grad():
            objective.mask.a[0, 3] += step
            values.append(float(loss()))
            objective.mask.a[0, 3] -= step
    assert (values[0] - values[1]) / 2e-2 == pytest.approx(expected, rel=1e-2)


def trained(objective_of, max_tokens=60):
    policy = toy_model(seed=1)
    objective = objective_of()
    train(policy, GROUPS, objective, replace(TRAINING, max_tokens=max_tokens))
    return policy, objective


def learned():
    return LearnedMaskPreference(toy_model(seed=1), REFERENCE, beta=0.3)


def test_training_moves_policy_and_mask_and_leaves_the_reference():
    objective = learned()
    before = weights(objective._model[0])
    policy, _ = trained(lambda: objective)
    assert difference(before, objective._model[0]) == 0
    assert difference(before, policy) > 1e-3
    assert objective.mask.a.abs().max() > 1e-4


def test_micro_batches_change_nothing():
    one, first = trained(learned)
    other, second = trained(learned, max_tokens=1)
    assert difference(one, other) < 1e-5
    assert difference(first.mask, second.mask) < 1e-5


def test_an_objective_that_was_trained_before_begins_again():
    objective = learned()
    first, _ = trained(lambda: objective)
    again, _ = trained(lambda: objective)
    assert difference(first, again) == 0
