"""Arrays that are made once and kept by content: sampled responses, rewards, scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from bench.files import once, replace
from bench.learn.policy.completions import Completions, Ids

Arrays = Mapping[str, NDArray[np.generic]]


def kept_arrays(path: Path, make: Callable[[], Arrays]) -> Arrays:
    """What `path` holds, else what `make()` gives, kept as `bench.files.once` does."""
    return once(path, _read, lambda: {name: np.ascontiguousarray(values) for name, values in make().items()}, _write)


def _read(path: Path) -> Arrays | None:
    try:
        return load(path.read_bytes())
    except (FileNotFoundError, SafetensorError):
        return None


def _write(path: Path, arrays: Arrays) -> None:
    replace(path, save(dict(arrays)))


def written(responses: Sequence[Sequence[Ids]]) -> Arrays:
    """The same number of responses to every prompt, as two arrays."""
    flat = [ids for each in responses for ids in each]
    lengths = np.array([len(ids) for ids in flat], dtype=np.int32).reshape(len(responses), -1)
    return {"tokens": np.concatenate(flat).astype(np.int32), "lengths": lengths}


def read(arrays: Arrays) -> list[tuple[Ids, ...]]:
    """The inverse of `written`."""
    lengths = arrays["lengths"]
    parts = np.split(np.asarray(arrays["tokens"], dtype=np.int32), np.cumsum(lengths.ravel())[:-1])
    k = lengths.shape[1]
    return [tuple(parts[row * k : (row + 1) * k]) for row in range(len(lengths))]


def grouped(prompts: Sequence[Ids], responses: Sequence[Sequence[Ids]]) -> list[Completions]:
    """A group for every prompt."""
    return [Completions(prompt, tuple(each)) for prompt, each in zip(prompts, responses, strict=True)]
