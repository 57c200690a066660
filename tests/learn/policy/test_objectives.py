"""Objectives: what a loss is given from a batch, whatever its signature."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from toy_training import VOCABULARY, toy_groups, toy_model

from bench.learn.policy import losses
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import response_sums
from bench.learn.policy.objectives import Batch, Demonstration, PairwiseReward, Preference
from bench.learn.policy.reference import ReferenceLogProbs, data_hash

PAIRS = (
    Completions(np.array([1], np.int32), (np.array([1, 2, 3], np.int32), np.array([4], np.int32))),
    Completions(np.array([1], np.int32), (np.array([5], np.int32), np.array([6, 7], np.int32))),
)
BATCH = Batch(PAIRS, (1, 0))  # the data has them the other way round
POLICY = torch.tensor([-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0])


def reference_of(groups, tokens):
    return ReferenceLogProbs(tuple(tokens), tuple(response_sums(groups, tokens)), "toy", data_hash(groups), VOCABULARY)


REFERENCE = reference_of(
    PAIRS[::-1], [np.array([-0.5, -0.6, -0.7], np.float32), np.array([-0.1, -0.2, -0.3, -0.4], np.float32)]
)


def given(monkeypatch, name):
    """The arguments that a loss of this name gets from the batch."""
    seen = {}
    objective = Preference(name, REFERENCE)

    def record(*four, **keywords):
        seen.update(
            zip(("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected"), four, strict=True)
        )
        seen.update(keywords)
        return torch.zeros(2)

    monkeypatch.setattr(objective, "loss", record)
    objective.losses(POLICY, BATCH)
    return {key: value.tolist() if isinstance(value, torch.Tensor) else value for key, value in seen.items()}


def test_sums_are_of_the_right_responses_and_rows_of_the_reference(monkeypatch):
    seen = given(monkeypatch, "dpo")
    assert seen.pop("beta") == 0.1
    expected = {
        "policy_chosen": [-6.0, -5.0],
        "policy_rejected": [-4.0, -13.0],
        "reference_chosen": [-0.6, -0.5],
        "reference_rejected": [-0.4, -1.3],
    }
    assert seen == {key: pytest.approx(value) for key, value in expected.items()}


def test_lengths_for_a_loss_that_asks_for_them(monkeypatch):
    seen = given(monkeypatch, "r_dpo")
    assert (seen["chosen_lengths"], seen["rejected_lengths"]) == ([3.0, 1.0], [1.0, 2.0])


def test_padded_tokens_and_masks_for_a_loss_that_asks_for_them(monkeypatch):
    seen = given(monkeypatch, "sparse_po")
    assert seen["policy_chosen_tokens"] == [[-1.0, -2.0, -3.0], [-5.0, 0.0, 0.0]]
    assert seen["policy_rejected_tokens"] == [[-4.0, 0.0], [-6.0, -7.0]]
    assert np.allclose(seen["reference_chosen_tokens"], [[-0.1, -0.2, -0.3], [-0.5, 0, 0]])
    assert np.allclose(seen["reference_rejected_tokens"], [[-0.4, 0], [-0.6, -0.7]])
    assert (seen["chosen_mask"], seen["rejected_mask"]) == ([[1, 1, 1], [1, 0, 0]], [[1, 0], [1, 1]])


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss_can_be_trained_on(name):
    objective = Preference(name, REFERENCE)
    outputs = POLICY.clone().requires_grad_()
    values = objective.losses(outputs, BATCH)
    values.sum().backward()
    assert values.shape == (2,)
    assert torch.isfinite(outputs.grad).all()
    assert outputs.grad.abs().sum() > 0


@pytest.mark.parametrize("name", losses.LOSSES)
def test_a_loss_without_reference_gets_zeros_and_others_refuse(name):
    if losses.needs_reference(name):
        return
    assert torch.equal(Preference(name).losses(POLICY, BATCH), Preference(name, REFERENCE).losses(POLICY, BATCH))


@pytest.mark.parametrize("name", losses.LOSSES)
def test_couples_batch_is_said_of_exactly_the_losses_where_it_is_so(name):
    groups = toy_groups(6)  # likelier under the policy, or KTO's estimate of the KL is cut off at 0 for each
    draw = np.random.default_rng(0)
    reference = reference_of(groups, [-3 * draw.random(sum(map(len, g.responses))).astype(np.float32) for g in groups])
    objective = Preference(name, reference)
    outputs = [torch.from_numpy(-draw.random(objective.size(group)).astype(np.float32)) for group in groups]
    together = objective.losses(torch.cat(outputs), Batch(tuple(groups), tuple(range(6))))
    apart = torch.cat([objective.losses(outputs[i], Batch((groups[i],), (i,))) for i in range(6)])
    assert torch.allclose(together, apart, atol=1e-5) is not objective.couples_batch


def test_a_demonstration_is_weighed_by_its_tokens():
    objective = Demonstration()
    values = objective.losses(POLICY, BATCH)
    assert values.tolist() == [10.0, 18.0]
    assert sum(map(objective.weight, PAIRS)) == 7
    assert objective.measure(POLICY, BATCH).chosen == pytest.approx(-28 / 4)


def test_a_pairwise_reward_is_the_logistic_loss():
    objective = PairwiseReward()
    scores = torch.tensor([2.0, 1.0, -1.0, 3.0])
    assert objective.losses(scores, BATCH).tolist() == pytest.approx(
        [math.log1p(math.exp(-1)), math.log1p(math.exp(4))]
    )
    measures = objective.measure(scores, BATCH)
    assert (measures.margin, measures.accuracy, measures.chosen, measures.rejected) == (-1.5, 0.5, 0.5, 2.0)
    assert measures.reward_margin is None


@pytest.mark.parametrize("objective", [Demonstration(), Preference("simpo")])
def test_outputs_are_a_log_probability_a_response_token(objective):
    model, groups = toy_model(), toy_groups(5)
    objective.check(model, groups)
    outputs = objective.outputs(model, groups)
    assert outputs.shape == (sum(map(objective.size, groups)),)
    assert (outputs < 0).all()


def test_kl_is_the_divergence_of_the_reference_where_responses_come_in_its_proportions():
    token = {name: np.array([number], np.int32) for number, name in enumerate("abc")}
    reference, policy = {"a": 0.5, "b": 0.25, "c": 0.25}, {"a": 0.2, "b": 0.7, "c": 0.1}
    pairs = [Completions(token["a"], (token["a"], token["b"])), Completions(token["a"], (token["c"], token["a"]))]
    drawn = ["ab", "ca"]  # every token as often as the reference says
    logs = [np.log([reference[name] for name in pair]).astype(np.float32) for pair in drawn]
    objective = Preference("dpo", reference_of(pairs, logs))
    outputs = torch.tensor([policy[name] for pair in drawn for name in pair]).log()
    measured = objective.measure(outputs, Batch(tuple(pairs), (0, 1))).kl
    assert measured == pytest.approx(sum(p * math.log(p / policy[name]) for name, p in reference.items()), abs=1e-6)
