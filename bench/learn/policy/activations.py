"""What goes on inside a decoder at the places that predict response tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bench.learn.policy import attention, support
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import MAX_TOKENS
from bench.learn.policy.packing import micro_batches, pack


def layers(model: Any) -> list[nn.Module]:
    """The decoder's blocks, in order."""
    count = model.config.get_text_config().num_hidden_layers
    lists = (module for module in model.base_model.modules() if isinstance(module, nn.ModuleList))
    return list(next(found for found in lists if len(found) == count))


@torch.no_grad()
def states(model: Any, groups: Sequence[Completions]) -> torch.Tensor:
    """(T, L, d): what each of the L blocks puts out where it predicts each of the T response tokens, without dropout.

    `model` is `attention.enable`d; its mode is left as it was.
    """
    packing = pack(groups).to(model.device)
    with _recording(model, layers(model)) as seen:
        attention.hidden_states(model, packing)
    return torch.stack([seen[place].index_select(0, packing.sources) for place in sorted(seen)], 1)


@torch.no_grad()
def mean_activations(
    model: Any, groups: Sequence[Completions], *, max_tokens: int = MAX_TOKENS
) -> list[NDArray[np.float32]]:
    """(T, A) of every group, response after response: means of activations where each response token is predicted.

    An activation is the output of a block, or of one of its direct parts (norms, attention, feed-forward network), and
    its mean is over the output's dimensions. No gradient, no dropout, at most `max_tokens` stream tokens at a time.
    Raises UserError for a model or tokens that the engine cannot take.
    """
    attention.enable(model)
    support.check_groups(model, groups)
    blocks = layers(model)
    watched = [part for block in blocks for part in (block, *block.children())]
    found: dict[int, NDArray[np.float32]] = {}
    for part in micro_batches(groups, range(len(groups)), max_tokens):
        batch = [groups[index] for index in part]
        packing = pack(batch).to(model.device)
        with _recording(model, watched) as seen:
            attention.hidden_states(model, packing)
        means = torch.stack([seen[place].float().mean(1) for place in sorted(seen)], 1)
        sizes = [sum(map(len, group.responses)) for group in batch]
        rows = torch.split(means.index_select(0, packing.sources).cpu(), sizes)
        found |= {index: values.numpy() for index, values in zip(part, rows, strict=True)}
    return [found[index] for index in range(len(groups))]


@contextmanager
def _recording(model: Any, modules: Sequence[nn.Module]) -> Iterator[dict[int, torch.Tensor]]:
    """Outputs (N, ...) of `modules` by their places in the list, in evaluation mode; of those that were called."""
    seen: dict[int, torch.Tensor] = {}

    def record(place: int) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            values = output[0] if isinstance(output, tuple) else output
            seen[place] = values.reshape(-1, values.shape[-1])

        return hook

    was_training = model.training
    model.eval()
    hooks = [module.register_forward_hook(record(place)) for place, module in enumerate(modules)]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
        model.train(was_training)
