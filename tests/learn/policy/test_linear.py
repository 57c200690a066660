"""A packed stream's linear layers by convolution: the same product, chosen once a machine, and nowhere else."""

from __future__ import annotations

import copy
import json
import threading
import warnings
from contextlib import nullcontext

import pytest
import torch
from architectures import CONFIGS, decoder, groups, plain_log_probs
from torch.nn import functional
from toy_training import difference, toy_groups, toy_model, toy_reference, weights

from bench.errors import UserError
from bench.learn.policy import attention, linear
from bench.learn.policy.log_probs import log_probs, response_log_probs
from bench.learn.policy.objectives import Preference
from bench.learn.policy.packing import pack
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training

LONG = 5 * groups()  # more than a thousand tokens: torch gives images of fewer than 20,480 values to MKL after all
PER_LAYER = 7  # of Llama: q, k, v, o, gate, up, down
TRAINING = Training(learning_rate=3e-3, batch_size=8, max_tokens=400, seed=1000, checkpoint_every=1)


@pytest.fixture
def convolved(monkeypatch):
    """Convolutions for any layer and stream; the list grows with every one."""
    calls = []
    original = linear.convolution

    def counting(*arguments):
        calls.append(arguments[1].shape)
        return original(*arguments)

    monkeypatch.setattr(linear, "convolution", counting)
    monkeypatch.setattr(linear, "faster", lambda: True)
    monkeypatch.setattr(linear, "LEAST_TOKENS", 1)
    monkeypatch.setattr(linear, "LEAST_WEIGHTS", 1)
    return calls


def enabled(model):
    attention.enable(model)
    return model


def value_and_gradients(product, dtype, *tensors):
    """Of inputs, weight and (where there is one) bias, for an upstream gradient that is the last of `tensors`."""
    *inputs, upstream = (tensor.to(dtype) for tensor in tensors)
    inputs = [tensor.requires_grad_() for tensor in inputs]
    value = product(*inputs)
    return [value.detach(), *torch.autograd.grad(value, inputs, upstream)]


def gradients(model, values):
    model.zero_grad()
    values.sum().backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def assert_close(ours, theirs, tolerance=1e-5):
    assert ours.keys() == theirs.keys()
    for name, gradient in theirs.items():
        assert (ours[name] - gradient).abs().max() <= tolerance * max(1.0, float(gradient.abs().max())), name


@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize(("tokens", "inputs", "outputs"), [(1, 300, 200), (7, 48, 32), (301, 576, 192), (512, 96, 260)])
def test_the_product_and_its_gradients_are_those_of_linear_to_rounding(tokens, inputs, outputs, with_bias):
    draw = torch.Generator().manual_seed(0)
    shapes = [(1, tokens, inputs), (outputs, inputs), *([(outputs,)] if with_bias else []), (1, tokens, outputs)]
    tensors = [torch.randn(*shape, generator=draw) for shape in shapes]
    exact = value_and_gradients(functional.linear, torch.float64, *tensors)
    found = value_and_gradients(linear.convolution, torch.float32, *tensors)
    assert [values.shape for values in found] == [values.shape for values in exact]
    for ours, truth in zip(found, exact, strict=True):
        assert (ours - truth).norm() <= 1e-6 * truth.norm()  # linear: 2.5e-7


def test_the_same_bits_every_time():
    draw = torch.Generator().manual_seed(0)
    tensors = [torch.randn(*shape, generator=draw) for shape in [(1, 301, 576), (192, 576), (1, 301, 192)]]
    first, second = (value_and_gradients(linear.convolution, torch.float32, *tensors) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)


def test_a_stream_that_is_not_contiguous():
    states, weight = torch.randn(1, 40, 300).transpose(1, 2), torch.randn(30, 40)
    assert torch.allclose(linear.convolution(states, weight), functional.linear(states, weight), atol=1e-4)


@pytest.mark.parametrize("name", CONFIGS)
def test_log_probabilities_and_gradients_are_those_of_plain_passes(name, convolved):
    plain = decoder(name, attn_implementation="eager")
    packed = enabled(copy.deepcopy(plain))
    expected = plain_log_probs(plain, LONG)
    found = log_probs(packed, pack(LONG)).tokens
    assert bool(convolved) == (name != "GPT2")  # whose layers are not linear ones but Conv1D
    assert torch.allclose(found, expected, rtol=0, atol=1e-5)
    assert_close(gradients(packed, found), gradients(plain, expected))


def test_every_layer_of_the_decoder_and_not_the_head_in_packed_calls_alone(convolved):
    model = enabled(decoder("Llama"))
    convolved.clear()
    response_log_probs(model, groups())
    assert len(convolved) == 2 * PER_LAYER
    model(input_ids=torch.ones(1, 300, dtype=torch.int64))
    model.generate(torch.ones(1, 5, dtype=torch.int64), max_new_tokens=2, pad_token_id=0)
    assert len(convolved) == 2 * PER_LAYER


def test_tied_weights(convolved):
    tied = decoder("Llama", tie_word_embeddings=True)
    plain = copy.deepcopy(tied)
    assert_close(
        gradients(tied, log_probs(enabled(tied), pack(LONG)).tokens), gradients(plain, plain_log_probs(plain, LONG))
    )
    assert convolved


def test_frozen_weights_get_no_gradient_and_pass_one_on(convolved):
    model = enabled(decoder("Llama"))
    every = gradients(model, log_probs(model, pack(LONG)).tokens)
    model.model.layers[1].requires_grad_(False)
    model.model.layers[0].mlp.up_proj.requires_grad_(False)
    some = gradients(model, log_probs(model, pack(LONG)).tokens)
    assert not any("layers.1" in name or "layers.0.mlp.up" in name for name in some)
    assert_close(some, {name: every[name] for name in some})


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_not_in_another_precision(dtype, convolved):
    model = enabled(decoder("Llama").to(dtype))
    log_probs(model, pack(groups()))
    assert not convolved


def test_not_under_autocast(convolved):
    model = enabled(decoder("Llama"))
    convolved.clear()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        log_probs(model, pack(groups()))
    assert not convolved


def test_not_with_weights_that_zero_3_has_divided(convolved):
    model = enabled(decoder("Llama"))
    convolved.clear()
    model.model.layers[0].mlp.up_proj.weight.ds_id = 5
    log_probs(model, pack(groups()))
    assert len(convolved) == 2 * PER_LAYER - 1


def test_not_for_short_streams_and_small_layers(convolved, monkeypatch):
    model = enabled(decoder("Llama"))
    packing = pack(groups())
    convolved.clear()
    monkeypatch.setattr(linear, "LEAST_TOKENS", len(packing.input_ids) + 1)
    log_probs(model, packing)
    assert not convolved
    monkeypatch.setattr(linear, "LEAST_TOKENS", len(packing.input_ids))
    monkeypatch.setattr(linear, "LEAST_WEIGHTS", 32 * 48)  # gate, up and down
    log_probs(model, packing)
    assert len(convolved) == 2 * 3


def test_not_in_another_thread(convolved):
    states, weight = torch.randn(1, 9, 8), torch.randn(4, 8)
    with linear.packed(decoder("Llama"), 9):
        other = threading.Thread(target=functional.linear, args=(states, weight))
        other.start()
        other.join()
        assert not convolved
        functional.linear(states, weight)
    assert len(convolved) == 1


def test_an_error_ends_it(convolved):
    with pytest.raises(KeyboardInterrupt), linear.packed(decoder("Llama"), 9):
        raise KeyboardInterrupt
    functional.linear(torch.randn(1, 9, 8), torch.randn(4, 8))
    assert not convolved
    assert all(isinstance(context, nullcontext) for context in linear.again())


def test_gradient_checkpointing_computes_again_what_it_computed(convolved):
    model = enabled(decoder("Mistral")).train()
    expected = gradients(model, log_probs(model, pack(LONG)).tokens)
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of a new name in transformers 6
        model.gradient_checkpointing_enable({"use_reentrant": False, "context_fn": linear.again})
    convolved.clear()
    found = log_probs(model, pack(LONG)).tokens
    assert len(convolved) == 2 * PER_LAYER
    assert_close(gradients(model, found), expected, tolerance=0.0)
    assert len(convolved) > 3 * PER_LAYER  # what only the layer's output needs is not computed again


def test_checkpointing_of_someone_else_is_left_alone(convolved):
    model = enabled(decoder("Mistral")).train()
    expected = gradients(model, log_probs(model, pack(LONG)).tokens)
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        model.gradient_checkpointing_enable()
    convolved.clear()
    assert_close(gradients(model, log_probs(model, pack(LONG)).tokens), expected)
    assert not convolved


@pytest.mark.parametrize("checkpointing", [False, True])
def test_training_gives_the_same_bits_again_and_after_a_kill(checkpointing, convolved, tmp_path):
    data, sizes = toy_groups(24), {"hidden_size": 320, "intermediate_size": 400}  # large enough for oneDNN
    training = Training(**{**vars(TRAINING), "gradient_checkpointing": checkpointing})

    def run(folder, kill_at=None):
        def kill(metrics):
            if metrics.step == kill_at:
                raise KeyboardInterrupt

        model = toy_model(**sizes)
        objective = Preference("dpo", toy_reference(model, data))
        train(model, data, objective, training, checkpoints=folder, on_step=kill)
        return weights(model)

    whole = run(tmp_path / "whole")
    assert convolved
    assert difference(run(tmp_path / "again"), whole) == 0
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", kill_at=2)
    assert difference(run(tmp_path / "killed"), whole) == 0
    assert difference(toy_model(**sizes), whole) > 0


def test_switched_off_the_bits_are_those_of_linear(convolved, monkeypatch):
    model = enabled(decoder("Llama"))
    monkeypatch.setattr(linear, "faster", lambda: False)
    convolved.clear()
    off = log_probs(model, pack(LONG)).tokens
    monkeypatch.setattr(linear, "packed", lambda *_: nullcontext())
    assert torch.equal(off, log_probs(model, pack(LONG)).tokens)
    assert not convolved


class TestDecision:
    @pytest.fixture(autouse=True)
    def fresh(self, monkeypatch, tmp_path):
        """A machine that has never measured; every process asks anew."""
        monkeypatch.setenv("PREFBENCH_CACHE", str(tmp_path))
        linear.faster.cache_clear()
        yield
        linear.faster.cache_clear()

    def measuring(self, monkeypatch, *answers):
        left = list(answers)
        monkeypatch.setattr(linear, "_measure", lambda: {"convolution": left.pop(0)})
        return left

    @pytest.mark.parametrize("answer", [True, False])
    def test_is_measured_once_a_machine(self, answer, monkeypatch):
        self.measuring(monkeypatch, answer)  # a second measurement would be an error
        assert linear.faster() is answer
        linear.faster.cache_clear()  # as a new process
        assert linear.faster() is answer

    def test_is_measured_anew_with_another_torch(self, monkeypatch):
        left = self.measuring(monkeypatch, True, False)
        assert linear.faster()
        monkeypatch.setattr(torch, "__version__", "9.0")
        linear.faster.cache_clear()
        assert not linear.faster()
        assert not left

    def test_of_processes_that_measure_at_once_the_first_to_write_decides(self, monkeypatch, tmp_path):
        def slow():
            path = tmp_path / "linear" / name_of_this_machine()
            path.parent.mkdir()
            path.write_text(json.dumps({"convolution": False}))  # the other one was quicker
            return {"convolution": True}

        monkeypatch.setattr(linear, "_measure", slow)
        assert not linear.faster()

    def test_without_a_cache_that_can_be_written_it_is_linear(self, monkeypatch, tmp_path):
        self.measuring(monkeypatch, True)
        (tmp_path / "linear").write_text("a file where the folder should be")
        assert not linear.faster()

    @pytest.mark.parametrize("content", ["", "{}", "[]", '{"convolution": "yes"}'])
    def test_a_file_that_does_not_say_is_an_error(self, content, tmp_path):
        path = tmp_path / "linear" / name_of_this_machine()
        path.parent.mkdir()
        path.write_text(content)
        with pytest.raises(UserError, match=r"`convolution` must be true or false; remove the file"):
            linear.faster()

    def test_a_small_model_asks_nothing(self, monkeypatch, tmp_path):
        self.measuring(monkeypatch)
        response_log_probs(decoder("Llama"), LONG)
        assert not list(tmp_path.iterdir())

    def test_a_measurement_times_both_ways_and_leaves_threads_as_they_were(self):
        threads = torch.get_num_threads()
        with torch.inference_mode():
            found = linear._measure()
        assert torch.get_num_threads() == threads
        assert found["convolution"] == (found["linear_seconds"] > linear.CLEAR * found["convolution_seconds"])


def name_of_this_machine():
    machine = {"processor": linear.hardware()["processor"], "torch": torch.__version__}
    return f"{linear.hashlib.sha256(json.dumps(machine).encode()).hexdigest()[:16]}.json"
