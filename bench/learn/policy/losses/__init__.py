"""Preference losses as pure functions, each beside its equation and its paper.

    loss(policy_chosen, policy_rejected, reference_chosen, reference_rejected, *, beta=..., ...) -> (B,)

of four (B,) tensors of summed log-probabilities in nats, one value a pair; the training loss is their mean.
Keyword-only parameters named in `BATCH_QUANTITIES` come from the batch, all others are hyper-parameters. `LOSSES` has
the losses by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType

from bench.errors import unknown
from bench.learn.policy.losses.checks import BATCH_QUANTITIES, FOUR, TOKENS, Loss
from bench.learn.policy.losses.contrastive import (
    cdpo,
    discopop,
    dpo,
    dpop,
    exo,
    flex_dpo,
    hinge,
    ipo,
    robust_dpo,
)
from bench.learn.policy.losses.distribution import aot, aot_unpaired, beta_dpo
from bench.learn.policy.losses.general_preference import gpo
from bench.learn.policy.losses.length import ipo_norm, r_dpo, sigmoid_norm, wpo
from bench.learn.policy.losses.pointwise import apo_down, apo_zero, bco_pair, kto, nca, sppo
from bench.learn.policy.losses.reference_free import cpo, mapo, orpo, simpo, slic
from bench.learn.policy.losses.token_level import sparse_po

_TO_A_REFERENCE = (
    *(dpo, cdpo, robust_dpo, ipo, hinge, exo, discopop, dpop, flex_dpo),
    *(sigmoid_norm, ipo_norm, r_dpo, wpo),
    *(kto, sppo, nca, bco_pair, apo_zero, apo_down),
    *(aot, aot_unpaired, beta_dpo),
    sparse_po,
    gpo,
)
_REFERENCE_FREE = (slic, cpo, simpo, orpo, mapo)
_OF_THE_WHOLE_BATCH = (kto, aot, aot_unpaired, beta_dpo)

LOSSES: Mapping[str, Loss] = MappingProxyType(
    {loss.__name__: loss for loss in (*_TO_A_REFERENCE, *_REFERENCE_FREE)},
)

__all__ = [
    "BATCH_QUANTITIES",
    "LOSSES",
    "Loss",
    "batch_quantities",
    "get",
    "hyper_parameters",
    "idea",
    "needs_reference",
    "needs_tokens",
    "needs_whole_batch",
]


def get(loss: str | Loss) -> Loss:
    """The loss of that name, or a loss itself. UserError, naming the nearest, for others, as of all functions here."""
    if not isinstance(loss, str):
        return loss
    if loss not in LOSSES:
        raise unknown("loss", loss, LOSSES)
    return LOSSES[loss]


def batch_quantities(loss: str | Loss) -> tuple[str, ...]:
    """The keyword arguments, among `BATCH_QUANTITIES`, that the loss takes from the batch."""
    return tuple(parameter for parameter in inspect.signature(get(loss)).parameters if parameter in BATCH_QUANTITIES)


def hyper_parameters(loss: str | Loss) -> Mapping[str, float]:
    """The loss's hyper-parameters with their defaults."""
    parameters = inspect.signature(get(loss)).parameters.values()
    return {p.name: p.default for p in parameters if p.name not in FOUR and p.name not in BATCH_QUANTITIES}


def needs_reference(loss: str | Loss) -> bool:
    """Whether the loss reads log-probabilities under the reference; others get zeros and ignore them."""
    return get(loss) not in _REFERENCE_FREE


def needs_tokens(loss: str | Loss) -> bool:
    """Whether the loss reads per-token log-probabilities."""
    return any(quantity in TOKENS for quantity in batch_quantities(loss))


def needs_whole_batch(loss: str | Loss) -> bool:
    """Whether a pair's value depends on the other pairs, so that splitting a batch changes it."""
    return get(loss) in _OF_THE_WHOLE_BATCH


def idea(loss: str | Loss) -> str:
    """What the loss does, in one line."""
    return (inspect.getdoc(get(loss)) or "").splitlines()[0]
