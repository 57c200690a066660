"""One trainer for policies and reward models: AdamW on exact batch gradients, exactly resumable."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bench.errors import UserError
from bench.files import replace as replace_file
from bench.learn.policy import checkpoint, linear, support
from bench.learn.policy.accumulation import accumulate
from bench.learn.policy.completions import Completions
from bench.learn.policy.engine import Engine, LocalEngine
from bench.learn.policy.metrics import Fit, Memory, StepMetrics, peak_bytes
from bench.learn.policy.objectives import Adaptive, Batch, Objective
from bench.learn.policy.packing import micro_batches
from bench.learn.policy.schedule import batch_indices, learning_rate, steps_per_epoch
from bench.learn.policy.training import Training
from bench.seeds import seed_for


class DivergenceError(UserError):
    """The loss or the gradient was not finite at `step` (1, 2, ...); `batch` is where the batch was saved."""

    def __init__(self, message: str, step: int, batch: Path | None) -> None:
        super().__init__(message)
        self.step = step
        self.batch = batch


class _Outputs(nn.Module):
    """The objective's outputs as a module: what an engine wraps, so that its hooks see every weight's use."""

    def __init__(self, model: Any, objective: Objective) -> None:
        super().__init__()
        self.model = model
        self.objective = objective

    @property
    def head(self) -> nn.Module | None:
        """A language model's; None where there is none."""
        find = getattr(self.model, "get_output_embeddings", None)
        return find() if find else None

    def forward(self, groups: Sequence[Completions]) -> torch.Tensor:
        return self.objective.outputs(self.model, groups)


def train(
    model: Any,
    groups: Sequence[Completions],
    objective: Objective,
    training: Training,
    *,
    checkpoints: Path | None = None,
    on_step: Callable[[StepMetrics], None] | None = None,
) -> Fit:
    """Train `model` in place, on its device; `on_step` is called after every optimiser step (on
    rank 0).

    With `checkpoints`, a folder of this run's own, calling again with the same arguments after a kill goes on from
    the last one and ends with the same weights, bit for bit on CPU; after the end it restores them.
    Raises UserError, before any step, for data, a model or a checkpoint that cannot be used; DivergenceError, with
    the batch saved in `checkpoints`, when loss or gradient are not finite.
    """
    _check(model, groups)
    objective.check(model, groups)
    run = _run(model, groups, objective, training) if checkpoints else None
    kept = checkpoint.restore(checkpoints, run) if checkpoints and run else None
    steps = training.epochs * steps_per_epoch(len(groups), training)
    fit = Fit([], 0.0, objective.start(steps) if isinstance(objective, Adaptive) else None)
    with _training_mode(model, training), torch.random.fork_rng(_cuda_devices(model)):
        engine = _engine(_Outputs(model, objective), training)
        failed = True
        try:
            if kept:
                fit, state = kept
                engine.load(state, len(fit.steps))
            for step in range(len(fit.steps), steps):
                metrics, memory = _step(engine, groups, objective, training, step, steps, fit.memory, checkpoints)
                fit.steps.append(metrics)  # a copy a step would cost the square of their number
                fit = Fit(fit.steps, fit.seconds + metrics.seconds, memory)
                due = step + 1 == steps or (training.checkpoint_every and (step + 1) % training.checkpoint_every == 0)
                if checkpoints and run and due:
                    state = engine.state()
                    if engine.rank == 0:
                        checkpoint.save(checkpoints, run, fit, state)
                if on_step and engine.rank == 0:
                    on_step(metrics)
            failed = False
        finally:
            engine.close(failed)
    return fit


def _engine(module: _Outputs, training: Training) -> Engine:
    if training.zero:
        from bench.learn.policy.distributed import ZeroEngine

        return ZeroEngine(module, training, module.head)
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UserError("training.zero: torchrun has started several processes; give a ZeRO stage, 1, 2 or 3")
    return LocalEngine(module, training)


def _step(
    engine: Engine,
    groups: Sequence[Completions],
    objective: Objective,
    training: Training,
    step: int,
    steps: int,
    memory: Memory | None,
    checkpoints: Path | None,
) -> tuple[StepMetrics, Memory | None]:
    """Make step 0, 1, ... of `steps`; what it was like, and what the objective remembers of it."""
    began = time.perf_counter()
    indices = batch_indices(len(groups), training, step)
    parts = [_batch(groups, part, memory) for part in micro_batches(groups, indices.tolist(), training.max_tokens)]
    batch = Batch(sum((part.groups for part in parts), ()), sum((part.indices for part in parts), ()), memory)
    seeds = [seed_for("policy", "dropout", training.seed, step, place) for place in range(len(parts))]
    outputs = accumulate(engine, objective, parts, batch, seeds)
    weight = sum(map(objective.weight, batch.groups))
    finite = bool(torch.isfinite(outputs).all())
    loss = float(objective.losses(outputs, batch).sum()) / weight if finite else math.nan
    rate = learning_rate(training, step, steps)
    norm = engine.step(rate) if math.isfinite(loss) else math.nan
    if not math.isfinite(norm):
        keep = checkpoints if engine.rank == 0 else None
        raise _diverged(loss, step + 1, steps, rate, batch, outputs, keep)
    seconds = time.perf_counter() - began
    tokens = sum(group.stream_length for group in batch.groups)
    metrics = StepMetrics(
        step=step + 1,
        epoch=step // steps_per_epoch(len(groups), training),
        learning_rate=rate,
        loss=loss,
        gradient_norm=norm,
        tokens=tokens,
        measures=objective.measure(outputs, batch),
        seconds=seconds,
        tokens_per_second=tokens / seconds,
        peak_bytes=peak_bytes(outputs.device),
    )
    return metrics, objective.remember(outputs, batch) if isinstance(objective, Adaptive) else None


def _batch(groups: Sequence[Completions], indices: Sequence[int], memory: Memory | None) -> Batch:
    return Batch(tuple(groups[index] for index in indices), tuple(indices), memory)


def _check(model: Any, groups: Sequence[Completions]) -> None:
    if not groups:
        raise UserError("there is nothing to train on: 0 groups")
    support.check_finite(model)
    support.check_groups(model.base_model, groups)


def _run(model: Any, groups: Sequence[Completions], objective: Objective, training: Training) -> checkpoint.Run:
    # When checkpoints are written decides nothing; on how many machines, the order of a few sums.
    settings = {name: value for name, value in asdict(training).items() if name not in ("checkpoint_every", "zero")}
    return checkpoint.run_of(model, groups, objective.identity(), settings)


@contextmanager
def _training_mode(model: Any, training: Training) -> Iterator[None]:
    decoder, was_training = model.base_model, model.training
    model.train()
    if training.gradient_checkpointing:  # by the name of transformers 5.23, or the one before
        enable = getattr(decoder, "activation_checkpointing_enable", None) or decoder.gradient_checkpointing_enable
        enable({"use_reentrant": False, "context_fn": linear.again})
    try:
        yield
    finally:
        model.train(was_training)
        if training.gradient_checkpointing:
            disable = (
                getattr(decoder, "activation_checkpointing_disable", None) or decoder.gradient_checkpointing_disable
            )
            disable()
            decoder.disable_input_require_grads()


def _cuda_devices(model: Any) -> list[int]:
    return [model.device.index or 0] if model.device.type == "cuda" else []


def _diverged(
    loss: float,
    step: int,
    steps: int,
    rate: float,
    batch: Batch,
    outputs: torch.Tensor,
    checkpoints: Path | None,
) -> DivergenceError:
    what = f"loss {loss}" if not math.isfinite(loss) else f"a gradient that is not finite (loss {loss:.4g})"
    message = f"training diverged: {what} at step {step} of {steps}, learning rate {rate:g}"
    if checkpoints is None:
        return DivergenceError(f"{message}. With a folder for checkpoints, the batch would be kept", step, None)
    values = [value if math.isfinite(value) else str(value) for value in outputs.tolist()]
    saved = checkpoints / f"diverged-{step:08d}.json"
    groups = [
        {"index": index, "prompt": group.prompt.tolist(), "responses": [ids.tolist() for ids in group.responses]}
        for index, group in zip(batch.indices, batch.groups, strict=True)
    ]
    replace_file(saved, json.dumps({"step": step, "loss": str(loss), "groups": groups, "outputs": values}).encode())
    return DivergenceError(f"{message}. The batch is in {saved}", step, saved)
