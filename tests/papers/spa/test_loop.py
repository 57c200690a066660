"""The loop at a tiny size: what a stage does, and that it does the same again, whatever was lost in between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_spa import find, loop_of, parameters, planned, stages, timeless

from bench.data.world.vocabulary import END_ID
from bench.papers.spa import labelling
from bench.papers.spa import loop as spa_loop
from bench.papers.spa.loop import Loop
from bench.spec import Variant


@pytest.fixture
def last():
    """SPA's second iteration: all that a stage can be, and no further."""
    return find(planned("table1"), "spa", iteration=2)


def policy_of(task, context):
    """(its weights, its facts less times)"""
    loop, chain = loop_of(task, context)
    made = loop.policy(chain)
    return parameters(made.module), timeless(made.facts)


def same(one, other):
    return torch.equal(one[0], other[0]) and one[1] == other[1]


def test_a_policy_whose_predecessors_are_gone_makes_them_again_to_the_bit(last, context, fresh):
    assert same(policy_of(last, context), policy_of(last, fresh))
    assert len(list((fresh.cache_dir / "spa").glob("*.safetensors"))) == 3  # seed DPO and both iterations


def test_a_damaged_policy_is_made_again_to_the_bit(last, context):
    whole = policy_of(last, context)
    loop, chain = loop_of(last, context)
    path = loop.path(chain)
    path.write_bytes(path.read_bytes()[:100])
    assert same(policy_of(last, context), whole)
    assert path.stat().st_size > 10_000


class Killed(BaseException):
    """Stands for SIGKILL."""


def test_a_stage_that_is_killed_goes_on_at_the_step(context, fresh, monkeypatch):
    task = find(planned("table1"), "spa", iteration=1)
    train, steps = spa_loop.train, []

    def dying(*arguments, **keywords):
        def on_step(metrics):
            steps.append(metrics.step)
            if len(steps) == 14:  # the second step of the second stage
                raise Killed

        return train(*arguments, **keywords, on_step=on_step)

    whole = policy_of(task, context)
    monkeypatch.setattr(spa_loop, "train", dying)
    with pytest.raises(Killed):
        policy_of(task, fresh)
    assert same(policy_of(task, fresh), whole)
    assert steps[:15] == [*range(1, 13), 1, 2, 3]


def test_training_starts_from_the_policy_before_and_judging_from_sft(last, context, monkeypatch):
    loop, chain = loop_of(last, context)
    before = parameters(loop.policy(chain[:-1]).module)
    seen = {}

    class Watched(labelling.Direct):
        def __init__(self, own, reference, **keywords):
            seen["judged"], seen["judging reference"] = own, parameters(reference)
            super().__init__(own, reference, **keywords)

    class WatchedRefinement(spa_loop.Refinement):
        def __init__(self, reference, **keywords):
            seen["training reference"] = reference
            seen["de-coupling reference"] = parameters(keywords["reference_model"])
            seen["decoupling"] = keywords["decoupling"]
            super().__init__(reference, **keywords)

    def watched_train(policy, *arguments, **keywords):
        seen["start"] = parameters(policy)
        return real(policy, *arguments, **keywords)

    def watched_reference(model, *arguments, **keywords):
        seen["log-probabilities of"] = parameters(model)
        seen["log-probabilities"] = real_reference(model, *arguments, **keywords)
        return seen["log-probabilities"]

    real, real_reference = spa_loop.train, spa_loop.reference_log_probs
    monkeypatch.setattr(labelling, "Direct", Watched)
    monkeypatch.setattr(spa_loop, "reference_log_probs", watched_reference)
    monkeypatch.setattr(spa_loop, "Refinement", WatchedRefinement)
    monkeypatch.setattr(spa_loop, "train", watched_train)
    loop._make(chain)
    assert not torch.equal(before, parameters(loop.domain.sft))
    assert torch.equal(seen["judging reference"], parameters(loop.domain.sft))
    for name in ("log-probabilities of", "de-coupling reference", "start"):
        assert torch.equal(seen[name], before), name
    assert seen["judged"] is seen["log-probabilities"]
    trained = sorted(map(sorted, (sums.tolist() for sums in seen["training reference"].sums)))
    assert trained == sorted(map(sorted, (sums.tolist() for sums in seen["judged"].sums)))
    assert seen["decoupling"] == 0.25


def test_a_stage_leaves_the_policy_before_as_it_was(last, context):
    loop, chain = loop_of(last, context)
    sft = loop.domain.sft
    before = parameters(sft)
    loop._make([chain[1]])  # de-coupled: the SFT policy itself is in memory beside the one that learns
    assert torch.equal(parameters(sft), before)
    assert not sft.training
    assert all(parameter.requires_grad for parameter in sft.parameters())  # others begin to learn from a copy of it


def trained_pairs(loop, chain, monkeypatch):
    """The pairs (chosen, rejected) that the last stage trains on."""
    seen, real = [], spa_loop.train

    def watched(policy, pairs, *arguments, **keywords):
        seen.extend(pairs)
        return real(policy, pairs, *arguments, **keywords)

    monkeypatch.setattr(spa_loop, "train", watched)
    loop._make(chain)
    return seen


def test_as_released_every_response_gets_another_end_token(context, monkeypatch):
    loop, chain = loop_of(find(planned("table1", Variant.AS_RELEASED), "dpo"), context)
    sampled = [group.responses for group in loop.groups(chain, loop.policy(chain[:-1]).module)[1]]
    pairs = trained_pairs(loop, chain, monkeypatch)
    assert len(pairs) == len(sampled)
    for pair, responses in zip(pairs, sampled, strict=True):
        assert {tuple(response) for response in pair.responses} == {(*response, END_ID) for response in responses}


def test_corrected_leaves_out_pairs_of_identical_responses_that_nobody_is_paid_for(last, context):
    found, paid = {}, {}
    for variant in (Variant.CORRECTED, Variant.AS_PUBLISHED):
        task = find(planned("table1", variant), "spa", iteration=1)
        settings = {**task.settings, "sampling": {"temperature": 0.05, "max_tokens": 4}}
        loop, (start, stage) = Loop(settings, task.seed, context), stages(task)
        found[variant] = loop.groups([replace(stage, prompts=(60, 84))], loop.domain.sft)
        paid[variant] = loop.groups([start], loop.domain.sft)[1]
    identical = [np.array_equal(*group.responses) for group in found[Variant.AS_PUBLISHED][1]]
    assert any(identical)
    prompts, groups = found[Variant.CORRECTED]
    assert len(groups) == len(identical) - sum(identical)
    assert not any(np.array_equal(*group.responses) for group in groups)
    assert all(np.array_equal(prompt.ids, group.prompt) for prompt, group in zip(prompts, groups, strict=True))
    assert any(np.array_equal(*group.responses) for group in paid[Variant.CORRECTED])


def test_what_a_stage_depends_on_is_in_its_name(last, context):
    chain = stages(last)

    def name(seed=0, chain=chain, **changes):
        return Loop({**last.settings, **changes}, seed, context).path(chain)

    changed = {
        "learning_rate": 1.0,
        "epochs": 2,
        "labels": "random",
        "refine": False,
        "decoupling": 0.0,
        "length_penalty": 0.1,
        "prompts": (100, 124),
    }
    assert changed.keys() == vars(chain[-1]).keys()
    names = [
        name(),
        name(seed=1),
        name(chain=chain[:-1]),
        name(chain=[replace(chain[0], epochs=1), *chain[1:]]),  # a stage before
        *(name(chain=[*chain[:-1], replace(chain[-1], **{field: value})]) for field, value in changed.items()),
        name(refinement={**last.settings["refinement"], "alpha": 0.2}),
        name(sampling={**last.settings["sampling"], "temperature": 1.0}),
        name(training={**last.settings["training"], "beta": 0.2}),
        name(end_twice=True),
        name(drop_identical=False),
    ]
    assert len(set(names)) == len(names)
    assert name(test_prompts=5, checkpoint_every=9) == name()
