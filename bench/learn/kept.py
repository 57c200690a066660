"""Weights that are made once and kept by content, with what was seen while they were made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from bench.files import once, replace
from bench.spec import canonical


@dataclass(frozen=True)
class Made:
    """A trained module, and what was seen while it was made."""

    module: Any
    facts: Mapping[str, float]


def place(folder: Path, kind: str, parts: Mapping[str, Any]) -> Path:
    """The file in `folder` of weights that depend on `parts` (JSON values) alone."""
    return folder / f"{kind}-{hashlib.sha256(canonical(parts).encode()).hexdigest()}.safetensors"


def kept(path: Path, like: Callable[[], Any], make: Callable[[], Made]) -> Made:
    """What `path` holds, in a module as `like()` makes it, else what `make()` gives: see `bench.files.once`."""
    return once(path, lambda file: _read(file, like), make, _write)


def _read(path: Path, like: Callable[[], Any]) -> Made | None:
    try:
        with safe_open(path, framework="pt") as stored, torch.no_grad():
            facts = json.loads(stored.metadata()["facts"])
            module = like()
            for name, parameter in module.named_parameters():
                parameter.copy_(stored.get_tensor(name))
    except (FileNotFoundError, SafetensorError):
        return None
    return Made(module.eval(), facts)


def _write(path: Path, made: Made) -> None:
    tensors = {name: parameter.detach().contiguous() for name, parameter in made.module.named_parameters()}
    replace(path, save(tensors, metadata={"facts": json.dumps(dict(made.facts))}))
