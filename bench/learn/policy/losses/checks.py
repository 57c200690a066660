"""What every loss asks of its inputs, so that the losses themselves are formulas and nothing else."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import torch
from torch import Tensor

Loss = Callable[..., Tensor]

FOUR = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")
LENGTHS = ("chosen_lengths", "rejected_lengths")
TOKENS = (
    "policy_chosen_tokens",
    "policy_rejected_tokens",
    "reference_chosen_tokens",
    "reference_rejected_tokens",
    "chosen_mask",
    "rejected_mask",
)
SCORES = ("scores",)
BATCH_QUANTITIES = (*LENGTHS, *TOKENS, *SCORES)
"""Keyword-only inputs from the batch: (B,) lengths in tokens, (B, T) log-probabilities of tokens, masks, and (B,)
scores: how much the chosen response is preferred to the rejected one, 1 where all that is known is the label."""

POSITIVE = (lambda value: 0 < value < math.inf, "positive and finite")
NOT_NEGATIVE = (lambda value: 0 <= value < math.inf, "at least 0 and finite")
RULES: Mapping[str, tuple[Callable[[float], bool], str]] = {
    "beta": POSITIVE,
    "beta_rejected": POSITIVE,
    "label_smoothing": (lambda value: 0 <= value < 0.5, "in [0, 0.5)"),
    "epsilon": (lambda value: 0 < value < 0.5, "in (0, 0.5)"),
    "tau": (lambda value: 0 < value < 1, "in (0, 1)"),
    "alpha": NOT_NEGATIVE,
    "gamma": NOT_NEGATIVE,
    "delta": NOT_NEGATIVE,
    "penalty": NOT_NEGATIVE,
    "sft_weight": NOT_NEGATIVE,
    "divergence_weight": NOT_NEGATIVE,
    "desirable_weight": NOT_NEGATIVE,
    "undesirable_weight": NOT_NEGATIVE,
    "threshold": (math.isfinite, "finite"),
}


def checked(loss: Loss) -> Loss:
    """`loss` with its inputs checked: ValueError naming what is wrong, and its value, before anything is computed.

    The four log-probabilities and lengths have one shape (B,), B >= 1, tokens and masks (B, T); all are finite, lengths
    at least 1, masks not negative. Hyper-parameters obey `RULES`; one that is not there has none, and is a mistake.
    """
    signature = inspect.signature(loss)
    hyper = [name for name in signature.parameters if name not in FOUR and name not in BATCH_QUANTITIES]
    rules = {name: RULES[name] for name in hyper}

    @wraps(loss)
    def checking(*args: Any, **kwargs: Any) -> Tensor:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        for name, (holds, words) in rules.items():
            value = bound.arguments[name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not holds(value):
                raise ValueError(f"{loss.__name__}: {name} must be {words}, got {value!r}")
        tensors = {name: bound.arguments[name] for name in signature.parameters if name not in rules}
        _check_shapes(loss.__name__, tensors)
        _check_values(loss.__name__, tensors)
        return loss(*bound.args, **bound.kwargs)

    return checking


def _check_shapes(loss: str, tensors: Mapping[str, Tensor]) -> None:
    shape = tensors[FOUR[0]].shape
    if len(shape) != 1 or not len(shape) or not shape[0]:
        raise ValueError(f"{loss}: {FOUR[0]} must have shape (B,) with B at least 1, got {tuple(shape)}")
    widths: dict[str, tuple[int, ...]] = {}
    for name, tensor in tensors.items():
        if name in TOKENS:
            if tensor.ndim != 2 or tensor.shape[:1] != shape:
                raise ValueError(f"{loss}: {name} must have shape ({shape[0]}, T), got {tuple(tensor.shape)}")
            side = "chosen" if "chosen" in name else "rejected"
            if widths.setdefault(side, tuple(tensor.shape)) != tuple(tensor.shape):
                raise ValueError(f"{loss}: {name} must have shape {widths[side]}, got {tuple(tensor.shape)}")
        elif tensor.shape != shape:
            raise ValueError(f"{loss}: {name} must have shape {tuple(shape)}, got {tuple(tensor.shape)}")


def _check_values(loss: str, tensors: Mapping[str, Tensor]) -> None:
    # One answer for all tensors together: on a GPU, each question asked of a value waits for the device.
    if bool(torch.stack([_valid(name, tensor).all() for name, tensor in tensors.items()]).all()):
        return
    for name, tensor in tensors.items():
        wrong = tensor[~_valid(name, tensor)]
        if len(wrong):
            words = "finite, and at least 1" if name in LENGTHS else "finite" + ", and at least 0" * ("mask" in name)
            raise ValueError(f"{loss}: {name} must be {words}, got {wrong[0].item()} among {tensor.numel()} values")


def _valid(name: str, tensor: Tensor) -> Tensor:
    if name in LENGTHS:
        return torch.isfinite(tensor) & (tensor >= 1)
    return torch.isfinite(tensor) & (tensor >= 0) if name.endswith("_mask") else torch.isfinite(tensor)
