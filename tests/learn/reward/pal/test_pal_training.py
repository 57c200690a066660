"""Training and adaptation against torch's own Adam with a parameter an annotator, as released."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.learn.reward.pal.adaptation import adapt
from bench.learn.reward.pal.batch import Vectors
from bench.learn.reward.pal.networks import MappingNetwork, PrototypeNetwork
from bench.learn.reward.pal.projector import Architecture
from bench.learn.reward.pal.training import Adaptation, Training, comparison_losses, train
from bench.learn.reward.pal.users import RowAdam, initial_logits, stream
from bench.seeds import seed_for

PROJECTORS = [
    ("A", Architecture(activation="relu", residual=True)),
    ("A", Architecture(layers=None)),
    ("B", Architecture()),
]


def network(kind, architecture=None):
    torch.manual_seed(11)
    architecture = architecture or Architecture()
    return PrototypeNetwork(3, 4, architecture) if kind == "A" else MappingNetwork(3, 4, 4, architecture)


def comparisons(places, seed=0):
    generator = torch.Generator().manual_seed(seed)
    n = len(places)
    return Vectors(
        items=torch.randn(n, 2, 4, generator=generator),
        prompts=torch.randn(n, 4, generator=generator),
        annotators=torch.tensor(places),
        labels=torch.randint(0, 2, (n,), generator=generator) * 2.0 - 1,
    )


@pytest.mark.parametrize(("kind", "decoupled"), [("A", False), ("B", False), ("B", True)])
def test_training_is_adam_over_groups_and_a_parameter_an_annotator(kind, decoupled):
    source = comparisons([0, 1, 2, 0, 1, 0, 2, 1, 1])
    training = Training(epochs=2, batch_size=2, decoupled=decoupled, bound=0.1)
    logits = initial_logits(["a", "b", "c"], 3, seed=1000)
    own = [torch.nn.Parameter(row.clone()) for row in logits]
    model, plain = network(kind), network(kind)

    projectors = [p for name, p in plain.named_parameters() if "mlp" in name]
    groups = [{"params": projectors, "lr": 1e-4, "weight_decay": 0.01}, {"params": own, "lr": 5e-3}]
    alone = [plain.prototypes] if kind == "A" else [plain.logit_scale]
    groups.append({"params": alone, "lr": 5e-3 if kind == "A" else 0.1})
    optimizer = (torch.optim.AdamW if decoupled else torch.optim.Adam)(groups, weight_decay=0.0)
    for epoch in range(2):
        generator = torch.Generator().manual_seed(seed_for("pal", "order", 1000, epoch))
        for rows in torch.randperm(9, generator=generator).split(2):
            batch = source.batch(rows)
            weights = torch.stack([own[place] for place in batch.annotators]).softmax(-1)
            margins, points = plain(batch, weights, torch.arange(len(rows)))
            bound = (points.norm(dim=1) - 0.1).clamp(min=0).sum()
            optimizer.zero_grad()
            (comparison_losses(plain, batch, margins).mean() + bound).backward()
            optimizer.step()

    train(model, logits, source, training, seed=1000)
    torch.testing.assert_close(logits, torch.stack(list(own)).detach(), atol=1e-5, rtol=1e-4)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter, plain.get_parameter(name), atol=1e-5, rtol=1e-4)


def test_an_annotator_who_is_not_in_a_batch_does_not_move():
    values = torch.zeros(3, 2)
    optimizer = RowAdam(values, 0.1)
    optimizer.step(torch.tensor([0, 2]), torch.ones(2, 2))
    optimizer.step(torch.tensor([0]), torch.ones(1, 2))
    assert values[:, 0].tolist() == pytest.approx([-0.2, 0.0, -0.1])


@pytest.mark.parametrize(("kind", "architecture"), PROJECTORS)
def test_adaptation_is_adamw_on_an_annotators_logits_alone(kind, architecture):
    source, adaptation = comparisons([0] * 5), Adaptation(epochs=3, batch_size=2, learning_rate=0.05)
    model = network(kind, architecture)
    found = adapt(model, source, ["a"], adaptation, seed=1000)

    own = torch.nn.Parameter(initial_logits(["a"], 3, seed=1000)[0])
    optimizer = torch.optim.AdamW([own], lr=0.05, weight_decay=0.0)
    orders = stream("adaptation order", 1000, "a").permuted(np.tile(np.arange(5), (3, 1)), axis=1)
    for epoch, order in enumerate(orders):
        for rows in torch.from_numpy(order).split(2):
            batch = source.batch(rows)
            margins, _ = model(batch, own.softmax(-1)[None], batch.annotators)
            optimizer.zero_grad()
            comparison_losses(model, batch, margins).mean().backward()
            optimizer.step()
        torch.testing.assert_close(found[epoch, 0], own.detach(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("kind", "architecture"), PROJECTORS)
@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_batched_call_gives_what_a_call_for_each_gives(kind, architecture, batch_size):
    places = [1, 0, 2, 1, 1, 3, 0, 1, 2, 1]
    annotators = ["a", "b", "c", "d"]
    source, adaptation = comparisons(places), Adaptation(epochs=4, batch_size=batch_size, learning_rate=0.05)
    model = network(kind, architecture)
    together = adapt(model, source, annotators, adaptation, seed=1000)
    for place, annotator in enumerate(annotators):
        rows = torch.nonzero(source.annotators == place)[:, 0]
        own = Vectors(source.items[rows], source.prompts[rows], torch.zeros_like(rows), source.labels[rows])
        alone = adapt(model, own, [annotator], adaptation, seed=1000)
        torch.testing.assert_close(together[:, place], alone[:, 0], atol=1e-5, rtol=1e-4)


def test_adaptation_changes_nothing_but_the_new_weights():
    model = network("B")
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    adapt(model, comparisons([0, 0, 1]), ["a", "b"], Adaptation(), seed=1000)
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name])
        assert parameter.grad is None
        assert parameter.requires_grad


def test_a_loss_that_is_not_finite_is_an_error():
    source = comparisons([0, 0])
    source.items[0, 0, 0] = 1e38
    with pytest.raises(FloatingPointError, match="diverged"):
        train(network("A", Architecture(layers=2, activation="relu")), torch.zeros(1, 3), source, Training(), seed=0)
