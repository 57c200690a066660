"""Frozen features of a causal language model: its last hidden state at the end token of prompt and answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import models
from bench.data.texts import Rows, Text, embed_in_batches, padded, token_ids
from bench.errors import UserError
from bench.spec import Progress, Scalar

MAX_TOKENS = 512  # DeepSpeed-Chat's default, the begin and end token among them


@dataclass(frozen=True)
class Decoder:
    """A language model as an encoder of texts.

    A text is the begin token (where the tokenizer sets one), prompt, answer and end token. Its features are the last
    layer's hidden state after the final norm, float32 and unnormalised, at the end token, where the paper's deep
    reward models read their score too. The released features may stand elsewhere: the module that pools them is
    missing from the release.
    """

    source: models.Source

    def require(self) -> None:
        """Raises Unavailable, saying how to get it, where this machine does not have the model."""
        models.locate(self.source)

    def settings(self) -> dict[str, Scalar]:
        """All that embeddings depend on besides the texts. Raises Unavailable as `require` does."""
        return {
            "weights": models.fingerprint(self.source),
            "pooling": "hidden state after the final norm at the end token",
            "text": f"[BOS] prompt answer EOS, {MAX_TOKENS} tokens, prompt cut on its left",
            "version": 1,
        }

    def dimension(self) -> int:
        """Features of a text. Raises Unavailable as `require` does."""
        return models.hidden_size(self.source)

    def embed(
        self, texts: Sequence[Text], progress: Progress | None = None, partial: Path | None = None
    ) -> NDArray[np.float32]:
        """Embeddings (texts, dimension), on the GPU where there is one.

        One machine with one number of torch threads gives the same bits again. `progress` gets (texts done, texts in
        all), and `partial` is as for `embed_in_batches`. Raises Unavailable as `require` does, and UserError for a
        tokenizer without an end token.
        """
        import torch

        model, tokenizer = models.load(self.source)
        rows = _rows(texts, tokenizer)
        model = model.eval().to("cuda" if torch.cuda.is_available() else "cpu")
        return embed_in_batches(rows, self.dimension(), lambda batch: _forward(model, batch), progress, partial)


def _rows(texts: Sequence[Text], tokenizer: Any) -> list[list[int]]:
    if tokenizer.eos_token_id is None:
        raise UserError(f"the tokenizer of {tokenizer.name_or_path} has no end-of-sequence token to read features at")
    sets_begin = tokenizer("").input_ids[:1] == [tokenizer.bos_token_id]
    begin = [tokenizer.bos_token_id] if sets_begin else []

    def tokenize(strings: list[str]) -> Rows:
        ids: Rows = tokenizer(strings, add_special_tokens=False, verbose=False).input_ids
        return ids

    room = MAX_TOKENS - len(begin) - 1
    return [[*begin, *ids, tokenizer.eos_token_id] for ids in token_ids(texts, tokenize, room)]


def _forward(model: Any, rows: Rows) -> NDArray[np.float32]:
    """No mask: the padding is on the right, and causal attention keeps every token from what comes after it."""
    import torch

    ids, lengths = padded(rows)
    with torch.inference_mode():
        hidden = model(input_ids=ids.to(model.device), use_cache=False).last_hidden_state
        ends = hidden[torch.arange(len(rows)), lengths - 1]
    features: NDArray[np.float32] = ends.cpu().numpy()
    return features
