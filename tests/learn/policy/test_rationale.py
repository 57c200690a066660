"""Rationale-augmented DPO: DPO without its term, and the term's likelihood under the preference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_training import VOCABULARY, difference, toy_groups, toy_model, toy_reference

from bench.errors import UserError
from bench.learn.policy import attention
from bench.learn.policy.objectives import Batch, Preference
from bench.learn.policy.rationale import RationalePreference, reasoned
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training

TRAINING = Training(learning_rate=3e-3, epochs=2, batch_size=4, max_tokens=200, seed=1000)
PAIRS = toy_groups(6)
DRAW = np.random.default_rng(5)
WHY = [DRAW.integers(0, VOCABULARY, 1 + index % 3).astype(np.int32) for index in range(6)]
WHY[2] = None
REFERENCE = toy_reference(toy_model(seed=1), PAIRS)


def objective(why=None, gamma=0.5):
    return RationalePreference(PAIRS, WHY if why is None else why, REFERENCE, beta=0.3, gamma=gamma)


def trained(of, max_tokens=200):
    policy = toy_model(seed=1)
    fit = train(policy, PAIRS, of, replace(TRAINING, max_tokens=max_tokens))
    return policy, fit


@pytest.mark.parametrize("none", [{"gamma": 0.0}, {"why": [None] * 6}])
def test_without_the_term_it_is_dpo_bit_for_bit(none):
    policy, fit = trained(objective(**none))
    plain, of_plain = trained(Preference("dpo", REFERENCE, beta=0.3))
    assert difference(policy, plain) == 0
    assert [step.loss for step in fit.steps] == [step.loss for step in of_plain.steps]


def test_the_term_is_the_surprise_of_the_rationale_after_prompt_chosen_and_rejected():
    model = toy_model(seed=2)
    batch = Batch((PAIRS[4], PAIRS[2], PAIRS[1]), (4, 2, 1))
    with_it, without = objective(gamma=0.5), Preference("dpo", REFERENCE, beta=0.3)
    surprises = []
    with torch.no_grad():
        for index in batch.indices:
            if WHY[index] is None:
                surprises.append(0.0)
                continue
            ids = np.concatenate([PAIRS[index].prompt, *PAIRS[index].responses, WHY[index]]).astype(np.int64)
            table = torch.log_softmax(model(torch.from_numpy(ids)[None]).logits[0], 1)
            places = range(len(ids) - len(WHY[index]), len(ids))
            surprises.append(-sum(float(table[place - 1, ids[place]]) for place in places))
        attention.enable(model)
        found = with_it.losses(with_it.outputs(model, batch.groups), batch)
        plain = without.losses(without.outputs(model, batch.groups), batch)
    torch.testing.assert_close(found - plain, 0.5 * torch.tensor(surprises), rtol=1e-4, atol=1e-4)


def test_measures_are_of_the_pairs_alone():
    model = toy_model(seed=2)
    attention.enable(model)
    batch = Batch(tuple(PAIRS), tuple(range(6)))
    with_it, without = objective(), Preference("dpo", REFERENCE, beta=0.3)
    with torch.no_grad():
        measured = with_it.measure(with_it.outputs(model, PAIRS), batch)
        plain = without.measure(without.outputs(model, PAIRS), batch)
    assert measured.chosen == pytest.approx(plain.chosen, abs=1e-4)
    assert measured.margin == pytest.approx(plain.margin, abs=1e-4)


def test_micro_batches_change_nothing_and_rationales_are_learnt():
    policy, _ = trained(objective())
    other, _ = trained(objective(), max_tokens=1)
    assert difference(policy, other) < 1e-5
    before = toy_reference(
        toy_model(seed=1), [reasoned(pair, why) for pair, why in zip(PAIRS, WHY, strict=True) if why is not None]
    )
    after = toy_reference(
        policy, [reasoned(pair, why) for pair, why in zip(PAIRS, WHY, strict=True) if why is not None]
    )
    assert sum(float(s[0]) for s in after.sums) > sum(float(s[0]) for s in before.sums)


def test_the_same_pair_with_another_rationale_is_another_run():
    changed = [*WHY[:5], WHY[0]]
    assert objective().identity() != objective(why=changed).identity()


@pytest.mark.parametrize(
    ("pairs", "why", "gamma", "message"),
    [
        (PAIRS, WHY[:-1], 1.0, "5 rationales for 6 pairs"),
        (PAIRS, WHY, -1.0, r"gamma must be at least 0 and finite, got -1\.0"),
        (PAIRS, [np.zeros(0, np.int32), *WHY[1:]], 1.0, "pair 0: its rationale has no tokens"),
        ([PAIRS[0]] * 2, WHY[:2], 1.0, "pair 1 is in the data twice, with different rationales"),
    ],
)
def test_rationales_that_do_not_fit_are_refused(pairs, why, gamma, message):
    with pytest.raises(UserError, match=message):
        RationalePreference(pairs, why, toy_reference(toy_model(), pairs), gamma=gamma)
