"""Hidden states of a language model at chosen positions: within a step, or once for all, kept by content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from bench.errors import UserError
from bench.files import replace
from bench.learn.policy.reference import weights_hash
from bench.learn.reward.pal.tokens import Keys, Texts
from bench.spec import Progress

VERSION = 1  # of what is computed: raise it when the same weights and texts give other numbers
MAX_TOKENS = 4096  # of a forward pass, padding included


def hidden_states(backbone: Any, texts: Texts, keys: Keys, progress: Progress | None = None) -> torch.Tensor:
    """(R, D) float32: the last hidden states that the ascending `keys` (R,) name, with gradients where those are on.

    A text is padded on its right as far as its positions reach, and padding is masked, as a tokenizer's is.
    `progress` gets (texts done, texts in all).
    """
    of_text, positions = np.divmod(keys, texts.max_length)
    read, starts = np.unique(of_text, return_index=True)
    ends = np.append(starts[1:], len(keys))
    lengths = np.maximum([len(texts.rows[text]) for text in read], positions[ends - 1] + 1)
    found, order, done = [], [], 0
    for part in _micro_batches(lengths):
        ids, mask = _padded([texts.rows[read[index]] for index in part], int(lengths[part].max()), texts.padding)
        device = next(backbone.parameters()).device
        states = backbone(
            input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False
        ).last_hidden_state.float()
        for row, index in enumerate(part):
            at = slice(starts[index], ends[index])
            found.append(states[row, torch.from_numpy(positions[at]).to(device)])
            order.append(np.arange(starts[index], ends[index]))
        done += len(part)
        if progress is not None:
            progress(done, len(read))
    back = torch.from_numpy(np.argsort(np.concatenate(order)))
    return torch.cat(found)[back.to(found[0].device)]


def frozen_states(
    backbone: Any, texts: Texts, keys: Keys, cache_dir: Path | None, progress: Progress | None = None
) -> torch.Tensor:
    """(R, D): the hidden states that the ascending `keys` name, from the cache where that has them.

    The cache is a file a (weights, configuration, texts, positions) under `cache_dir`/pal; a damaged one is made
    again, None keeps nothing. Raises UserError where it cannot be written.
    """
    path = None
    if cache_dir is not None:
        name = hashlib.sha256(f"{VERSION} {weights_hash(backbone)} {_digest(texts, keys)}".encode()).hexdigest()
        path = cache_dir / "pal" / f"{name}.safetensors"
        if (kept := _read(path, len(keys))) is not None:
            return torch.from_numpy(kept)
    with torch.no_grad():
        states = hidden_states(backbone, texts, keys, progress).cpu()
    if path is not None:
        _write(path, states.numpy())
    return states


def _micro_batches(lengths: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Indices, shortest first, so that few are padded much; at most MAX_TOKENS a batch, or one text."""
    batch: list[int] = []
    for index in np.argsort(lengths, kind="stable").tolist():
        if batch and (len(batch) + 1) * lengths[index] > MAX_TOKENS:
            yield np.array(batch)
            batch = []
        batch.append(index)
    yield np.array(batch)


def _padded(texts: Sequence[NDArray[np.int32]], length: int, padding: int) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.full((len(texts), length), padding, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.from_numpy(text.astype(np.int64))
        mask[row, : len(text)] = 1
    return ids, mask


def _digest(texts: Texts, keys: Keys) -> str:
    digest = hashlib.sha256(f"{texts.max_length} {texts.padding}".encode())
    digest.update(np.array([len(row) for row in texts.rows], dtype="<i8").tobytes())
    for row in texts.rows:
        digest.update(row.astype("<i4").tobytes())
    digest.update(keys.astype("<i8").tobytes())
    return digest.hexdigest()


def _read(path: Path, rows: int) -> NDArray[np.float32] | None:
    """What `_write` wrote; None where there is no file, or it is damaged."""
    try:
        stored = load(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, SafetensorError):
        return None
    states = stored.get("states")
    if states is None or states.ndim != 2 or len(states) != rows or "sha256" not in stored:
        return None
    return states if hashlib.sha256(states.tobytes()).digest() == stored["sha256"].tobytes() else None


def _write(path: Path, states: NDArray[np.float32]) -> None:
    digest = np.frombuffer(hashlib.sha256(states.tobytes()).digest(), dtype=np.uint8)
    try:
        replace(path, save({"states": states, "sha256": digest}))
    except OSError as error:
        raise UserError(f"cannot write the feature cache {path}: {error.strerror}; set PREFBENCH_CACHE") from error
