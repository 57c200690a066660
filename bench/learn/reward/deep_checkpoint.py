"""Checkpoints of a training run: safetensors for the tensors, JSON for the rest, a rename as the commit."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

_TENSORS, _PROGRESS = "tensors.safetensors", "progress.json"


@dataclass(frozen=True)
class Progress:
    """What a checkpoint knows besides weights and moments."""

    run: str  # the hash of what is trained on what; a checkpoint of another run is refused
    steps: int  # optimiser steps done
    losses: list[float]  # one a step, penalty included
    seconds: float  # spent in training so far, over all attempts


def save(folder: Path, progress: Progress, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Commit a checkpoint and drop the earlier ones. A kill at any moment leaves at least one that is whole."""
    final = folder / f"step-{progress.steps:08d}"
    temporary = folder / f".{final.name}.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    save_file(_tensors(model, optimizer), temporary / _TENSORS)
    (temporary / _PROGRESS).write_text(json.dumps(asdict(progress)))
    for name in (_TENSORS, _PROGRESS):
        with (temporary / name).open("rb") as stream:
            os.fsync(stream.fileno())
    temporary.rename(final)
    for earlier in _steps(folder)[:-1]:
        shutil.rmtree(earlier)


def restore(folder: Path, run: str, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> Progress | None:
    """Load the latest checkpoint into `model` and `optimizer`; None where there is none.

    Raises ValueError when the checkpoint is of another run.
    """
    found = _steps(folder)
    if not found:
        return None
    progress = Progress(**json.loads((found[-1] / _PROGRESS).read_text()))
    if progress.run != run:
        raise ValueError(f"{found[-1]} is a checkpoint of another run ({progress.run[:12]}, not {run[:12]}); remove it")
    tensors = load_file(found[-1] / _TENSORS)
    model.load_state_dict(_part(tensors, "model."))
    state: dict[int, dict[str, Any]] = {}
    for name, tensor in _part(tensors, "optimizer.").items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return progress


def _tensors(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    tensors = {f"model.{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": tensor.contiguous() for key, tensor in state.items()}
    return tensors


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _steps(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"))
