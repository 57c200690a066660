"""PAL-A and PAL-B on tiny sizes, against their formulas in plain python (papers/pal.md, section 1)."""

from __future__ import annotations

import math

import pytest
import torch

from bench.errors import UserError
from bench.learn.reward.pal import losses
from bench.learn.reward.pal.batch import Batch, Vectors
from bench.learn.reward.pal.networks import MappingNetwork, PrototypeNetwork
from bench.learn.reward.pal.projector import Architecture, Projector, parameters
from bench.learn.reward.pal.training import comparison_losses

D, P, WIDTH, K = 3, 4, 3, 2
PLAIN = Architecture(dimension=WIDTH)
RESIDUAL = Architecture(activation="relu", residual=True)


def linear(layer, x):
    rows = zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
    return [sum(w * v for w, v in zip(weights, x, strict=True)) + bias for weights, bias in rows]


def gelu(v):
    return v * 0.5 * (1 + math.erf(v / math.sqrt(2)))


def projected(projector, x, act):
    first, second, top = (layer for layer in projector.mlp if isinstance(layer, torch.nn.Linear))
    hidden = [act(v) for v in linear(first, x)]
    out = linear(top, [act(v) for v in linear(second, hidden)])
    return [a + b for a, b in zip(x, out, strict=True)] if projector.residual else out


def softmax(row):
    exps = [math.exp(v) for v in row]
    return [v / sum(exps) for v in exps]


def distance(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) / (distance(a, [0] * len(a)) * distance(b, [0] * len(b)))


def mixed(weights, rows):
    return [sum(w * v for w, v in zip(weights, column, strict=True)) for column in zip(*rows, strict=True)]


def vectors(n=4, prompts=True, dtype=torch.float64):
    torch.manual_seed(3)
    return Vectors(
        items=torch.randn(n, 2, D, dtype=dtype),
        prompts=torch.randn(n, P, dtype=dtype) if prompts else None,
        annotators=torch.arange(n) % 3,
        labels=torch.tensor([1.0, -1.0, -1.0, 1.0], dtype=dtype)[:n],
    )


def network(kind):
    torch.manual_seed(7)
    if kind == "A":
        return PrototypeNetwork(K, D, RESIDUAL).double()
    return MappingNetwork(K, D, P, PLAIN).double()


LOGITS = torch.tensor([[0.3, -1.2], [2.0, 0.1], [-0.4, 0.9]], dtype=torch.float64)


def margins(model, source, weights=None):
    batch = source.batch(torch.arange(len(source)))
    return model(batch, LOGITS.softmax(-1) if weights is None else weights, batch.annotators)[0]


def test_pal_a_is_a_difference_of_distances_to_f_of_the_mixed_prototypes():
    model, source = network("A"), vectors(prompts=False)
    relu = lambda v: max(v, 0.0)  # noqa: E731
    wanted = []
    for (first, second), who in zip(source.items.tolist(), source.annotators.tolist(), strict=True):
        ideal = mixed(softmax(LOGITS[who].tolist()), model.prototypes.tolist())
        u = projected(model.items, ideal, relu)
        wanted.append(
            distance(projected(model.items, second, relu), u) - distance(projected(model.items, first, relu), u)
        )
    assert margins(model, source).tolist() == pytest.approx(wanted)


def test_pal_b_is_a_scaled_difference_of_cosines_with_the_mixed_mappings_of_the_prompt():
    model, source = network("B"), vectors()
    wanted = []
    for (first, second), prompt, who in zip(
        source.items.tolist(), source.prompts.tolist(), source.annotators.tolist(), strict=True
    ):
        mapped = [projected(mapping, prompt, gelu) for mapping in model.mappings]
        ideal = mixed(softmax(LOGITS[who].tolist()), mapped)
        of_first, of_second = (cosine(projected(model.items, x, gelu), ideal) for x in (first, second))
        wanted.append((of_first - of_second) / 0.07)
    assert margins(model, source).tolist() == pytest.approx(wanted)


def test_the_temperature_is_clamped_at_one_hundred():
    model = network("B")
    with torch.no_grad():
        model.logit_scale.fill_(math.log(5000.0))
    assert model.scale.item() == pytest.approx(100.0)


def test_losses_are_hinge_and_two_way_cross_entropy():
    s = torch.tensor([2.0, 0.25, -0.5])
    assert losses.hinge(s, torch.ones(3)).tolist() == [0.0, 0.75, 1.5]
    assert losses.hinge(s, -torch.ones(3)).tolist() == [3.0, 1.25, 0.5]
    rewards = torch.tensor([[1.3, -0.2], [0.4, 0.9]])
    y = torch.tensor([1.0, -1.0])
    released = torch.nn.functional.cross_entropy(rewards, torch.tensor([0, 1]), reduction="none")
    torch.testing.assert_close(losses.cross_entropy(rewards[:, 0] - rewards[:, 1], y), released)


def test_the_norm_bound_adds_up_what_sticks_out():
    points = torch.tensor([[3.0, 4.0], [0.0, 1.0], [0.0, 6.0]])
    assert losses.norm_bound(points, 4.0).item() == pytest.approx(1.0 + 0.0 + 2.0)


@pytest.mark.parametrize("loss", [losses.hinge, losses.cross_entropy])
def test_gradients_of_the_losses(loss):
    s = torch.tensor([0.4, -1.7, 2.2, 0.1], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda margins: loss(margins, y), s)


def test_the_gradient_of_the_norm_bound():
    points = torch.tensor([[3.0, 4.0], [0.3, 1.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda rows: losses.norm_bound(rows, 2.0), points)


@pytest.mark.parametrize("kind", ["A", "B"])
def test_gradients_in_the_annotators_logits(kind):
    model, source = network(kind), vectors(prompts=kind == "B")
    batch = source.batch(torch.arange(4))

    def loss(logits):
        return comparison_losses(model, batch, model(batch, logits.softmax(-1), batch.annotators)[0])

    assert torch.autograd.gradcheck(loss, LOGITS.clone().requires_grad_())


@pytest.mark.parametrize(
    ("kind", "architecture"),
    [
        ("A", RESIDUAL),
        ("A", Architecture(layers=0)),
        ("A", Architecture(layers=None)),
        ("B", PLAIN),
        ("B", Architecture(layers=0)),
    ],
)
def test_the_summary_of_frozen_comparisons_gives_the_same_margins(kind, architecture):
    torch.manual_seed(1)
    model = PrototypeNetwork(K, D, architecture) if kind == "A" else MappingNetwork(K, D, P, architecture)
    model, source = model.double(), vectors(prompts=kind == "B")
    batch = source.batch(torch.arange(4))
    weights = LOGITS.softmax(-1)[source.annotators]
    of_each = [values[:, None] for values in model.summary(batch)]
    torch.testing.assert_close(model.margins(of_each, weights)[:, 0], margins(model, source))


def test_a_distance_of_zero_has_no_gradient_that_is_not_a_number():
    model = PrototypeNetwork(K, D, Architecture(layers=None)).double()
    at = model.prototypes.detach()[:1]
    source = Vectors(torch.stack([at, at + 1], dim=1), None, torch.zeros(1).long(), torch.ones(1).double())
    weights = torch.tensor([[1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    summary = [values[:, None] for values in model.summary(source.batch(torch.arange(1)))]
    for found in (margins(model, source, weights), model.margins(summary, weights)):
        assert found.item() == pytest.approx(math.sqrt(D), abs=1e-9)
        (gradient,) = torch.autograd.grad(found.sum(), weights)
        assert gradient.isfinite().all()


def test_weights_of_tokens_make_the_loss_of_a_comparison():
    model = network("B")
    batch = Batch(
        items=torch.empty(0),
        first=torch.empty(0),
        second=torch.empty(0),
        prompts=None,
        annotators=torch.empty(0),
        prompt=torch.empty(0),
        comparison=torch.tensor([0, 0, 1]),
        weights=torch.tensor([0.25, 0.75, 1.0]),
        labels=torch.tensor([1.0, -1.0]),
    )
    s = torch.tensor([0.5, -1.0, 2.0])
    nll = [math.log1p(math.exp(-v)) for v in (0.5, -1.0, -2.0)]
    wanted = [0.25 * nll[0] + 0.75 * nll[1], nll[2]]
    assert comparison_losses(model, batch, s).tolist() == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "features", "mappings", "count"),
    [
        ("B", 1024, 1, 6_297_600),  # CLIP-H, Pick-a-Pic
        ("B", 512, 1, 1_575_936),  # opt-350m
        ("B", 512, 2, 2_363_904),
        ("B", 768, 2, 5_315_328),  # distilbert
        ("B", 1024, 2, 9_446_400),  # bge-m3
        ("B", 1536, 2, 21_247_488),  # stella and gte, 1.5B
        ("A", 512, 2, 788_992),
    ],
)
def test_learned_parameters_are_as_many_as_in_the_released_models(kind, features, mappings, count):
    with torch.device("meta"):
        if kind == "A":
            model = PrototypeNetwork(mappings, features, RESIDUAL)
        else:
            model = MappingNetwork(mappings, features, features, Architecture())
    shared = sum(
        parameter.numel() for part, found in model.parts().items() if part != "temperature" for parameter in found
    )
    assert shared == count
    assert parameters(model) == count + (kind == "B")


def test_dropout_stands_before_the_activation_as_released():
    kinds = [type(part).__name__ for part in Projector(Architecture(layers=1, dropout=0.5), 2).mlp]
    assert kinds == ["Linear", "Dropout", "GELU", "Linear"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"activation": "gleu"}, "gelu"),
        ({"dropout": 1.0}, "below 1"),
        ({"layers": -1}, "at least 0"),
        ({"dimension": 0}, "at least 1"),
    ],
)
def test_projectors_that_cannot_be_are_an_error(settings, says):
    with pytest.raises(UserError, match=says):
        Architecture(**settings)


@pytest.mark.parametrize(
    "architecture", [Architecture(layers=None, dimension=2), Architecture(residual=True, dimension=2)]
)
def test_a_projector_that_adds_its_input_keeps_its_width(architecture):
    with pytest.raises(UserError, match="keeps the 3 features"):
        Projector(architecture, 3)
