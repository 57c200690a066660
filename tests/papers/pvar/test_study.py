"""A task: what is chosen is trained on and judged, once for all experiments that need it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tiny_pvar import find, planned, timeless

from bench.data.world.gold import rewards
from bench.learn.policy.log_probs import response_log_probs, response_sums
from bench.learn.policy.reference import weights_hash
from bench.papers.pvar import study
from bench.papers.pvar.pairing import pairs_of
from bench.papers.pvar.selecting import chosen
from bench.papers.pvar.study import studied, trained


def outcome(context, method, experiment="order", seeds=(0,), **condition):
    condition = {"pairs": "best_worst", "spread": "wide", "fraction": 0.5, **condition}
    return studied(find(planned(experiment, seeds), method, **condition), context)


def test_a_task_again_gives_the_same_bits(context, fresh):
    first, second = (outcome(where, "pvar") for where in (context, fresh))
    assert timeless(first.metrics) == timeless(second.metrics)
    assert first.curves == second.curves


def test_another_seed_is_another_world(context):
    one, other = (outcome(context, "random", seeds=(seed,)).metrics["gold_reward"] for seed in (0, 1))
    assert one != other


def test_what_two_experiments_share_is_trained_once(context, monkeypatch):
    first = outcome(context, "pvar", fraction=0.3)
    monkeypatch.setattr(study, "train", None)
    again = outcome(context, "pvar", "growth", fraction=0.3)
    assert again.metrics == first.metrics


def test_random_choice_of_labelled_pairs_does_not_depend_on_the_reward_model(context, monkeypatch):
    outcome(context, "random", "models", pairs="random_labelled", model="tiny", fraction=0.3)
    monkeypatch.setattr(study, "train", None)
    outcome(context, "random", "models", pairs="random_labelled", model="small", fraction=0.3)


def test_equal_size_is_an_equal_number_of_steps_and_labels(context):
    for pairs, paid in (("best_worst", 0), ("random_labelled", 12)):
        found = [outcome(context, method, pairs=pairs).metrics for method in ("pvar", "random", "pvar_bottom")]
        assert {metrics["steps"] for metrics in found} == {3}
        assert {metrics["labels_spent"] for metrics in found} == {paid}
        assert {metrics["pairs_trained"] for metrics in found} == {12}


def test_the_chosen_have_the_variance_that_they_are_chosen_for(context):
    top, random, bottom = (outcome(context, name).metrics["pvar"] for name in ("pvar", "random", "pvar_bottom"))
    assert top > random > bottom


def test_facts_of_the_pairs_are_the_truths(context, lab):
    metrics = outcome(context, "pvar").metrics
    rows = chosen(lab, "pvar", "wide", "large", 0.5)
    prompts, pairs, _ = pairs_of(lab, "best_worst", "wide", "large", rows)
    gap = np.subtract(*(rewards(prompts, [pair.responses[side] for pair in pairs]) for side in (0, 1)))
    assert metrics["gold_gap"] == pytest.approx(gap.mean())
    assert metrics["label_agreement"] == pytest.approx((gap[gap != 0] > 0).mean())
    lengths = [len(pair.responses[0]) - len(pair.responses[1]) for pair in pairs]
    assert metrics["length_difference"] == pytest.approx(np.mean(lengths))
    assert metrics["high_stakes"] == pytest.approx(np.mean([prompt.stakes == "high" for prompt in prompts]))


def test_the_sft_policy_is_left_as_it_was(context, lab):
    before = weights_hash(lab.sft)
    task = find(planned(), "pvar", pairs="best_worst", spread="wide", fraction=0.5)
    rows = chosen(lab, "pvar", "wide", "large", 0.5)
    _, pairs, _ = pairs_of(lab, "best_worst", "wide", "large", rows)
    policy, _, _ = trained(lab, task.settings["row"], rows, pairs, task.settings["training"], 10)
    assert weights_hash(lab.sft) == before != weights_hash(policy)


def test_the_sft_policy_wins_half_against_itself(lab):
    found = lab.judged(lab.sft, {"test_prompts": 200, "opponents": 4, "divergence": 6})
    assert found["win_rate_over_sft"] == pytest.approx(0.5, abs=0.06)
    assert found["kl_from_sft"] == 0


def test_margins_are_those_of_the_trained_policy(context, lab):
    task = find(planned(), "random", pairs="random_labelled", spread="wide", fraction=0.5)
    rows = chosen(lab, "random", "wide", "large", 0.5)
    _, pairs, _ = pairs_of(lab, "random_labelled", "wide", "large", rows)
    policy, facts, curves = trained(lab, task.settings["row"], rows, pairs, task.settings["training"], 10)
    held_out, _ = lab.held_out(10)
    apart = []
    for model in (policy, lab.sft):
        sums = response_sums(held_out, response_log_probs(model, held_out))
        apart.append(np.array([first - second for first, second in sums]))
    assert facts["held_out_margin"] == pytest.approx(np.mean(apart[0] - apart[1]), abs=1e-5)
    assert curves["margin"][0] == pytest.approx(0, abs=1e-5)  # before the first step the policy is its reference
    assert curves["step"] == [1, 2, 3]


@pytest.mark.parametrize("loss", ["ipo", "kto", "simpo", "orpo"])
def test_other_losses_are_trained_and_judged_alike(context, loss):
    found = outcome(context, "random", "losses", loss=loss, fraction=0.3)
    assert math.isfinite(found.metrics["held_out_margin"])
    assert ("margin" in found.curves) == (loss in ("ipo", "kto"))


def test_a_judgement_that_was_cut_off_is_made_again(fresh):
    first = outcome(fresh, "random")
    (path,) = (fresh.cache_dir / "pvar").glob("judged-*.json")
    path.write_text(path.read_text()[:40])
    assert timeless(outcome(fresh, "random").metrics) == timeless(first.metrics)
