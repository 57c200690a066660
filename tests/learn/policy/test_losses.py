"""What holds of every loss: the contract with the trainer, symmetries, and numbers that stay finite."""

import inspect

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UserError
from bench.learn.policy.losses import (
    BATCH_QUANTITIES,
    LOSSES,
    batch_quantities,
    hyper_parameters,
    idea,
    needs_reference,
    needs_tokens,
    needs_whole_batch,
)
from bench.seeds import seed_for

B, T = 6, 9
DETACHED = {"kto", "wpo", "beta_dpo"}  # part of the value has no gradient, by design: closed forms test theirs
every = pytest.mark.parametrize("name", sorted(LOSSES))


def batch(seed=0, dtype=torch.float64, scale=1.0):
    """Every input a loss can ask for: token log-probabilities of ragged responses, and their sums."""
    generator = torch.Generator().manual_seed(seed_for("losses", seed))
    inputs = {}
    for side in ("chosen", "rejected"):
        lengths = torch.randint(1, T + 1, (B,), generator=generator)
        inputs[f"{side}_lengths"], inputs[f"{side}_mask"] = lengths, torch.arange(T) < lengths[:, None]
        for model in ("policy", "reference"):
            tokens = -scale * (0.1 + torch.rand(B, T, generator=generator, dtype=dtype)) * inputs[f"{side}_mask"]
            inputs[f"{model}_{side}_tokens"], inputs[f"{model}_{side}"] = tokens, tokens.sum(1)
    inputs["scores"] = torch.randn(B, generator=generator, dtype=dtype)
    return inputs


def call(name, inputs, **hyper):
    signature = inspect.signature(LOSSES[name])
    return LOSSES[name](**{key: value for key, value in inputs.items() if key in signature.parameters}, **hyper)


def floats(name, inputs):
    """The inputs that the loss's value can depend on smoothly."""
    takes = inspect.signature(LOSSES[name]).parameters
    return {k: v for k, v in inputs.items() if k in takes and v.is_floating_point()}


@every
def test_one_value_a_pair_in_the_dtype_of_the_inputs(name):
    for dtype in (torch.float32, torch.float64):
        losses = call(name, batch(dtype=dtype))
        assert losses.shape == (B,)
        assert losses.dtype == dtype


@every
def test_reordering_the_batch_reorders_the_losses(name):
    inputs, order = batch(), torch.tensor([3, 0, 5, 1, 4, 2])
    reordered = call(name, {key: value[order] for key, value in inputs.items()})
    torch.testing.assert_close(reordered, call(name, inputs)[order], rtol=1e-12, atol=1e-12)


@every
def test_a_pair_depends_on_the_others_only_where_the_registry_says_so(name):
    inputs = batch()
    alone = torch.cat([call(name, {key: value[i : i + 1] for key, value in inputs.items()}) for i in range(B)])
    assert torch.allclose(alone, call(name, inputs), rtol=1e-12) is not needs_whole_batch(name)


@every
def test_the_reference_matters_only_where_the_registry_says_so(name):
    inputs = batch()
    other = inputs | {key: inputs[key] * 1.5 for key in ("reference_chosen", "reference_chosen_tokens")}
    assert torch.equal(call(name, inputs), call(name, other)) is not needs_reference(name)


@pytest.mark.parametrize("name", sorted(LOSSES.keys() - DETACHED))
def test_gradient_is_the_derivative(name):
    inputs = batch(1)
    leaves = {key: value.clone().requires_grad_() for key, value in floats(name, inputs).items()}

    def loss(*values):
        return call(name, inputs | dict(zip(leaves, values, strict=True)))

    assert torch.autograd.gradcheck(loss, tuple(leaves.values()))


EXTREMES = {
    "equal": lambda key: -7.0,
    "certain": lambda key: 0.0,
    "lost": lambda key: -1e4 if key in ("policy_chosen", "reference_rejected") else -1.0,
    "won": lambda key: -1e4 if key in ("policy_rejected", "reference_chosen") else -1.0,
    "all unlikely": lambda key: -1e4,
}


@every
@pytest.mark.parametrize("case", sorted(EXTREMES))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_and_gradients_stay_finite(name, case, dtype):
    inputs = batch(dtype=dtype)
    for key in ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected"):
        inputs[key] = torch.full((B,), EXTREMES[case](key), dtype=dtype)
        inputs[f"{key}_tokens"] = inputs[key][:, None] * inputs[key.split("_")[1] + "_mask"]
    leaves = {key: value.clone().requires_grad_() for key, value in floats(name, inputs).items()}
    losses = call(name, inputs | leaves)
    assert torch.isfinite(losses).all()
    for gradient in torch.autograd.grad(losses.sum(), tuple(leaves.values()), allow_unused=True):
        assert gradient is None or torch.isfinite(gradient).all()


MONOTONE = (
    *("dpo", "robust_dpo", "dpop", "flex_dpo", "sigmoid_norm", "r_dpo", "bco_pair", "apo_zero"),
    *("cpo", "simpo", "orpo", "mapo", "hinge", "slic"),
)
LIKELIHOOD = st.floats(-30, -0.5)


@pytest.mark.parametrize("name", MONOTONE)
@settings(max_examples=40, deadline=None)
@given(chosen=LIKELIHOOD, rejected=LIKELIHOOD, references=st.tuples(LIKELIHOOD, LIKELIHOOD), rise=st.floats(0.1, 5))
def test_a_likelier_chosen_response_lowers_the_loss_and_a_likelier_rejected_one_raises_it(
    name, chosen, rejected, references, rise
):
    rows = torch.tensor(
        [[chosen, rejected], [chosen + rise, rejected], [chosen, rejected + rise]], dtype=torch.float64
    ).clamp(max=-0.1)
    lengths = torch.full((3,), 8)
    one_length = {"chosen_lengths": lengths, "rejected_lengths": lengths}
    keywords = {key: one_length[key] for key in batch_quantities(name)}
    reference = torch.tensor([references] * 3, dtype=torch.float64)
    before, risen, rejected_risen = LOSSES[name](*rows.T, *reference.T, **keywords).tolist()
    if name in ("hinge", "slic"):  # flat beyond the margin
        assert risen <= before <= rejected_risen
    else:
        assert risen < before < rejected_risen


@every
def test_everything_it_asks_for_is_known_and_its_idea_is_one_line(name):
    parameters = list(inspect.signature(LOSSES[name]).parameters.values())
    first_four = ["policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected"]
    assert [p.name for p in parameters[:4]] == first_four
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters[4:])
    asked = {p.name for p in parameters[4:]}
    assert asked == set(batch_quantities(name)) | set(hyper_parameters(name))
    assert set(batch_quantities(name)) <= set(BATCH_QUANTITIES)
    assert all(isinstance(default, float) for default in hyper_parameters(name).values())
    assert 20 < len(idea(name)) <= 110
    assert idea(name).endswith(".")
    assert "L = " in LOSSES[name].__doc__ or "L_(k) = " in LOSSES[name].__doc__


def test_what_the_trainer_reads_off_a_loss():
    assert batch_quantities("simpo") == ("chosen_lengths", "rejected_lengths")
    assert hyper_parameters("simpo") == {"beta": 2.0, "gamma": 1.0}
    assert [name for name in LOSSES if needs_tokens(name)] == ["sparse_po"]
    assert {name for name in LOSSES if not needs_reference(name)} == {"slic", "cpo", "simpo", "orpo", "mapo"}


def test_an_unknown_loss_is_answered_with_the_nearest():
    with pytest.raises(UserError, match=r"unknown loss 'robust'.*Did you mean 'robust_dpo'"):
        needs_reference("robust")


@pytest.mark.parametrize(
    ("name", "hyper", "message"),
    [
        ("dpo", {"beta": 0.0}, r"dpo: beta must be positive and finite, got 0\.0"),
        ("ipo", {"beta": -0.1}, r"ipo: beta must be positive and finite, got -0\.1"),
        ("dpo", {"beta": float("inf")}, "dpo: beta must be positive and finite, got inf"),
        ("dpo", {"beta": float("nan")}, "dpo: beta must be positive and finite, got nan"),
        ("dpo", {"beta": "0.1"}, "dpo: beta must be positive and finite, got '0.1'"),
        ("cdpo", {"label_smoothing": 0.5}, r"cdpo: label_smoothing must be in \[0, 0\.5\), got 0\.5"),
        ("robust_dpo", {"label_smoothing": -0.1}, r"robust_dpo: label_smoothing must be in \[0, 0\.5\), got -0\.1"),
        ("exo", {"epsilon": 0.0}, r"exo: epsilon must be in \(0, 0\.5\), got 0\.0"),
        ("exo", {"epsilon": 0.5}, r"exo: epsilon must be in \(0, 0\.5\), got 0\.5"),
        ("discopop", {"tau": 0.0}, r"discopop: tau must be in \(0, 1\), got 0\.0"),
        ("discopop", {"tau": 1.0}, r"discopop: tau must be in \(0, 1\), got 1\.0"),
        ("flex_dpo", {"beta_rejected": 0}, "flex_dpo: beta_rejected must be positive and finite, got 0"),
        ("simpo", {"gamma": -1.0}, r"simpo: gamma must be at least 0 and finite, got -1\.0"),
        ("slic", {"delta": float("inf")}, "slic: delta must be at least 0 and finite, got inf"),
        ("beta_dpo", {"threshold": float("inf")}, "beta_dpo: threshold must be finite, got inf"),
    ],
)
def test_a_hyper_parameter_out_of_range_is_named_with_its_value(name, hyper, message):
    with pytest.raises(ValueError, match=message):
        call(name, batch(), **hyper)


@every
def test_nan_is_refused_by_name(name):
    for key in floats(name, batch()):
        inputs = batch()
        inputs[key] = inputs[key].clone()
        inputs[key][2] = float("nan")
        with pytest.raises(ValueError, match=f"{name}: {key} must be finite, got nan"):
            call(name, inputs)


@every
def test_shapes_that_do_not_fit_are_refused_by_name(name):
    for key in list(inspect.signature(LOSSES[name]).parameters):
        inputs = batch()
        if key in inputs and key != "policy_chosen":
            inputs[key] = inputs[key][1:]
            with pytest.raises(ValueError, match=f"{name}: {key} must have shape"):
                call(name, inputs)


@pytest.mark.parametrize("shape", [(), (B, 1), (0,)])
def test_a_batch_is_a_vector_of_at_least_one_pair(shape):
    with pytest.raises(ValueError, match="dpo: policy_chosen must have shape"):
        LOSSES["dpo"](*[torch.zeros(shape)] * 4)


def test_tokens_of_one_side_have_one_width():
    inputs = batch()
    inputs["reference_chosen_tokens"] = inputs["reference_chosen_tokens"][:, 1:]
    with pytest.raises(ValueError, match=r"sparse_po: reference_chosen_tokens must have shape \(6, 9\), got \(6, 8\)"):
        call("sparse_po", inputs)


def test_an_empty_response_and_a_negative_mask_are_refused():
    inputs = batch()
    inputs["rejected_lengths"] = inputs["rejected_lengths"] * 0
    with pytest.raises(ValueError, match="simpo: rejected_lengths must be finite, and at least 1, got 0"):
        call("simpo", inputs)
    inputs = batch() | {"chosen_mask": torch.full((B, T), -1.0)}
    with pytest.raises(ValueError, match=r"sparse_po: chosen_mask must be finite, and at least 0, got -1\.0"):
        call("sparse_po", inputs)
