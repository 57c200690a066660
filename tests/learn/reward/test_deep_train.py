"""Training: what is decayed, how the step size falls, what padding and batches may not change, resuming, divergence."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.optim import AdamW
from transformers import get_cosine_schedule_with_warmup

from bench import models
from bench.data.pairs import Pair
from bench.learn.reward import deep_checkpoint, deep_train
from bench.learn.reward.deep import Precision, RewardModel, score
from bench.learn.reward.deep_loss import pairwise_loss
from bench.learn.reward.deep_pairs import EndRule, collate, encode
from bench.learn.reward.deep_train import Penalty, Training, cosine, make_optimizer, train
from bench.models import Origin, Source

TRAINING = Training(
    beta=1e-3,
    penalty=Penalty.PROXIMAL,
    learning_rate=1e-3,
    weight_decay=0.1,
    adam_betas=(0.9, 0.95),
    clip_norm=1.0,
    batch_size=4,
    micro_batch=4,
    seed=1000,
)
ARCHITECTURES = ("llama", "gpt_neox")


def make_pairs(count: int) -> list[Pair]:
    """Polite answers win; answers differ in length."""
    prompts = [f" Human: question {i % 5} about bread? Assistant:" for i in range(count)]
    return [Pair(str(i), p, p, " please" + " mix" * (i % 4), " no" + " bad" * (i % 3)) for i, p in enumerate(prompts)]


@pytest.fixture
def build(tiny_model):
    """A fresh model of an architecture, and `count` encoded pairs."""

    def make(architecture="llama", count=12, rule=EndRule.EOS, precision=Precision.FP32, **overrides):
        backbone, tokenizer = models.load(Source(Origin.PATH, str(tiny_model(architecture, **overrides))))
        pairs = encode(make_pairs(count), tokenizer, 64, rule)
        return RewardModel(backbone, tokenizer.eos_token_id, seed=1000, precision=precision), pairs

    return make


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def assert_same_bits(left, right):
    assert left.keys() == right.keys()
    different = [name for name in left if not torch.equal(left[name], right[name])]
    assert not different, f"weights differ: {different}"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_norms_and_biases_are_not_decayed_and_the_head_is(architecture, build):
    model, _ = build(architecture)
    decayed = {id(p) for p in make_optimizer(model, TRAINING).param_groups[0]["params"]}
    for name, parameter in model.named_parameters():
        exempt = name.endswith("bias") or "norm" in name
        assert (id(parameter) in decayed) != exempt, name
    assert id(model.v_head.weight) in decayed


def test_the_learning_rate_is_the_cosine_schedule_of_transformers():
    optimizer = AdamW([torch.nn.Parameter(torch.zeros(1))], lr=3e-4)
    schedule = get_cosine_schedule_with_warmup(optimizer, 0, 17)
    for step in range(17):
        assert cosine(3e-4, step, 17) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize("rule", EndRule)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_padding_changes_neither_loss_nor_scores(architecture, rule, build):
    """A batch is padded to its longest; padding every text to the maximum length gives the same."""
    model, pairs = build(architecture, rule=rule)
    batch = collate(pairs, model.padding)
    longer = collate(pairs, model.padding)
    extra = (len(batch.input_ids), 30)
    longer = replace(
        longer,
        input_ids=torch.cat([longer.input_ids, torch.full(extra, model.padding)], dim=1),
        attention_mask=torch.cat([longer.attention_mask, torch.zeros(extra, dtype=torch.long)], dim=1),
    )
    with torch.no_grad():
        short, long = (pairwise_loss(model(b), b.first, b.last).item() for b in (batch, longer))
    assert short == pytest.approx(long, rel=1e-6)
    alone = np.array([score(model, [pair], 1) for pair in pairs])[:, :, 0]
    together = np.array(score(model, pairs, batch_size=5)).T
    assert together == pytest.approx(alone, rel=1e-5, abs=1e-6)


def test_identical_texts_cost_log_two_and_teach_nothing(build):
    model, pairs = build(count=1)
    same = replace(pairs[0], rejected=pairs[0].chosen, rejected_end=pairs[0].chosen_end, first=pairs[0].chosen_end - 1)
    batch = collate([same], model.padding)
    loss = pairwise_loss(model(batch), batch.first, batch.last)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2), rel=1e-6)
    assert max(p.grad.abs().max().item() for p in model.parameters() if p.grad is not None) < 1e-6


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_training_learns_to_prefer_the_chosen(architecture, precision, build):
    model, pairs = build(architecture, count=200, precision=precision)
    fit = train(model, pairs, replace(TRAINING, beta=0.0))
    assert len(fit.losses) == 50
    assert np.mean(fit.losses[-10:]) < 0.2 < np.mean(fit.losses[:3])
    chosen, rejected = score(model, pairs, batch_size=16)
    assert np.mean(chosen > rejected) > 0.95


def test_micro_batches_change_the_result_by_rounding_only(build):
    whole, pairs = build()
    split, _ = build()
    train(whole, pairs, TRAINING)
    train(split, pairs, replace(TRAINING, micro_batch=3))
    assert split.v_head.weight.detach().numpy() == pytest.approx(whole.v_head.weight.detach().numpy(), abs=1e-5)


def test_proximal_training_gives_exact_zeros_and_subgradients_do_not(build):
    strong = replace(TRAINING, beta=3.0, learning_rate=3e-3)
    proximal, pairs = build(count=80)
    train(proximal, pairs, strong)
    subgradient, _ = build()
    train(subgradient, pairs, replace(strong, penalty=Penalty.SUBGRADIENT))
    assert (proximal.v_head.weight == 0).sum() > 16
    assert (subgradient.v_head.weight == 0).sum() == 0


def test_the_recorded_loss_includes_the_penalty(build):
    model, pairs = build(count=4)
    batch = collate(pairs, model.padding)
    with torch.no_grad():
        expected = pairwise_loss(model(batch), batch.first, batch.last) + 0.5 * model.v_head.weight.abs().sum()
    assert train(model, pairs, replace(TRAINING, beta=0.5)).losses == [pytest.approx(expected.item(), rel=1e-6)]


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the code under test may catch it."""


@pytest.mark.parametrize("penalty", Penalty)
@pytest.mark.parametrize("killed_at", [1, 2, 3, 5, 6])
def test_a_run_killed_at_any_step_ends_with_the_same_bits(killed_at, penalty, build, tmp_path, monkeypatch):
    training = replace(TRAINING, penalty=penalty)
    unbroken, pairs = build(count=27, attention_dropout=0.1)
    reference = train(unbroken, pairs, training)

    step, calls = deep_train._step, iter(range(100))

    def killed(*arguments):
        if next(calls) == killed_at:
            raise Killed
        return step(*arguments)

    broken, _ = build(attention_dropout=0.1)
    monkeypatch.setattr(deep_train, "_step", killed)
    with pytest.raises(Killed):
        train(broken, pairs, training, tmp_path, checkpoint_every=2)
    monkeypatch.setattr(deep_train, "_step", step)
    resumed, _ = build(attention_dropout=0.1)
    fit = train(resumed, pairs, training, tmp_path, checkpoint_every=2)
    assert fit.losses == reference.losses
    assert_same_bits(weights(resumed), weights(unbroken))


def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(build, tmp_path, monkeypatch):
    unbroken, pairs = build(count=27)
    train(unbroken, pairs, TRAINING)
    save_file, calls = deep_checkpoint.save_file, iter(range(100))

    def half_written(tensors, path):
        if next(calls) == 1:
            path.write_bytes(b"half")
            raise Killed
        save_file(tensors, path)

    broken, _ = build()
    monkeypatch.setattr(deep_checkpoint, "save_file", half_written)
    with pytest.raises(Killed):
        train(broken, pairs, TRAINING, tmp_path, checkpoint_every=2)
    assert [path.name for path in tmp_path.glob("step-*")] == ["step-00000002"]
    resumed, _ = build()
    train(resumed, pairs, TRAINING, tmp_path, checkpoint_every=2)
    assert_same_bits(weights(resumed), weights(unbroken))


def test_a_checkpoint_of_another_run_is_refused(build, tmp_path):
    model, pairs = build()
    train(model, pairs, TRAINING, tmp_path, checkpoint_every=1)
    with pytest.raises(ValueError, match="checkpoint of another run"):
        train(model, pairs, replace(TRAINING, beta=0.7), tmp_path, checkpoint_every=1)


def test_divergence_stops_with_step_and_settings(build):
    model, pairs = build()
    with pytest.raises(FloatingPointError, match=r"loss nan at step 2 of 3.*learning rate 1e\+40, beta 0\.001"):
        train(model, pairs, replace(TRAINING, learning_rate=1e40))


def test_the_head_is_drawn_from_its_seed_alone(tiny_model):
    backbone, _ = models.load(Source(Origin.PATH, str(tiny_model("llama"))))
    torch.manual_seed(1)
    first = RewardModel(backbone, 0, seed=5).v_head.weight
    torch.manual_seed(2)
    second = RewardModel(backbone, 0, seed=5).v_head.weight
    other = RewardModel(backbone, 0, seed=6).v_head.weight
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert first.abs().max() <= 32**-0.5
