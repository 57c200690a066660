"""A policy's measures are what they are called, and tables that share it share its judgement."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_spa import PAPER, find, loop_of, planned, timeless

from bench.data.world.gold import rewards
from bench.papers.spa import measures
from bench.seeds import seed_for


def outcome(task, context):
    return PAPER.experiment(task.experiment).execute(task, context).metrics


@pytest.fixture
def first():
    """SPA's first iteration, of Table 1."""
    return find(planned("table1"), "spa", iteration=1)


def responses(loop, chain):
    """The prompts that a policy is judged on, and its one response to each."""
    prompts = loop.domain.prompts("test", 0, 12)
    found = loop.responses(loop.policy(chain).module, prompts, 1, f"test {len(chain)}")
    return prompts, [each[0] for each in found]


def test_reward_and_length_are_means_over_test_prompts(first, context):
    metrics, (loop, chain) = outcome(first, context), loop_of(first, context)
    prompts, own = responses(loop, chain)
    assert metrics["gold_reward"] == pytest.approx(rewards(prompts, own).mean())
    assert metrics["length"] == pytest.approx(sum(map(len, own)) / 12)


@pytest.mark.parametrize(("other", "count"), [("sft", 0), ("dpo", 1)])
def test_a_win_rate_is_over_the_policy_after_so_many_stages_and_counts_ties_half(first, context, other, count):
    metrics, (loop, chain) = outcome(first, context), loop_of(first, context)
    prompts, own = responses(loop, chain)
    gap = rewards(prompts, own) - rewards(prompts, responses(loop, chain[:count])[1])
    assert metrics[f"win_rate_over_{other}"] == pytest.approx(((gap > 0) + 0.5 * (gap == 0)).mean())


def test_divergence_is_the_policys_log_probability_less_sfts_on_its_own_samples(first, context):
    metrics, (loop, chain) = outcome(first, context), loop_of(first, context)
    policy, prompts = loop.policy(chain).module, loop.domain.prompts("test", 0, 12)
    seed = seed_for("spa", "divergence", first.seed)
    found = loop.domain.sample(policy, prompts, samples=1, max_tokens=12, temperature=1.0, seed=seed)

    def log_probability(model, prompt, response):
        ids = torch.tensor(np.concatenate([prompt.ids, response])[None], dtype=torch.long)
        with torch.no_grad():
            every = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
        return float(every.gather(1, ids[0, 1:, None])[len(prompt.ids) - 1 :].sum())

    ratios = [
        log_probability(policy, prompt, response) - log_probability(loop.domain.sft, prompt, response)
        for prompt, (response,) in zip(prompts, found, strict=True)
    ]
    assert metrics["kl_from_sft"] == pytest.approx(np.mean(ratios), abs=1e-4)
    assert abs(np.mean(ratios)) > 1e-3


def test_every_stage_says_what_its_labels_cost_and_are_worth(context):
    for variant in PAPER.experiment("table1").variants:
        sft, dpo, *_, last = [outcome(task, context) for task in planned("table1", variant)]
        assert "labels_spent" not in sft
        assert dpo["labels_spent"] == 16
        assert last["labels_spent"] == 0
        assert 0 <= last["label_agreement"] <= 1
        assert last["labels_wrong"] == pytest.approx(1 - last["label_agreement"])
        assert last["marked_share"] <= 1
        assert all(np.isfinite(list(metrics.values())).all() for metrics in (sft, dpo, last))


def test_nobody_wins_over_what_comes_later_or_over_themselves(context):
    over = {}
    for task in [*planned("table1"), *planned("figure4")]:
        found = {name.removeprefix("win_rate_over_") for name in outcome(task, context) if name.startswith("win_rate")}
        over.setdefault(task.method, []).append(found)
    assert over["sft"] == over["instruct"] == [set()]
    assert over["dpo"] == over["zephyr"] == [{"sft"}]
    assert over["spa"] == [{"sft", "dpo"}] * 3
    assert over["spa_no_seed"] == [{"sft"}] * 2  # it has no stage of DPO on a seed


def test_tables_that_share_a_policy_share_its_judgement(first, context, monkeypatch):
    judged = outcome(first, context)
    monkeypatch.delattr(measures, "_measured")
    for table in ("table2", "table6", "controls"):
        assert outcome(find(planned(table), "spa", iteration=1), context) == judged  # times too: it is the same


def test_another_question_is_another_judgement(first, context):
    judged = outcome(first, context)
    more = outcome(find(planned("table1", test_prompts=20), "spa", iteration=1), context)
    assert more["gold_reward"] != judged["gold_reward"]
    assert more["training_seconds"] == judged["training_seconds"]  # of the same policy


def test_a_damaged_judgement_is_made_again_and_damaged_responses_too(first, context):
    judged, (loop, chain) = outcome(first, context), loop_of(first, context)
    files = list(loop.path(chain).parent.glob(f"{loop.key(chain)}.12-*.json"))
    assert len(files) == 2  # the judgement, and the responses that others are compared with
    for path in files:
        path.write_text(path.read_text()[:20])
    assert timeless(outcome(first, context)) == timeless(judged)


def test_a_judgement_without_the_responses_of_others_samples_them_again(first, context):
    judged, (loop, chain) = outcome(first, context), loop_of(first, context)
    for path in loop.path(chain).parent.glob("*.12-*.json"):
        path.unlink()
    assert timeless(outcome(first, context)) == timeless(judged)
