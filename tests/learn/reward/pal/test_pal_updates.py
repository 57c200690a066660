"""PAL-A's projector updated twice by one gradient, and losses at frozen features: against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.errors import UserError
from bench.learn.reward.pal import PALA, PALB, Adaptation, Architecture, Training
from bench.learn.reward.pal.adaptation import freeze, frozen_losses
from bench.learn.reward.pal.batch import Vectors
from bench.learn.reward.pal.networks import MappingNetwork, PrototypeNetwork
from bench.learn.reward.pal.training import comparison_losses, losses_of, train
from bench.learn.reward.pal.users import initial_logits, simplex


def comparisons(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Vectors(
        items=torch.randn(count, 2, 4, generator=generator),
        prompts=torch.randn(count, 4, generator=generator),
        annotators=torch.arange(count) % 3,
        labels=torch.randint(0, 2, (count,), generator=generator) * 2.0 - 1,
    )


def network(kind):
    torch.manual_seed(3)
    return PrototypeNetwork(2, 4, Architecture()) if kind == "A" else MappingNetwork(2, 4, 4, Architecture())


def test_the_projector_is_stepped_twice_and_the_prototypes_once():
    source, logits = comparisons(6), initial_logits(["a", "b", "c"], 2, seed=1000)
    model, plain = network("A"), network("A")
    of_f = torch.optim.Adam(plain.items.parameters(), lr=1e-4, weight_decay=0.01)
    others = torch.optim.Adam([plain.prototypes], lr=5e-3)
    batch = source.batch(torch.arange(6))
    loss = comparison_losses(plain, batch, plain(batch, simplex(logits), batch.annotators)[0]).mean()
    loss.backward()
    for optimizer in (of_f, of_f, others):
        optimizer.step()
    train(model, logits, source, Training(batch_size=6, projector_updates=2), seed=1000)
    for (name, values), wanted in zip(model.named_parameters(), plain.parameters(), strict=True):
        assert torch.allclose(values, wanted, atol=1e-7), name


def test_fewer_updates_than_one_are_refused():
    with pytest.raises(UserError, match="projector_updates must be at least 1"):
        Training(projector_updates=0)


@pytest.mark.parametrize("kind", ["A", "B"])
def test_losses_at_frozen_features_are_those_of_the_whole_network(kind):
    source, model = comparisons(9), network(kind)
    weights = simplex(initial_logits(["a", "b", "c"], 2, seed=1000))
    found = frozen_losses(model, freeze(model, source), weights[source.annotators])
    assert torch.allclose(found, losses_of(model, weights, source), atol=1e-5)


@pytest.mark.parametrize("method", [PALA, PALB])
def test_the_epoch_that_is_kept_has_the_smallest_loss_of_all(method):
    draw = np.random.default_rng(0)
    X, prompts, labels = draw.normal(size=(12, 2, 4)), draw.normal(size=(12, 4)), np.where(draw.random(12) < 0.5, 1, -1)
    who = [index % 3 for index in range(12)]
    said = {"annotators": who, "prompts": prompts}
    model = method(K=2, adaptation=Adaptation(epochs=8, learning_rate=0.5)).fit(X, labels, **said)
    asked = type("Said", (), {"X": X, "labels": -labels, "annotators": who, "prompts": prompts})
    kept = model.adapt(X, labels, **said, validation=asked).fitted_
    each = [
        method(K=2, adaptation=Adaptation(epochs=epochs, learning_rate=0.5)).fit(X, labels, **said)
        for epochs in range(1, 9)
    ]
    source = model._source(asked, kept.annotators)

    def loss(fitted):
        return float(losses_of(fitted.network, simplex(fitted.logits), source).mean())

    least = min(loss(one.adapt(X, labels, **said).fitted_) for one in each)
    assert loss(kept) == pytest.approx(least, abs=1e-6)
