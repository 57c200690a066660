"""Each name of a labeler gives the labeler that it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_spa import find, loop_of, parameters, planned, stages

from bench.data.world import Annotator
from bench.data.world.gold import rewards
from bench.data.world.lexicon import NUMBERS
from bench.data.world.vocabulary import word_id
from bench.domains import world
from bench.label.likelihood import log_ratio
from bench.learn.policy.reference import reference_log_probs
from bench.papers.spa import labelling
from bench.papers.spa.labelling import judgements


@pytest.fixture
def loop(context):
    """A loop; chains of stages of its own are given to it."""
    return loop_of(find(planned("table1"), "spa", iteration=2), context)[0]


@pytest.fixture(scope="module")
def chain():
    """Seed DPO and two iterations."""
    return stages(find(planned("table1"), "spa", iteration=2))


def labelled(loop, chain, **changes):
    """Of the last stage, changed: (the policy before it, its prompts, its groups, their judgements)."""
    stages = [*chain[:-1], replace(chain[-1], **changes)]
    policy = loop.policy(stages[:-1]).module
    prompts, groups = loop.groups(stages, loop.policy(stages[:-1]).module)
    own = reference_log_probs(policy, groups, cache_dir=None)
    return policy, prompts, groups, judgements(loop, stages, own, prompts, groups)


REFERENCES = {
    "direct": lambda loop, chain: loop.domain.sft,
    "direct_previous": lambda loop, chain: loop.policy(chain[:-2]).module,
    "direct_base": lambda loop, chain: loop.domain.base(),
}


@pytest.mark.parametrize("labels", REFERENCES)
def test_direct_judgement_is_the_policy_relative_to(labels, loop, chain):
    policy, _, groups, found = labelled(loop, chain, labels=labels)
    reference = REFERENCES[labels](loop, chain)
    assert not torch.equal(parameters(reference), parameters(policy))
    implied = 0.1 * (log_ratio(policy, groups) - log_ratio(reference, groups))
    np.testing.assert_allclose(found.log_odds, implied, atol=1e-12)
    assert found.labels_spent == 0


def test_references_of_a_second_iteration_are_three_policies(loop, chain):
    rows = [parameters(reference(loop, chain)) for reference in REFERENCES.values()]
    assert not any(torch.equal(rows[one], rows[other]) for one, other in ((0, 1), (0, 2), (1, 2)))
    first = parameters(REFERENCES["direct_previous"](loop, chain[:2]))
    assert torch.equal(first, rows[0])  # before seed DPO there is nothing but SFT


def test_likelihood_has_no_reference(loop, chain):
    policy, _, groups, found = labelled(loop, chain, labels="likelihood")
    np.testing.assert_allclose(found.log_odds, 0.1 * log_ratio(policy, groups), atol=1e-12)


def test_a_penalty_on_length_is_taken_off_the_reward_by_the_token(loop, chain):
    _, _, groups, plain = labelled(loop, chain)
    _, _, _, found = labelled(loop, chain, length_penalty=0.01)
    longer = np.array([len(group.responses[0]) - len(group.responses[1]) for group in groups])
    assert longer.any()
    np.testing.assert_allclose(found.log_odds, plain.log_odds - 0.01 * longer, atol=1e-12)


def test_people_are_paid_for_every_label_and_say_the_same_again(loop, chain):
    _, prompts, groups, found = labelled(loop, chain[:1])
    first, second = zip(*(group.responses for group in groups), strict=True)
    assert found.labels_spent == len(groups) == 16
    assert found.first.tolist() == (Annotator(seed=0).prefer(prompts, first, second) > 0).tolist()


def test_the_truth_is_the_gold_order_costs_labels_and_ties_are_ties(loop, chain):
    stage = [replace(chain[0], labels="truth")]
    prompts, groups = loop.groups(chain[:1], loop.domain.sft)
    groups[0] = replace(groups[0], responses=(groups[0].responses[0],) * 2)
    found = judgements(loop, stage, None, prompts, groups)
    gap = np.subtract(*(rewards(prompts, [group.responses[side] for group in groups]) for side in (0, 1)))
    assert found.labels_spent == len(groups)
    assert found.log_odds.tolist() == [float(np.sign(one)) * np.inf if one else 0.0 for one in gap]
    assert found.log_odds[0] == 0
    assert found.confidence[0] == 0.5
    assert {-np.inf, np.inf} <= set(found.log_odds)


def test_random_labels_are_drawn_anew_at_every_stage_and_ask_nobody(loop, chain):
    _, _, groups, found = labelled(loop, chain, labels="random")
    again = judgements(loop, [*chain[:-1], replace(chain[-1], labels="random")], None, [], groups)
    earlier = judgements(loop, [chain[0], replace(chain[1], labels="random")], None, [], groups)
    assert found.log_odds.tolist() == again.log_odds.tolist()
    assert not np.isclose(found.log_odds, earlier.log_odds).any()
    assert found.labels_spent == 0


def watch(module, monkeypatch):
    """What `module` has trained from now on: (weights at the start, groups), by call."""
    calls, real = [], module.train

    def train(model, groups, *arguments, **keywords):
        calls.append((parameters(model), list(groups)))
        return real(model, groups, *arguments, **keywords)

    monkeypatch.setattr(module, "train", train)
    return calls


def test_the_ranker_learns_once_from_prompts_that_no_stage_has(fresh, chain, monkeypatch):
    loop, _ = loop_of(find(planned("table1"), "zephyr"), fresh)
    calls = watch(world, monkeypatch)
    policy, _, groups, found = labelled(loop, chain[:2], labels="ranker")
    again = labelled(loop, chain, labels="ranker")[3]
    assert len(calls) == 1  # a judge of all stages
    learned = {group.prompt.tobytes() for group in calls[0][1]}
    assert len(learned) == 32
    (zephyr,) = stages(find(planned("table1"), "zephyr"))
    asked = loop.domain.prompts("train", 0, zephyr.prompts[1])
    assert not learned & {prompt.ids.tobytes() for prompt in asked}
    assert found.labels_spent == again.labels_spent == 0
    scores = np.array(loop.domain.ranker().scores(groups))
    np.testing.assert_allclose(found.log_odds, scores[:, 0] - scores[:, 1])
    assert not np.allclose(found.log_odds, log_ratio(policy, groups))


def test_the_judge_in_words_is_sft_taught_on_the_seeds_labels_only(fresh, chain, monkeypatch):
    loop, _ = loop_of(find(planned("table1"), "sft"), fresh)
    calls = watch(labelling, monkeypatch)
    _, _, groups, found = labelled(loop, chain, labels="llm_judge")
    labelled(loop, chain[:2], labels="llm_judge")
    ((start, shown),) = calls  # one judge for all iterations
    assert torch.equal(start, parameters(loop.domain.sft))
    _, seeds, paid = labelled(loop, chain[:1])[1:]
    words = [word_id(word) for word in NUMBERS[:2]]
    assert [each.responses[0].tolist() for each in shown] == [[words[int(not first)]] for first in paid.first]
    for each, group in zip(shown, seeds, strict=True):
        assert each.prompt[: len(group.prompt)].tolist() == group.prompt.tolist()
    assert found.labels_spent == 0
    assert len(groups) == len(found.log_odds)
    other = replace(chain[0], prompts=(20, 36))
    labelled(loop, [other, *chain[1:2]], labels="llm_judge")
    assert len(calls) == 2  # another seed, another judge
