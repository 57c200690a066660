"""What cannot be trained is refused before the first step, and what diverges stops with its batch kept."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_training import VOCABULARY, difference, toy_groups, toy_model, toy_reference

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Demonstration, PairwiseReward, Preference
from bench.learn.policy.refinement import Refinement
from bench.learn.policy.trainer import DivergenceError, train
from bench.learn.policy.training import Training

TRAINING = Training(learning_rate=3e-3, batch_size=4, max_tokens=40, seed=1000)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"learning_rate": 0.0}, "training.learning_rate: must be a positive number, got 0.0"),
        ({"learning_rate": math.nan}, "training.learning_rate"),
        ({"batch_size": 0}, "training.batch_size: must be a whole number >= 1, got 0"),
        ({"batch_size": -3}, "training.batch_size: must be a whole number >= 1, got -3"),
        ({"batch_size": 2.5}, "training.batch_size"),
        ({"epochs": 0}, "training.epochs"),
        ({"max_tokens": 0}, "training.max_tokens"),
        ({"warmup": 1.0}, "training.warmup"),
        ({"weight_decay": -1.0}, "training.weight_decay"),
        ({"adam_betas": (0.9, 1.0)}, "training.adam_betas"),
        ({"adam_eps": 0.0}, "training.adam_eps"),
        ({"clip_norm": 0.0}, "training.clip_norm"),
        ({"seed": -1}, "training.seed"),
        ({"checkpoint_every": -1}, "training.checkpoint_every"),
        ({"zero": 4}, "training.zero: must be 0, 1, 2 or 3, got 4"),
        ({"schedule": "cosin"}, "unknown schedule 'cosin'. Did you mean 'cosine'?"),
        ({"dtype": "bf16"}, "unknown dtype 'bf16'"),
    ],
)
def test_a_setting_out_of_range_is_named_with_its_value(setting, message):
    with pytest.raises(UserError) as caught:
        replace(TRAINING, **setting)
    assert message in str(caught.value)


def refused(model, groups, objective, tmp_path):
    """The message of a refusal that came before any step."""
    before = [parameter.detach().clone() for parameter in model.parameters()]
    steps = []
    with pytest.raises(UserError) as caught:
        train(model, groups, objective, TRAINING, checkpoints=tmp_path, on_step=steps.append)
    assert not steps
    assert all(torch.equal(a, b) or a.isnan().any() for a, b in zip(before, model.parameters(), strict=True))
    return str(caught.value)


def test_no_data(tmp_path):
    assert "0 groups" in refused(toy_model(), [], Demonstration(), tmp_path)


def test_weights_that_are_not_finite(tmp_path):
    model = toy_model()
    model.lm_head.weight.data[3, 3] = math.nan
    assert "1 of 800 weights of lm_head.weight are NaN or infinite" in refused(
        model, toy_groups(4), Demonstration(), tmp_path
    )


def test_tokens_of_another_vocabulary(tmp_path):
    groups = [*toy_groups(4, 1), Completions(np.array([1], np.int32), (np.array([VOCABULARY], np.int32),))]
    message = refused(toy_model(), groups, Demonstration(), tmp_path)
    assert "group 4: the response has token 50, and the llama model has a vocabulary of 50" in message
    negative = [Completions(np.array([-1], np.int32), (np.array([1], np.int32),))]
    assert "group 0: the prompt has token -1" in refused(toy_model(), negative, Demonstration(), tmp_path)


@pytest.mark.parametrize("objective", [lambda reference: Preference("dpo", reference), Refinement])
def test_a_reference_of_another_vocabulary(tmp_path, objective):
    groups = toy_groups(4)
    reference = toy_reference(toy_model(vocab_size=VOCABULARY + 10), groups)  # and yet no token is out of range
    message = refused(toy_model(), groups, objective(reference), tmp_path)
    assert "the policy (the llama model) has a vocabulary of 50 and the reference one of 60" in message


def test_empty_prompts_and_responses(tmp_path):
    empty, one = np.array([], np.int32), np.array([1], np.int32)
    for group, what in ((Completions(empty, (one,)), "prompt"), (Completions(one, (one, empty)), "response")):
        assert f"group 0: a {what} has no tokens" in refused(toy_model(), [group], Demonstration(), tmp_path)


def test_a_group_longer_than_the_models_positions(tmp_path):
    long = Completions(np.ones(40, np.int32), (np.ones(25, np.int32),))
    message = refused(toy_model(), [long], Demonstration(), tmp_path)
    assert "group 0: 65 tokens with its longest response, and the llama model takes 64" in message


def test_a_preference_needs_pairs(tmp_path):
    groups = toy_groups(4, responses=3)
    objective = Preference("simpo")
    assert "group 0 has 3 responses; simpo needs (chosen, rejected)" in refused(
        toy_model(), groups, objective, tmp_path
    )
    with pytest.raises(UserError, match="a pairwise reward needs"):
        PairwiseReward().check(toy_model(), groups)


@pytest.mark.parametrize(
    ("arguments", "hyper", "message"),
    [
        (("dpoo",), {}, "unknown loss 'dpoo'. Did you mean 'dpo'?"),
        (("dpo",), {}, "the loss dpo needs reference log-probabilities"),
        (("simpo",), {"betta": 1.0}, "unknown hyper-parameter of simpo 'betta'. Did you mean 'beta'?"),
        (("simpo",), {"chosen_lengths": 1.0}, "unknown hyper-parameter of simpo 'chosen_lengths'"),
        (("simpo",), {"beta": -1.0}, "simpo: beta must be positive and finite, got -1.0"),
    ],
)
def test_a_preference_that_cannot_be(arguments, hyper, message):
    with pytest.raises(UserError) as caught:
        Preference(*arguments, **hyper)
    assert message in str(caught.value)


def test_a_reference_of_other_data(tmp_path):
    groups = toy_groups(5)
    objective = Preference("dpo", toy_reference(toy_model(), groups))
    assert "of 5 groups for 4 groups" in refused(toy_model(), groups[:4], objective, tmp_path)
    assert "other data, or of the same groups in another order" in refused(
        toy_model(), [groups[1], groups[0], *groups[2:]], objective, tmp_path
    )


@pytest.mark.parametrize("loss", ["dpo", "kto"])
def test_divergence_stops_with_step_and_keeps_the_batch(loss, tmp_path):
    groups = toy_groups(12)
    objective = Preference(loss, toy_reference(toy_model(), groups))
    explosive = replace(TRAINING, learning_rate=1e38, warmup=0, max_tokens=25)
    with pytest.raises(DivergenceError, match=r"training diverged: .* at step 2 of 3, learning rate") as caught:
        train(toy_model(), groups, objective, explosive, checkpoints=tmp_path)
    assert caught.value.step == 2
    assert caught.value.batch == tmp_path / "diverged-00000002.json"
    kept = json.loads(caught.value.batch.read_text(), parse_constant=pytest.fail)  # strict JSON: NaN is a word in it
    assert len(kept["groups"]) == 4
    for group in kept["groups"]:
        assert group["prompt"] == groups[group["index"]].prompt.tolist()
        assert group["responses"] == [ids.tolist() for ids in groups[group["index"]].responses]
    assert len(kept["outputs"]) == sum(len(ids) for group in kept["groups"] for ids in group["responses"])
    assert "nan" in kept["outputs"]


def test_a_gradient_that_is_not_finite_is_not_applied(tmp_path):
    model, before = toy_model(), toy_model()
    for parameter in model.parameters():
        parameter.register_hook(lambda gradient: gradient / 0)
    with pytest.raises(DivergenceError, match=r"a gradient that is not finite .* at step 1"):
        train(model, toy_groups(8, 1), Demonstration(), TRAINING)
    assert difference(model, before) == 0
