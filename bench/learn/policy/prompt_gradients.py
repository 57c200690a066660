"""What the gradients of a prompt's responses have to do with each other: their exact inner products, a matrix a prompt.

With K[i, j] = <grad log pi(y_i|x), grad log pi(y_j|x)>, over all weights of the policy, every loss of log-probabilities
has the norm of its gradient at the prompt without another backward pass: where dL = sum_i c_i d log pi(y_i|x), its
square is c'Kc, for any labels, weights of pairs and beta.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.errors import UserError
from bench.learn.policy import attention, support
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import log_probs
from bench.learn.policy.packing import micro_batches, pack
from bench.learn.policy.response_gradients import each_response
from bench.spec import Progress

Gram = NDArray[np.float64]  # (k, k)
Gradient = dict[torch.nn.Parameter, torch.Tensor]  # of every weight of a model, by the weight

TOKENS = 2048  # of a stream: more are no faster on a CPU
HELD = 2**26  # numbers that the gradients of the largest weight may take, 256 MiB of float32; one prompt may take more
BLOCK = 2**17  # numbers that are multiplied out in float64 at a time: 1 MiB, which a processor's cache holds
ROUNDING = 1e-3  # relative, between two orders of computing in float32; a layer left out makes far more


def gram_matrices(model: Any, groups: Sequence[Completions], *, progress: Progress | None = None) -> list[Gram]:
    """K of every group, in order: (k, k), float64, positive semi-definite up to rounding.

    `model` is a transformers decoder. Gradients are over all of its weights, frozen ones too, without dropout, in its
    own precision; their inner products are added up in float64. `progress` gets (groups done, groups in all). Raises
    UserError for a model or tokens that the engine cannot take, and for a model whose layers cannot be taken apart by
    responses, which is looked at on the first group.
    """
    found: dict[int, Gram] = {}
    for part, batch in _batches(model, groups):
        found |= dict(zip(part, _grams(model, batch), strict=True))
        if progress is not None:
            progress(len(found), len(groups))
    return [found[index] for index in range(len(groups))]


def inner_products(model: Any, groups: Sequence[Completions], direction: Gradient) -> list[NDArray[np.float64]]:
    """Of every group, <grad log pi(y_i|x), direction> for its responses (k,); otherwise as `gram_matrices`."""
    found: dict[int, NDArray[np.float64]] = {}

    def add(total: torch.Tensor, weight: torch.nn.Parameter, rows: torch.Tensor) -> None:
        flat, columns = direction[weight].flatten(), max(1, BLOCK // len(rows))
        for part, along in zip(torch.split(rows, columns, 1), torch.split(flat, columns), strict=True):
            total += (part.double() @ along.double()).view_as(total)

    for part, batch in _batches(model, groups):
        total = torch.zeros(len(part), len(batch[0].responses), dtype=torch.float64, device=model.device)
        each_response(model, batch, partial(add, total))
        found |= dict(zip(part, total.cpu().numpy(), strict=True))
    return [found[index] for index in range(len(groups))]


def combined_gradient(
    model: Any, groups: Sequence[Completions], coefficients: Sequence[NDArray[np.floating]]
) -> Gradient:
    """The sum over groups and responses of coefficients[group][i] grad log pi(y_i|x).

    By plain backpropagation, each prompt computed once; otherwise as `gram_matrices`.
    """
    attention.enable(model)
    support.check_groups(model, groups)
    weights = list(model.parameters())
    total = {weight: torch.zeros_like(weight, requires_grad=False) for weight in weights}
    with _ready(model):
        for part in micro_batches(groups, range(len(groups)), TOKENS):
            sums = log_probs(model, pack([groups[index] for index in part]).to(model.device)).sums
            factors = torch.from_numpy(np.concatenate([coefficients[index] for index in part])).to(sums)
            gradients = torch.autograd.grad((sums * factors).sum(), weights, allow_unused=True)
            for weight, gradient in zip(weights, gradients, strict=True):
                if gradient is not None:
                    total[weight] += gradient
    return total


def _grams(model: Any, groups: Sequence[Completions]) -> NDArray[np.float64]:
    """(n, k, k) of groups of one k."""
    k = len(groups[0].responses)
    total = torch.zeros(len(groups), k, k, dtype=torch.float64, device=model.device)

    def add(weight: torch.nn.Parameter, rows: torch.Tensor) -> None:
        for part in torch.split(rows, max(1, BLOCK // len(rows)), 1):
            exact = part.double().view(len(groups), k, -1)
            total.add_(exact @ exact.mT)

    each_response(model, groups, add)
    return np.asarray(total.cpu().numpy())


def _batches(model: Any, groups: Sequence[Completions]) -> Iterator[tuple[list[int], list[Completions]]]:
    """Groups of one k at a time, with their indices: at most `TOKENS` and what `HELD` allows, or one group."""
    attention.enable(model)
    support.check_groups(model, groups)
    responses = HELD // max(weight.numel() for weight in model.parameters())

    def tokens(index: int) -> int:
        return sum(len(groups[index].prompt) + len(response) - 1 for response in groups[index].responses)

    part: list[int] = []
    with _ready(model):
        if groups:
            _check(model, groups[0])
        for index in sorted(range(len(groups)), key=lambda i: (len(groups[i].responses), i)):
            k = len(groups[index].responses)
            other = part and k != len(groups[part[0]].responses)
            if other or (part and (sum(map(tokens, part)) + tokens(index) > TOKENS or (len(part) + 1) * k > responses)):
                yield part, [groups[i] for i in part]
                part = []
            part.append(index)
        if part:
            yield part, [groups[i] for i in part]


@contextmanager
def _ready(model: Any) -> Iterator[None]:
    """Within, `model` is in evaluation mode and all of its weights have gradients; then as it was."""
    was_training, frozen = model.training, [weight for weight in model.parameters() if not weight.requires_grad]
    model.eval()
    try:
        for weight in frozen:
            weight.requires_grad_(True)
        with torch.enable_grad():
            yield
    finally:
        for weight in frozen:
            weight.requires_grad_(False)
        model.train(was_training)


def _check(model: Any, group: Completions) -> None:
    """Hold c'Kc against the norm of one gradient by plain backpropagation, with unequal c."""
    gram = _grams(model, [group])[0]
    coefficients = np.linspace(-1.0, 2.0, len(gram)) if len(gram) > 1 else np.ones(1)
    plain = combined_gradient(model, [group], [coefficients])
    expected = sum(float(gradient.double().square().sum()) for gradient in plain.values())
    found = float(coefficients @ gram @ coefficients)
    scale = float(coefficients**2 @ np.diag(gram))
    if not abs(found - expected) <= ROUNDING * scale:
        raise UserError(
            f"the gradients of the {model.config.model_type} model cannot be taken apart by responses: the squared "
            f"norm of their sum would be {found:.6g}, and it is {expected:.6g}"
        )
