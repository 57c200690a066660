"""Training a deep reward model: one pass over the pairs with AdamW, exactly resumable."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import torch
from torch import nn

from bench.learn.reward import deep_checkpoint
from bench.learn.reward.deep import RewardModel
from bench.learn.reward.deep_checkpoint import Progress
from bench.learn.reward.deep_loss import l1_norm, pairwise_loss, proximal_step_l1
from bench.learn.reward.deep_pairs import EncodedPair, collate
from bench.spec import canonical


class Penalty(StrEnum):
    """How the l1 norm of the head is minimised."""

    SUBGRADIENT = "subgradient"  # added to the loss, so that Adam rescales it: no exact zeros
    PROXIMAL = "proximal"  # a proximal step after each AdamW step: exact zeros


@dataclass(frozen=True)
class Training:
    """Everything but model and data that decides the trained weights."""

    beta: float  # weight of the l1 norm of the head
    penalty: Penalty
    learning_rate: float
    weight_decay: float  # of matrices, the head among them; biases and norms have none
    adam_betas: tuple[float, float]
    clip_norm: float  # largest norm of the gradient
    batch_size: int  # pairs a step
    micro_batch: int  # pairs a forward pass; affects memory, and the result by rounding only
    seed: int  # of dropout, where a backbone has any


@dataclass(frozen=True)
class Fit:
    """What training leaves besides the weights, which are in the model."""

    losses: list[float]  # one a step: the batch's loss with the penalty, before the step
    seconds: float


def train(
    model: RewardModel,
    pairs: Sequence[EncodedPair],
    training: Training,
    checkpoints: Path | None = None,
    checkpoint_every: int = 0,
) -> Fit:
    """Train `model` in place on `pairs`, once each and in their order, the last batch as short as it comes.

    With `checkpoints`, a folder of this run's own, progress is kept there every `checkpoint_every` steps; calling
    again after a kill goes on from the last one and ends with the same weights, bit for bit on CPU.
    Raises FloatingPointError when the loss is not finite.
    """
    optimizer = make_optimizer(model, training)
    run = hashlib.sha256(canonical([asdict(training), _digest(pairs)]).encode()).hexdigest()
    kept = deep_checkpoint.restore(checkpoints, run, model, optimizer) if checkpoints else None
    losses, seconds = (list(kept.losses), kept.seconds) if kept else ([], 0.0)
    steps = math.ceil(len(pairs) / training.batch_size)
    model.train()
    began = time.perf_counter()
    for step in range(len(losses), steps):
        batch = pairs[step * training.batch_size : (step + 1) * training.batch_size]
        torch.manual_seed((training.seed + step) % 2**63)  # dropout after a resumption is that of an unbroken run
        learning_rate = cosine(training.learning_rate, step, steps)
        losses.append(_step(model, optimizer, batch, training, learning_rate))
        if not math.isfinite(losses[-1]):
            raise FloatingPointError(_diverged(losses, steps, training))
        if checkpoints and checkpoint_every and (step + 1) % checkpoint_every == 0 and step + 1 < steps:
            spent = seconds + time.perf_counter() - began
            deep_checkpoint.save(checkpoints, Progress(run, step + 1, losses, spent), model, optimizer)
    return Fit(losses, seconds + time.perf_counter() - began)


def make_optimizer(model: nn.Module, training: Training) -> torch.optim.AdamW:
    """AdamW that decays matrices (the head is one) and neither biases nor norms, which are vectors."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": training.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=training.learning_rate, betas=training.adam_betas, eps=1e-8, fused=True)


def cosine(peak: float, step: int, steps: int) -> float:
    """The learning rate of step 0, 1, ..., steps - 1: half a cosine from `peak` towards 0, without warm-up."""
    return peak * 0.5 * (1 + math.cos(math.pi * step / steps))


def _step(
    model: RewardModel,
    optimizer: torch.optim.AdamW,
    pairs: Sequence[EncodedPair],
    training: Training,
    learning_rate: float,
) -> float:
    """One update; the batch's loss with the penalty, at the weights before it."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    for part in _parts(pairs, training.micro_batch):
        batch = collate(part, model.padding)
        loss = pairwise_loss(model(batch), batch.first.to(model.device), batch.last.to(model.device))
        share = loss * (len(part) / len(pairs))
        share.backward()  # type: ignore[no-untyped-call]
        total += share.item()
    weight = model.v_head.weight
    penalty = training.beta * l1_norm(weight)
    if training.penalty is Penalty.SUBGRADIENT:
        penalty.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), training.clip_norm)
        optimizer.step()
    else:
        # The head's gradient keeps its scale, as beta is in its units; Adam's step does not depend on that scale.
        nn.utils.clip_grad_norm_(model.backbone.parameters(), training.clip_norm)
        optimizer.step()
        proximal_step_l1(weight, optimizer, training.beta)
    return total + penalty.item()


def _parts(pairs: Sequence[EncodedPair], size: int) -> Iterator[Sequence[EncodedPair]]:
    """The micro-batches of a batch, pairs of similar length together: that spares padding, and a mean has no order."""
    by_length = sorted(pairs, key=lambda pair: pair.end)
    for start in range(0, len(pairs), size):
        yield by_length[start : start + size]


def _digest(pairs: Sequence[EncodedPair]) -> str:
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(pair.chosen.tobytes() + b"|" + pair.rejected.tobytes() + b"\n")
    return digest.hexdigest()


def _diverged(losses: Sequence[float], steps: int, training: Training) -> str:
    before = f"it was {losses[-2]:.4g} one step before" if len(losses) > 1 else "it was the first step"
    return (
        f"training diverged: loss {losses[-1]} at step {len(losses)} of {steps} ({before}); "
        f"learning rate {training.learning_rate:g}, beta {training.beta:g}"
    )
