"""Whether an objective says truly that a pair's loss does not depend on the other pairs of its batch."""

from __future__ import annotations

import copy
from typing import Any

import torch

from bench.learn.policy.objectives import Adaptive, Batch
from bench.methods.checks.attempt import called
from bench.methods.checks.ground import POOL, Ground
from bench.methods.contract import PAIR

CLOSE = 1e-3  # of losses: float32 adds in another order


def couples_pairs(instance: Any) -> bool:
    """Whether the losses of a batch are others than those of its pairs alone, and the objective does not say so."""
    ground = Ground("plain", taste=1, responses=getattr(instance, "lists", PAIR), bought=True, extra=POOL)
    groups = list(ground.groups)
    objective = called(lambda: instance.objective(groups, ground.known))
    if objective.couples_batch or isinstance(objective, Adaptive):
        return False
    policy = _moved(ground.known.policy)
    objective.check(policy, groups)
    with torch.no_grad():
        together = objective.losses(objective.outputs(policy, groups), Batch(tuple(groups), tuple(range(len(groups)))))
        alone = [
            objective.losses(objective.outputs(policy, [group]), Batch((group,), (index,)))
            for index, group in enumerate(groups)
        ]
    return not torch.allclose(together, torch.cat(alone), rtol=CLOSE, atol=CLOSE)


def _moved(policy: Any) -> Any:
    """Another one, so that margins are not zero."""
    moved = copy.deepcopy(policy)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in moved.parameters():
            weights.add_(0.1 * torch.randn(weights.shape, generator=generator))
    return moved
