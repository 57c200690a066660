"""A reference model's log-probabilities: computed once, kept by content, so that training holds one model alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from bench.errors import UserError
from bench.files import replace
from bench.learn.policy import attention, support
from bench.learn.policy.completions import Completions, turned
from bench.learn.policy.log_probs import MAX_TOKENS, response_log_probs, response_sums
from bench.spec import Progress

VERSION = 3  # of what is computed: raise it when the same weights and data give other numbers


@dataclass(frozen=True, eq=False)
class ReferenceLogProbs:
    """Log-probabilities of the responses of n groups, in nats, in the groups' order."""

    tokens: tuple[NDArray[np.float32], ...]  # one a group: (T,), response after response
    sums: tuple[NDArray[np.float64], ...]  # one a group: (k,), log pi(y | x)
    fingerprint: str  # sha256 of model and data
    data: str  # sha256 of the groups
    vocabulary: int  # tokens that the model puts probabilities on

    def check(self, model: Any, groups: Sequence[Completions]) -> None:
        """Raise UserError unless these are of `groups`, in their order, and of a model with the tokens of `model`."""
        support.check_vocabulary(model, self.vocabulary)
        self.check_data(groups)

    def check_data(self, groups: Sequence[Completions]) -> None:
        """Raise UserError unless these are of `groups`, in their order."""
        if len(groups) != len(self.tokens):
            raise UserError(f"reference log-probabilities of {len(self.tokens):,} groups for {len(groups):,} groups")
        if data_hash(groups) != self.data:
            raise UserError("the reference log-probabilities are of other data, or of the same groups in another order")

    def turned(self, groups: Sequence[Completions], turn: NDArray[np.bool_]) -> ReferenceLogProbs:
        """Those of the same groups with the two responses of each that is to `turn` (n,) in the other order.

        `groups` are the old ones. A judge that read these numbers before training need not compute them again.
        """
        parts = [np.split(values, [len(group.responses[0])]) for values, group in zip(self.tokens, groups, strict=True)]
        tokens = tuple(
            np.concatenate(both[::-1]) if other else values
            for values, both, other in zip(self.tokens, parts, turn, strict=True)
        )
        sums = tuple(both[::-1] if other else both for both, other in zip(self.sums, turn, strict=True))
        data = data_hash([turned(group) if other else group for group, other in zip(groups, turn, strict=True)])
        fingerprint = hashlib.sha256(f"{self.fingerprint} {data}".encode()).hexdigest()
        return ReferenceLogProbs(tokens, sums, fingerprint, data, self.vocabulary)


def reference_log_probs(
    model: Any,
    groups: Sequence[Completions],
    *,
    cache_dir: Path | None,
    max_tokens: int = MAX_TOKENS,
    progress: Progress | None = None,
) -> ReferenceLogProbs:
    """The log-probabilities of `groups` under `model` as it is now, without dropout, from the cache if it has them.

    The cache is a file a (weights, config, precision, data) under `cache_dir`/reference; a damaged one is made again.
    None keeps nothing. No second model is made: call it before training. `progress` gets (groups done, groups in
    all). Raises UserError for NaN weights, a model or tokens that the engine cannot take, and a cache that cannot be
    written.
    """
    support.check_finite(model)
    attention.enable(model)
    support.check_groups(model, groups)
    data = data_hash(groups)
    fingerprint = hashlib.sha256(f"{VERSION} {weights_hash(model)} {data}".encode()).hexdigest()
    vocabulary = support.vocabulary(model)
    path = None if cache_dir is None else cache_dir / "reference" / f"{fingerprint}.safetensors"
    tokens = None if path is None else _read(path, groups, vocabulary)
    if tokens is None:
        tokens = response_log_probs(model, groups, max_tokens=max_tokens, progress=progress)
        if path is not None:
            _write(path, tokens, vocabulary)
    return ReferenceLogProbs(tuple(tokens), tuple(response_sums(groups, tokens)), fingerprint, data, vocabulary)


def weights_hash(model: Any) -> str:
    """sha256 of what `model` computes with: its configuration and every tensor, by name, type, shape and bytes."""
    digest = hashlib.sha256(model.config.to_json_string(use_diff=True).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def data_hash(groups: Sequence[Completions]) -> str:
    """sha256 of the groups' tokens, in order."""
    digest = hashlib.sha256()
    for group in groups:
        rows = (group.prompt, *group.responses)
        digest.update(np.array([len(rows), *map(len, rows)], dtype="<i8").tobytes())
        for row in rows:
            digest.update(row.astype("<i4").tobytes())
    return digest.hexdigest()


def _read(path: Path, groups: Sequence[Completions], vocabulary: int) -> list[NDArray[np.float32]] | None:
    """What `_write` wrote for `groups`; None where there is no file, it is damaged, or of another vocabulary."""
    try:
        stored = load(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, SafetensorError):
        return None
    sizes = [sum(map(len, group.responses)) for group in groups]
    tokens = stored.get("tokens")
    if tokens is None or tokens.shape != (sum(sizes),) or tokens.dtype != np.float32 or _digest(tokens) != _sum(stored):
        return None
    if "vocabulary" not in stored or stored["vocabulary"].tolist() != [vocabulary]:
        return None
    return np.split(tokens, np.cumsum(sizes)[:-1])


def _write(path: Path, tokens: Sequence[NDArray[np.float32]], vocabulary: int) -> None:
    flat = np.concatenate(tokens)
    digest = np.frombuffer(_digest(flat), dtype=np.uint8)
    try:
        replace(path, save({"tokens": flat, "sha256": digest, "vocabulary": np.array([vocabulary])}))
    except OSError as error:
        raise UserError(f"cannot write the reference cache {path}: {error.strerror}; set PREFBENCH_CACHE") from error


def _digest(tokens: NDArray[np.float32]) -> bytes:
    return hashlib.sha256(tokens.tobytes()).digest()


def _sum(stored: dict[str, NDArray[Any]]) -> bytes:
    return stored["sha256"].tobytes() if "sha256" in stored else b""
