"""Log-probabilities of responses given their prompts, each prompt computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

from bench.learn.policy import attention, support
from bench.learn.policy.attention import hidden_states
from bench.learn.policy.completions import Completions
from bench.learn.policy.packing import Packing, micro_batches, pack
from bench.spec import Progress

__all__ = ["LogProbs", "hidden_states", "in_chunks", "log_probs", "response_log_probs", "response_sums"]

LOGITS = 2**24  # logits that exist at a time, 64 MiB of float32
MAX_TOKENS = 4096  # of a stream, where no gradient is kept: at 8192 the states of a small model leave the cache


@dataclass(frozen=True)
class LogProbs:
    """log pi(y_t | x, y_<t) of the T response tokens of a packing, and which of its R responses each belongs to."""

    tokens: torch.Tensor  # (T,) float32, nats
    response: torch.Tensor  # (T,) int64
    lengths: torch.Tensor  # (R,) int64

    @property
    def sums(self) -> torch.Tensor:
        """(R,): log pi(y | x) in nats, the sum over the response's tokens; of a batch of pairs, [0::2] are chosen."""
        return self.tokens.new_zeros(len(self.lengths)).index_add(0, self.response, self.tokens)


def log_probs(model: Any, packing: Packing, *, chunk: int | None = None) -> LogProbs:
    """Per-token log-probabilities of every response in `packing` under `model` (`attention.enable`d), on its device.

    Logits are computed for response tokens only, in float32, and for at most `chunk` of them at a time (by default as
    many as make 64 MiB). All chunks but the last are computed again in the backward pass, which begins with the last.
    """
    hidden = hidden_states(model, packing).index_select(0, packing.sources)

    def tokens(states: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return -cross_entropy(support.logits(model, states), targets, reduction="none")

    found = in_chunks(model, tokens, hidden, packing.targets, chunk=chunk)
    return LogProbs(found, packing.response, packing.lengths)


def in_chunks(
    model: Any, compute: Callable[..., torch.Tensor], *rows: torch.Tensor, chunk: int | None = None
) -> torch.Tensor:
    """`compute(*rows)` of tensors (T, ...), for at most `chunk` rows at a time, as logits under `model` are large.

    With gradient, all chunks but the last are computed again in the backward pass, which begins with the last.
    """
    if chunk is None:
        chunk = max(1, LOGITS // model.config.get_text_config().vocab_size)
    parts = list(zip(*(torch.split(values, chunk) for values in rows), strict=True))
    if not torch.is_grad_enabled():
        return torch.cat([compute(*part) for part in parts])
    again = [checkpoint(compute, *part, use_reentrant=False) for part in parts[:-1]]
    return torch.cat([*again, compute(*parts[-1])])


@torch.no_grad()
def response_log_probs(
    model: Any, groups: Sequence[Completions], *, max_tokens: int = MAX_TOKENS, progress: Progress | None = None
) -> list[NDArray[np.float32]]:
    """For every group, the log-probabilities of all its response tokens (T,), response after response, in nats.

    Without gradient or dropout, at most `max_tokens` stream tokens at a time; the model's mode is left as it was.
    `progress` gets (groups done, groups in all). `response_sums` adds them up.
    """
    attention.enable(model)
    support.check_groups(model, groups)
    was_training = model.training
    model.eval()
    found: dict[int, NDArray[np.float32]] = {}
    try:
        for part in micro_batches(groups, range(len(groups)), max_tokens):
            batch = [groups[index] for index in part]
            tokens = log_probs(model, pack(batch).to(model.device)).tokens.cpu()
            sizes = [sum(map(len, group.responses)) for group in batch]
            found |= {index: values.numpy() for index, values in zip(part, torch.split(tokens, sizes), strict=True)}
            if progress is not None:
                progress(len(found), len(groups))
    finally:
        model.train(was_training)
    return [found[index] for index in range(len(groups))]


def response_sums(groups: Sequence[Completions], tokens: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float64]]:
    """For every group, log pi(y | x) of its k responses (k,), in nats, from what `response_log_probs` returns."""
    sums = []
    for group, values in zip(groups, tokens, strict=True):
        starts = np.cumsum([0, *map(len, group.responses[:-1])])
        sums.append(np.add.reduceat(values, starts, dtype=np.float64))
    return sums
