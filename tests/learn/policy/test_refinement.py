"""Self-refinement: Eq. 10 by its parts, the two thresholds by simulation, and resuming to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_training import difference, toy_groups, toy_model, toy_reference

from bench.errors import UserError
from bench.learn.policy import attention
from bench.learn.policy.log_probs import log_probs, response_sums
from bench.learn.policy.losses import LOSSES
from bench.learn.policy.objectives import Adaptive, Batch, Preference
from bench.learn.policy.packing import pack
from bench.learn.policy.refinement import Refinement, mixed_log_probs, quantile_threshold, released_threshold
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training

GROUPS = toy_groups(12)
REFERENCE = toy_reference(toy_model(seed=1), GROUPS)
TRAINING = Training(learning_rate=3e-3, epochs=3, batch_size=4, max_tokens=40, seed=1000, checkpoint_every=1)
WINDOW = {"window": 5, "share": 0.4}


def marked_share(threshold, draws=40_000):
    """How many of a stream of exchangeable log-odds the last 50 mark at 10 %."""
    values = np.random.default_rng(0).normal(size=(draws, 51))
    return float(np.mean([row[50] <= threshold(row[:50].tolist(), 0.1) for row in values]))


def test_the_released_threshold_marks_thirteen_percent_and_the_quantile_ten():
    recent = [float(value) for value in np.random.default_rng(1).permutation(50)]
    assert released_threshold(recent, 0.1) == 5.5  # between the sixth and the seventh smallest
    error = 4 * (0.13 * 0.87 / 40_000) ** 0.5
    assert abs(marked_share(released_threshold) - 0.129) < error
    assert abs(marked_share(quantile_threshold) - 0.1) < error


def batch_of(memory, groups=GROUPS):
    return Batch(tuple(groups), tuple(range(len(groups))), memory)


def outputs_of(objective, seed=2, groups=GROUPS):
    model = toy_model(seed=seed)
    objective.check(model, groups)
    return objective.outputs(model, groups)


def remembering(objective, step, recent, steps=10):
    return {**objective.start(steps), "step": step, "recent": recent}


def log_odds(objective, outputs):
    sums = np.array(response_sums(GROUPS, np.split(outputs.detach().numpy(), _ends())))
    ratios = sums - np.array(REFERENCE.sums)
    return objective.beta * (ratios[:, 0] - ratios[:, 1])


def _ends():
    return np.cumsum([sum(map(len, group.responses)) for group in GROUPS])[:-1]


def four_sums(outputs):
    policy = np.array(response_sums(GROUPS, np.split(outputs.detach().numpy(), _ends())))
    reference = np.array(REFERENCE.sums)
    return [torch.tensor(values[:, side]) for values in (policy, reference) for side in (0, 1)]


def test_it_is_dpo_until_a_fifth_of_the_steps_is_over():
    objective = Refinement(REFERENCE, **WINDOW)
    outputs = outputs_of(objective)
    expected = LOSSES["dpo"](*four_sums(outputs), beta=0.1)
    everything = [1e9] * 5
    early = objective.losses(outputs, batch_of(remembering(objective, 1, everything)))
    np.testing.assert_allclose(early.detach(), expected, rtol=1e-5)
    late = objective.losses(outputs, batch_of(remembering(objective, 2, everything)))
    smoothed = LOSSES["cdpo"](*four_sums(outputs), beta=0.1, label_smoothing=0.1)  # all are marked
    np.testing.assert_allclose(late.detach(), smoothed, rtol=1e-5)


@pytest.mark.parametrize(("threshold", "at"), [("quantile", 2.4), ("released", 3.5)])
def test_only_pairs_at_or_below_the_threshold_are_smoothed(threshold, at):
    objective = Refinement(REFERENCE, threshold=threshold, alpha=0.25, **WINDOW)
    outputs = outputs_of(objective)
    odds = log_odds(objective, outputs)
    recent = [float(np.quantile(odds, 0.6)) + value - at for value in (5.0, 1.0, 4.0, 2.0, 3.0)]
    marks = odds <= np.quantile(odds, 0.6)
    assert 0 < marks.sum() < len(marks)
    memory = remembering(objective, 5, recent)
    found = objective.losses(outputs, batch_of(memory)).detach().numpy()
    flipped = 0.25 * marks
    expected = (1 - flipped) * np.log1p(np.exp(-odds)) + flipped * np.log1p(np.exp(odds))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    after = objective.remember(outputs, batch_of(memory))
    assert after["marked"] == np.flatnonzero(marks).tolist()
    np.testing.assert_allclose(after["recent"], odds[-5:], rtol=1e-4, atol=1e-6)
    assert (after["step"], after["steps"]) == (6, 10)


def test_until_the_window_is_full_what_the_policy_would_turn_round_is_marked():
    objective = Refinement(REFERENCE, start=0, **WINDOW)
    outputs = outputs_of(objective)
    after = objective.remember(outputs, batch_of(remembering(objective, 0, [1e9] * 4)))
    assert after["marked"] == np.flatnonzero(log_odds(objective, outputs) <= 0).tolist()


def plain_log_probs(logits, group, response):
    """(T,) of one response, from the logits of one plain forward pass."""
    values = logits.log_softmax(-1)[len(group.prompt) - 1 : -1]
    return values.gather(1, torch.tensor(response.astype(np.int64))[:, None])[:, 0]


def test_the_mixture_is_of_logits_of_plain_forward_passes():
    policy, reference = toy_model(seed=2).eval(), toy_model(seed=1).eval()
    expected = []
    with torch.no_grad():
        for group in GROUPS:
            for response in group.responses:
                stream = torch.tensor(np.concatenate([group.prompt, response]))[None].long()
                own, other = (model(input_ids=stream).logits[0] for model in (policy, reference))
                mixed = 1.5 * own - 0.5 * other
                expected.append(
                    torch.stack([plain_log_probs(own, group, response), plain_log_probs(mixed, group, response)], 1)
                )
    for model in (policy, reference):
        attention.enable(model)
    found = mixed_log_probs(policy, reference, GROUPS, 0.5)
    torch.testing.assert_close(found, torch.cat(expected), atol=1e-5, rtol=1e-5)


def test_in_chunks_the_mixture_and_its_gradient_are_the_same(monkeypatch):
    def gradients(chunked):
        policy, reference = toy_model(seed=2), toy_model(seed=1)
        for model in (policy, reference):
            attention.enable(model)
        if chunked:
            monkeypatch.setattr("bench.learn.policy.log_probs.LOGITS", 50 * 7)
        values = mixed_log_probs(policy, reference, GROUPS, 0.5)
        values[:, 0].sum().backward()
        return values.detach(), {name: p.grad for name, p in policy.named_parameters()}, reference

    whole, parts = gradients(False), gradients(True)
    torch.testing.assert_close(whole[0], parts[0])
    assert difference(whole[1], parts[1]) < 1e-4
    assert all(parameter.grad is None for parameter in whole[2].parameters())


def test_no_gradient_goes_through_the_mark():
    policy, reference = toy_model(seed=2), toy_model(seed=1)
    objective = Refinement(REFERENCE, decoupling=0.5, reference_model=reference, **WINDOW)
    objective.check(policy, GROUPS)
    outputs = objective.outputs(policy, GROUPS)
    objective.losses(outputs, batch_of(remembering(objective, 5, [0.0] * 5))).sum().backward()
    with_mark = {name: p.grad.clone() for name, p in policy.named_parameters()}
    policy.zero_grad()
    tokens = log_probs(policy, pack(GROUPS)).tokens
    plain = Preference("cdpo", REFERENCE, beta=0.1, label_smoothing=0.1)
    marks = objective.remember(outputs.detach(), batch_of(remembering(objective, 5, [0.0] * 5)))["marked"]
    assert 0 < len(marks) < len(GROUPS)
    smoothed = plain.losses(tokens, batch_of(None))
    unsmoothed = Preference("dpo", REFERENCE, beta=0.1).losses(tokens, batch_of(None))
    chosen = torch.tensor([index in marks for index in range(len(GROUPS))])
    torch.where(chosen, smoothed, unsmoothed).sum().backward()
    assert difference(with_mark, {name: p.grad for name, p in policy.named_parameters()}) < 1e-5


def test_pairs_are_judged_by_the_mixture():
    policy, reference = toy_model(seed=2), toy_model(seed=1)
    own = Refinement(REFERENCE, start=0, **WINDOW)
    decoupled = Refinement(REFERENCE, start=0, decoupling=3.0, reference_model=reference, **WINDOW)
    for objective in (own, decoupled):
        objective.check(policy, GROUPS)
    found = {}
    for objective in (own, decoupled):
        memory = objective.remember(objective.outputs(policy, GROUPS).detach(), batch_of(objective.start(10)))
        found[objective] = memory["recent"]
    mixed = mixed_log_probs(policy, reference, GROUPS, 3.0).detach()[:, 1]
    np.testing.assert_allclose(found[decoupled], log_odds(decoupled, mixed)[-5:], rtol=1e-4, atol=1e-6)
    assert found[own] != found[decoupled]


class Killed(BaseException):
    """Stands for SIGKILL."""


def run(folder, kill_at=None, training=TRAINING):
    """Nine steps with dropout and decoupling."""
    objective = Refinement(REFERENCE, decoupling=0.5, reference_model=toy_model(seed=1), **WINDOW)
    model = toy_model(attention_dropout=0.3)

    def on_step(metrics):
        if metrics.step == kill_at:
            raise Killed

    return model, train(model, GROUPS, objective, training, checkpoints=folder, on_step=on_step)


def test_a_run_killed_at_any_step_ends_with_the_same_bits_and_marks(tmp_path):
    whole, fit = run(tmp_path / "whole")
    assert fit.memory["marked"], "nothing was marked: the test would show nothing"
    for step in (1, 2, 5, 8):
        with pytest.raises(Killed):
            run(tmp_path / "killed", kill_at=step)
    resumed, again = run(tmp_path / "killed")
    assert difference(whole, resumed) == 0
    assert again.memory == fit.memory
    assert [step.loss for step in again.steps] == [step.loss for step in fit.steps]


def test_micro_batches_change_neither_marks_nor_weights():
    ends = {}
    for tokens in (40, 10_000):
        model = toy_model()
        fit = train(model, GROUPS, Refinement(REFERENCE, **WINDOW), replace(TRAINING, max_tokens=tokens))
        ends[tokens] = model, fit.memory
    assert ends[40][1]["marked"] == ends[10_000][1]["marked"] != []
    np.testing.assert_allclose(ends[40][1]["recent"], ends[10_000][1]["recent"], rtol=1e-3, atol=1e-4)
    assert difference(ends[40][0], ends[10_000][0]) < 1e-4


def test_what_decides_the_weights_is_in_the_identity():
    base = Refinement(REFERENCE).identity()
    others = [{"alpha": 0.2}, {"share": 0.2}, {"threshold": "released"}, {"window": 40}, {"start": 0.5}, {"beta": 0.2}]
    assert all(Refinement(REFERENCE, **other).identity() != base for other in others)
    decoupled = [
        Refinement(REFERENCE, decoupling=value, reference_model=toy_model(seed=seed)).identity()
        for value, seed in ((0.5, 1), (0.25, 1), (0.5, 2))
    ]
    assert decoupled[0] != decoupled[1] != decoupled[2] != decoupled[0]
    assert isinstance(Refinement(REFERENCE), Adaptive)
    assert not isinstance(Preference("dpo", REFERENCE), Adaptive)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"alpha": 1.0}, "alpha must be a number, 0 <= alpha < 1, got 1.0"),
        ({"share": 0.0}, "share must be a share of the pairs"),
        ({"decoupling": -1.0}, "decoupling must be a number >= 0"),
        ({"start": 2.0}, "start must be a share of the steps"),
        ({"window": 1}, "window must be large enough for the share, got 1"),
        ({"threshold": "quantil"}, "unknown threshold 'quantil'.*'quantile'"),
        ({"decoupling": 0.5}, "a reference model is needed"),
        ({"reference_model": object()}, "a reference model is needed"),
    ],
)
def test_what_cannot_be_used_is_refused(wrong, message):
    with pytest.raises(UserError, match=message):
        Refinement(REFERENCE, **wrong)
