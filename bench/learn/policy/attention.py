"""Attention over a shared-prefix packing, for any transformers decoder, by its public registry of attention functions.

`enable(model)` selects it. A forward call with `packing=` then attends within groups; one without behaves as PyTorch's
scaled-dot-product attention always did, so that the same model also samples.

Two ways, one result. "groups" calls PyTorch's kernel for every group on views of the stream: the prompt with the
causal kernel, the responses over prompt and responses with a mask. On CPU this beats one call over groups padded to a
table, from 40 tokens a group to 700. "flex" is a single call of flex_attention over the stream, for GPUs, where it is
compiled and skips blocks that nothing may see; it has no dropout, and PyTorch has no backward pass of it on CPU.

Attention dropout draws one mask for a shared prompt, where two forward passes draw two: equal in distribution for
each response, but then not number for number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention
from torch.nn.functional import dropout as drop
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from bench.errors import UserError, unknown
from bench.learn.policy import linear, support
from bench.learn.policy.packing import Packing, Span

NAMES = {"groups": "prefbench_shared_prefix", "flex": "prefbench_shared_prefix_flex"}
LONG_PROMPT = 64  # tokens from which a prompt is worth a call of its own


def enable(model: Any, way: str | None = None) -> None:
    """Let `model` (a transformers decoder) read packings, after a look at whether it computes what they say.

    Without a `way`, a model that is enabled stays as it is, and another one computes by "groups". Raises UserError,
    before anything is trained, for a model whose log-probabilities would not be those of separate forward passes.
    """
    if way is not None and way not in NAMES:
        raise unknown("way of attention", way, NAMES)
    wanted = NAMES.values() if way is None else (NAMES[way],)
    if model.config._attn_implementation in wanted:
        return
    support.check_architecture(model)
    model.set_attn_implementation(NAMES[way or "groups"])
    support.check_exactness(model, hidden_states)


def hidden_states(model: Any, packing: Packing) -> torch.Tensor:
    """(N, d): the last hidden state of every token of the stream, of a model that is `enable`d."""
    decoder = model.base_model
    with linear.packed(decoder, len(packing.input_ids)):
        output = decoder(
            input_ids=packing.input_ids[None],
            position_ids=packing.positions[None],
            # Four dimensions keep the model from making a mask of its own; the attention function has a better one.
            attention_mask=torch.zeros(1, 1, 1, 1, dtype=model.dtype, device=packing.input_ids.device),
            packing=Visibility(packing),
            use_cache=False,
        )
    states: torch.Tensor = output.last_hidden_state[0]
    return states


class Visibility:
    """Which token of a packing sees which, in the forms that attention asks for, each made once a forward pass."""

    def __init__(self, packing: Packing) -> None:
        self.spans = packing.spans
        self._positions = packing.positions
        self._segments = packing.segments
        self._masks: dict[tuple[int | None, torch.dtype], list[torch.Tensor | None]] = {}
        self._blocks: dict[int | None, BlockMask] = {}

    def masks(self, window: int | None, dtype: torch.dtype) -> list[torch.Tensor | None]:
        """A mask (1, 1, rows, tokens) for every group, added to scores: 0 or -inf. None where causal is all it is.

        Its rows are the tokens after the prompt where `splits` says so, else all.
        """
        key = (window, dtype)
        if key not in self._masks:
            self._masks[key] = [self._mask(span, window, dtype) for span in self.spans]
        return self._masks[key]

    def splits(self, span: Span, window: int | None) -> bool:
        """Whether a group's prompt has a call of its own."""
        length = span.branch - span.start
        return span.responses > 1 and span.end > span.branch and length >= LONG_PROMPT and _within(length, window)

    def blocks(self, window: int | None) -> BlockMask:
        """The whole stream's (N, N) as a block mask."""
        if window not in self._blocks:
            lengths = torch.tensor([span.end - span.start for span in self.spans])
            group = torch.repeat_interleave(torch.arange(len(lengths)), lengths).to(self._segments.device)

            def visible(batch: Any, head: Any, row: torch.Tensor, column: torch.Tensor) -> torch.Tensor:
                return (group[row] == group[column]) & self._visible(row, column, window)

            size = len(self._segments)
            self._blocks[window] = create_block_mask(visible, None, None, size, size, device=self._segments.device)
        return self._blocks[window]

    def _mask(self, span: Span, window: int | None, dtype: torch.dtype) -> torch.Tensor | None:
        if span.responses == 1 and _within(span.end - span.start, window):
            return None
        first = span.branch if self.splits(span, window) else span.start
        device = self._segments.device
        row = torch.arange(first, span.end, device=device)[:, None]
        column = torch.arange(span.start, span.end, device=device)[None, :]
        visible = self._visible(row, column, window)
        return torch.zeros(visible.shape, dtype=dtype, device=device).masked_fill_(~visible, -torch.inf)[None, None]

    def _visible(self, row: torch.Tensor, column: torch.Tensor, window: int | None) -> torch.Tensor:
        """Within a group. A window counts positions, which run on from the prompt in every response."""
        segments, positions = self._segments, self._positions
        visible = (column <= row) & ((segments[column] == 0) | (segments[column] == segments[row]))
        return visible if window is None else visible & (positions[row] - positions[column] < window)


def _within(length: int, window: int | None) -> bool:
    return window is None or length <= window


def _registered(attend: Callable[..., torch.Tensor]) -> Callable[..., tuple[torch.Tensor, None]]:
    """A way as an attention function of transformers: it looks after calls without a packing, and arguments unknown."""

    def attention(
        module: torch.nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        dropout: float = 0.0,
        scaling: float | None = None,
        sliding_window: int | None = None,
        softcap: float | None = None,
        packing: Visibility | None = None,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, None]:
        """query (1, heads, N, head size), key and value with as many or fewer heads; (1, N, heads, head size)."""
        if packing is None:
            return _unpacked(module, query, key, value, attention_mask, dropout, scaling, softcap, **kwargs), None
        _refuse_others(kwargs)
        attended = attend(packing, query, key, value, dropout, scaling, sliding_window, softcap)
        return attended.transpose(1, 2), None

    return attention


def _by_groups(
    packing: Visibility,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    dropout: float,
    scaling: float | None,
    window: int | None,
    softcap: float | None,
) -> torch.Tensor:
    """(1, heads, N, head size)."""
    sizes = [span.end - span.start for span in packing.spans]
    attended = []
    groups = zip(*(torch.split(states, sizes, 2) for states in (query, key, value)), strict=True)
    masks = packing.masks(window, query.dtype)
    for span, mask, (q, k, v) in zip(packing.spans, masks, groups, strict=True):
        if packing.splits(span, window):
            prompt = span.branch - span.start
            q, rest = torch.split(q, [prompt, q.shape[2] - prompt], 2)
            attended.append(_attend(q, k[:, :, :prompt], v[:, :, :prompt], None, dropout, scaling, softcap))
            q = rest
        attended.append(_attend(q, k, v, mask, dropout, scaling, softcap))
    return torch.cat(attended, 2)


def _by_flex(
    packing: Visibility,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    dropout: float,
    scaling: float | None,
    window: int | None,
    softcap: float | None,
) -> torch.Tensor:
    """As `_by_groups`, in one call."""
    if dropout > 0:
        raise UserError(
            "flex attention has no dropout: set the model's attention_dropout to 0, or use the way 'groups'"
        )
    attended: torch.Tensor = (_flex_compiled() if query.is_cuda else flex_attention)(
        query,
        key,
        value,
        score_mod=None if softcap is None else _cap(softcap),
        block_mask=packing.blocks(window),
        scale=scaling,
        enable_gqa=query.shape[1] != key.shape[1],
    )
    return attended


def _cap(softcap: float) -> Callable[..., torch.Tensor]:
    return lambda score, *_: torch.tanh(score / softcap) * softcap


def _attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    dropout: float,
    scaling: float | None,
    softcap: float | None,
) -> torch.Tensor:
    """Attention of (1, heads, rows, head size); without a mask it is causal."""
    if softcap is not None:
        return _attend_capped(query, key, value, mask, dropout, scaling, softcap)
    return scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=mask,
        is_causal=mask is None,
        dropout_p=dropout,
        scale=scaling,
        enable_gqa=query.shape[1] != key.shape[1],
    )


def _attend_capped(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    dropout: float,
    scaling: float | None,
    softcap: float,
) -> torch.Tensor:
    """The same in plain operations, with scores squashed to +-softcap (Gemma 2): no kernel of PyTorch has that."""
    repeats = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(repeats, 1), value.repeat_interleave(repeats, 1)
    scores = query @ key.transpose(2, 3) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    scores = torch.tanh(scores / softcap) * softcap
    rows, columns = scores.shape[-2:]
    if mask is None:
        mask = torch.ones(rows, columns, dtype=torch.bool, device=scores.device).tril(columns - rows)
    scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
    weights = torch.softmax(scores, -1, dtype=torch.float32).to(query.dtype)
    return drop(weights, dropout, training=dropout > 0) @ value


def _unpacked(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    dropout: float,
    scaling: float | None,
    softcap: float | None,
    **kwargs: Any,
) -> torch.Tensor:
    if softcap is not None:
        return _attend_capped(query, key, value, mask, dropout, scaling, softcap).transpose(1, 2)
    output: torch.Tensor = sdpa_attention_forward(
        module, query, key, value, mask, dropout=dropout, scaling=scaling, **kwargs
    )[0]
    return output


def _refuse_others(kwargs: dict[str, Any]) -> None:
    """Raise UserError for what some architectures add to attention and the packed forms do not have."""
    for name, what in (("s_aux", "attention sinks"), ("position_bias", "a position bias")):
        if kwargs.get(name) is not None:
            raise UserError(f"this model's attention has {what}, which shared-prefix training does not compute")


@lru_cache(maxsize=1)
def _flex_compiled() -> Any:
    """Compiled at its first call; a function, because `torch.compile` alone loads two seconds of compiler."""
    return torch.compile(flex_attention)


for _way, _function in (("groups", _by_groups), ("flex", _by_flex)):
    AttentionInterface.register(NAMES[_way], _registered(_function))
    AttentionMaskInterface.register(NAMES[_way], sdpa_mask)
