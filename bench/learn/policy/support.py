"""What the engine can train, and the errors for what it cannot, all before the first step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.policy.packing import Packing, pack

_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_LAYERS = ("full_attention", "sliding_attention")
_LENGTH_DEPENDENT = ("dynamic", "longrope")  # rotary frequencies that change for all tokens when a sequence is long


def logits(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    """(T, V) float32 logits of hidden states (T, d): the head, called as a module, and what the model does after it."""
    config = model.config.get_text_config()
    values: torch.Tensor = model.get_output_embeddings()(hidden).float()
    if getattr(config, "logit_scale", None) is not None:  # Cohere
        values = values * config.logit_scale
    if getattr(config, "logits_scaling", None) is not None:  # Granite
        values = values / config.logits_scaling
    cap = getattr(config, "final_logit_softcapping", None)  # Gemma 2
    return values if cap is None else torch.tanh(values / cap) * cap


def check_architecture(model: Any) -> None:
    """Raise UserError for an architecture that cannot share a prompt, or is not known to."""
    config = model.config.get_text_config()
    reason = None
    others = sorted(set(getattr(config, "layer_types", None) or ()) - set(_LAYERS))
    if config.is_encoder_decoder:
        reason = "it is an encoder-decoder, and the engine trains decoders"
    elif any((getattr(config, name, None) or 0) > 1 for name in _EXPERTS):
        reason = "it is a mixture of experts, whose router has a loss of its own that the engine does not compute"
    elif others:
        reason = f"it has layers of type {', '.join(others)}, which read tokens in order and cannot skip a response"
    elif not model._can_set_attn_implementation():
        reason = "it does not call transformers' attention functions (recurrent and ALiBi models do not)"
    if reason is not None:
        raise UserError(f"{_name(model)} cannot be trained with shared prompts: {reason}")


@torch.no_grad()
def check_exactness(model: Any, packed: Callable[[Any, Packing], torch.Tensor]) -> None:
    """Hold `logits` of `packed(model, packing)`, hidden states, against plain forward passes over six tokens.

    Raises UserError where they differ by more than rounding. Weights that are not here (a partition of ZeRO-3, the
    meta device) are not looked at.
    """
    if any(parameter.numel() == 0 or parameter.is_meta for parameter in model.parameters()):
        return
    tokens = vocabulary(model)
    a, b, c, d = (np.array(ids, dtype=np.int32) % tokens for ids in ([5, 11, 7], [3, 9, 8], [6, 10, 4], [2]))
    group = Completions(a, (np.append(b, d), np.append(c, d)))
    was_training = model.training
    model.eval()
    try:
        stream = packed(model, pack([group]).to(model.device))
        stream = torch.stack([stream[:6], torch.cat([stream[:3], stream[6:]])])  # as two sequences of six
        ids = torch.tensor(np.array([np.concatenate([a, row]) for row in (b, c)]), device=model.device).long()
        if model.get_output_embeddings() is None:
            _compare(model, stream, model.base_model(input_ids=ids, use_cache=False).last_hidden_state)
        else:
            _compare(model, logits(model, stream), model(input_ids=ids, use_cache=False).logits.float())
    finally:
        model.train(was_training)


def check_groups(model: Any, groups: Sequence[Completions]) -> None:
    """Raise UserError for a token that `model` has no embedding for, and a sequence longer than its positions."""
    tokens = vocabulary(model)
    longest = _longest(model)
    for index, group in enumerate(groups):
        for what, ids in (("prompt", group.prompt), *(("response", ids) for ids in group.responses)):
            if len(ids) == 0:
                raise UserError(f"group {index}: a {what} has no tokens")
            wrong = ids[(ids < 0) | (ids >= tokens)]
            if len(wrong):
                raise UserError(
                    f"group {index}: the {what} has token {wrong[0]}, and {_name(model)} has a vocabulary of "
                    f"{tokens:,}: are the texts encoded with another model's tokenizer?"
                )
        length = len(group.prompt) + max(map(len, group.responses))
        if longest is not None and length > longest:
            raise UserError(
                f"group {index}: {length:,} tokens with its longest response, and {_name(model)} takes {longest:,}: "
                f"encode with lower limits"
            )


def vocabulary(model: Any) -> int:
    """How many tokens `model` puts probabilities on."""
    return int(model.get_input_embeddings().num_embeddings)


def check_reference(policy: Any, reference: Any) -> None:
    """Raise UserError unless both models put probabilities on the same number of tokens."""
    check_vocabulary(policy, vocabulary(reference))


def check_vocabulary(policy: Any, theirs: int) -> None:
    """Raise UserError unless `policy` has as many tokens as its reference, which has `theirs`."""
    ours = vocabulary(policy)
    if ours != theirs:
        raise UserError(
            f"the policy ({_name(policy)}) has a vocabulary of {ours:,} and the reference one of {theirs:,}: "
            f"their log-probabilities cannot be compared"
        )


def check_finite(model: Any) -> None:
    """Raise UserError, naming the tensor, for a weight that is NaN or infinite."""
    for name, parameter in model.named_parameters():
        if parameter.numel() and not torch.isfinite(torch.stack(parameter.detach().aminmax())).all():
            bad = int((~torch.isfinite(parameter)).sum())
            raise UserError(f"{_name(model)}: {bad:,} of {parameter.numel():,} weights of {name} are NaN or infinite")


def _compare(model: Any, packed: torch.Tensor, plain: torch.Tensor) -> None:
    difference, scale = float((packed - plain).abs().max()), float(plain.abs().max())
    tolerance = 1e-3 if plain.dtype == torch.float32 and model.dtype == torch.float32 else 0.1
    if not np.isfinite(scale + difference):
        check_finite(model)
    if not difference <= tolerance * scale:
        raise UserError(
            f"{_name(model)} cannot be trained with shared prompts: on a test sequence they change its outputs by "
            f"{difference:.2g} (largest output {scale:.2g})"
        )


def _longest(model: Any) -> int | None:
    config = model.config.get_text_config()
    rope = getattr(config, "rope_parameters", None) or {}
    if rope.get("rope_type") in _LENGTH_DEPENDENT:
        return int(rope.get("original_max_position_embeddings") or config.max_position_embeddings)
    longest = getattr(config, "max_position_embeddings", None)
    return None if longest is None else int(longest)


def _name(model: Any) -> str:
    return f"the {model.config.model_type} model"
