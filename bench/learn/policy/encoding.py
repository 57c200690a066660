"""From text to token ids, by one rule for every method.

A prompt is the begin token, where the tokenizer sets one, and the prompt's tokens; with a chat template it is what the
template makes of it as the user's turn, up to where the assistant's begins. A response is its own tokens and exactly
one end token. Prompt and response are tokenized apart, so that no token spans both and pairs share their prompt.

What is too long is cut: a prompt on its left, keeping the begin token, since its end is what a response answers; a
response on its right, and then it has no end token, since it does not end there. Nothing is ever padded, so a
tokenizer needs no padding token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.data.pairs import Pair
from bench.errors import UserError
from bench.learn.policy.completions import Completions, Ids

Turns = Sequence[Mapping[str, str]]  # of a conversation, each {role, content}; the last is the user's


@dataclass(frozen=True)
class Limits:
    """Most tokens of a prompt (its begin token counted) and of a response (its end token counted)."""

    prompt: int = 512
    response: int = 512

    def __post_init__(self) -> None:
        # Two, so that a begin token leaves room for one of the prompt's own.
        for name, value, least in (("prompt", self.prompt, 2), ("response", self.response, 1)):
            if value < least:
                raise UserError(f"limits.{name}: must be at least {least}, got {value}")


def encode_pairs(
    pairs: Sequence[Pair], tokenizer: Any, limits: Limits | None = None, *, chat: bool = False
) -> list[Completions]:
    """One group (chosen, rejected) a pair, in order; `chat` puts prompts into the tokenizer's chat template.

    Raises UserError for an empty prompt or response, naming the pair, and for a tokenizer without an end token, or
    without a chat template where one is asked for.
    """
    names = [f"pair {pair.id}" for pair in pairs]
    prompts = [pair.prompt for pair in pairs]
    return encode(names, prompts, [(pair.chosen, pair.rejected) for pair in pairs], tokenizer, limits, chat=chat)


def encode_demonstrations(
    rows: Sequence[tuple[str, str]], tokenizer: Any, limits: Limits | None = None, *, chat: bool = False
) -> list[Completions]:
    """One group with one response a (prompt, response), in order. Raises UserError as `encode_pairs` does."""
    names = [f"demonstration {index}" for index in range(len(rows))]
    return encode(names, [row[0] for row in rows], [row[1:] for row in rows], tokenizer, limits, chat=chat)


def encode(
    names: Sequence[str],
    prompts: Sequence[str | Turns],
    responses: Sequence[Sequence[str]],
    tokenizer: Any,
    limits: Limits | None = None,
    *,
    chat: bool = False,
) -> list[Completions]:
    """One group a prompt with its responses, in order; `names` are what errors call them. See the module.

    With a chat template, a prompt may be the turns of a conversation. A prompt without responses has none.
    Raises UserError as `encode_pairs` does.
    """
    limits = limits or Limits()
    end = tokenizer.eos_token_id
    if end is None:
        raise UserError(f"the tokenizer {tokenizer.name_or_path} has no end-of-sequence token to end responses with")
    for name, prompt, texts in zip(names, prompts, responses, strict=True):
        asked = prompt if isinstance(prompt, str) else prompt[-1]["content"]
        for what, text in (("prompt", asked), *(("response", text) for text in texts)):
            if not text.strip():
                raise UserError(f"{name}: its {what} is empty")
    if not names:
        return []
    coded = iter(_tokens(tokenizer, [text for texts in responses for text in texts]))
    groups = []
    for name, ids, texts in zip(names, _prompts(tokenizer, prompts, chat), responses, strict=True):
        ends = tuple(_end_once(name, next(coded), end, limits.response) for _ in texts)
        groups.append(Completions(_cut_left(ids, tokenizer.bos_token_id, limits.prompt), ends))
    return groups


def _prompts(tokenizer: Any, prompts: Sequence[str | Turns], chat: bool) -> list[list[int]]:
    if not chat:
        texts = [prompt for prompt in prompts if isinstance(prompt, str)]
        if len(texts) < len(prompts):
            raise UserError("a prompt is a conversation: turns need a chat template (chat=True)")
        sets_begin = tokenizer("").input_ids[:1] == [tokenizer.bos_token_id]
        begin = [tokenizer.bos_token_id] if sets_begin else []
        return [[*begin, *ids] for ids in _tokens(tokenizer, texts)]
    if tokenizer.chat_template is None:
        raise UserError(f"the tokenizer {tokenizer.name_or_path} has no chat template; encode without one (chat=False)")
    turns = [[{"role": "user", "content": text}] if isinstance(text, str) else list(text) for text in prompts]
    rendered = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    return _tokens(tokenizer, rendered)


def _tokens(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    if not texts:
        return []
    ids: list[list[int]] = tokenizer(list(texts), add_special_tokens=False, verbose=False).input_ids
    return ids


def _end_once(name: str, ids: list[int], end: int, limit: int) -> Ids:
    while ids and ids[-1] == end:  # the text may spell the end token out
        ids = ids[:-1]
    if not ids:
        raise UserError(f"{name}: its response is empty but for the end token")
    return np.array([*ids, end][:limit], dtype=np.int32)


def _cut_left(ids: list[int], begin: int | None, limit: int) -> Ids:
    if len(ids) > limit:
        ids = [ids[0], *ids[1 - limit :]] if ids[0] == begin else ids[-limit:]
    return np.array(ids, dtype=np.int32)
