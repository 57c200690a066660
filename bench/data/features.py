"""Frozen features of text preferences, computed once and cached by content; and the length-only baseline."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.data import encoder as minilm
from bench.data.encoder import Progress, Text
from bench.data.fingerprint import sha256_rows
from bench.data.pairs import Dataset
from bench.errors import UserError, unknown
from bench.files import replace
from bench.spec import canonical

Array = NDArray[np.float64]

ENCODERS = {
    "minilm": {
        "weights": minilm.WEIGHTS_SHA256,
        "tokenizer": minilm.TOKENIZER_SHA256,
        "pooling": "mean of the last hidden states, norm sqrt(384)",
        "text": f"[CLS] prompt answer [SEP], {minilm.MAX_TOKENS} tokens, prompt cut on its left",
        "version": 1,
    }
}


@dataclass(frozen=True)
class Features:
    """Features of the two texts of every pair, row for row with the dataset."""

    first: Array  # (n, d): prompt + chosen
    second: Array  # (n, d): prompt + rejected
    ids: tuple[str, ...]
    fingerprint: str  # of encoder, settings and texts: known before anything is computed

    @property
    def differences(self) -> Array:
        """(n, d): chosen minus rejected, so that the label of every row is +1."""
        return self.first - self.second


def difference_features(
    dataset: Dataset, encoder: str = "minilm", *, cache_dir: Path, progress: Progress | None = None
) -> Features:
    """Embeddings of prompt + answer for both answers of every pair; each distinct text is embedded once.

    The embeddings are kept as float32 in `cache_dir/features/<fingerprint>.npy`; a file there that is damaged is
    replaced. `progress` gets (texts done, texts in all) while embedding, and is not called for cached features.
    Raises UserError for an unknown encoder, one that is not installed or not the tested one, or a full disk.
    """
    texts = _texts(dataset)
    key = _key(texts, encoder)
    table = _cached(cache_dir / "features" / f"{key}.npy", list(texts), progress)
    first = [texts[Text(pair.prompt, pair.chosen)] for pair in dataset.pairs]
    second = [texts[Text(pair.prompt, pair.rejected)] for pair in dataset.pairs]
    return Features(
        first=table[first].astype(np.float64),
        second=table[second].astype(np.float64),
        ids=tuple(pair.id for pair in dataset.pairs),
        fingerprint=key,
    )


def features_fingerprint(dataset: Dataset, encoder: str = "minilm") -> str:
    """What `Features.fingerprint` will be: sha256 of the encoder's hashes, its settings and the distinct texts."""
    return _key(_texts(dataset), encoder)


def length_baseline(dataset: Dataset) -> Array:
    """(n, 1): characters of the chosen answer minus those of the rejected one."""
    return np.array([[float(len(pair.chosen) - len(pair.rejected))] for pair in dataset.pairs])


def longer_wins(dataset: Dataset) -> float:
    """Accuracy of "the answer with more characters is preferred"; equal lengths count one half."""
    return float(np.mean((np.sign(length_baseline(dataset)) + 1) / 2))


def _texts(dataset: Dataset) -> dict[Text, int]:
    """Every distinct text with its row in the table of embeddings, in order of first use."""
    rows: dict[Text, int] = {}
    for pair in dataset.pairs:
        for answer in (pair.chosen, pair.rejected):
            rows.setdefault(Text(pair.prompt, answer), len(rows))
    return rows


def _key(texts: dict[Text, int], encoder: str) -> str:
    if encoder not in ENCODERS:
        raise unknown("encoder", encoder, ENCODERS)
    content = sha256_rows([text.prompt, text.answer] for text in texts)
    return hashlib.sha256(canonical([encoder, ENCODERS[encoder], content]).encode()).hexdigest()


def _cached(path: Path, texts: list[Text], progress: Progress | None) -> NDArray[np.float32]:
    expected = (len(texts), minilm.DIMENSION)
    if path.is_file():
        try:
            table: NDArray[np.float32] = np.load(path, allow_pickle=False)
        except (ValueError, EOFError):
            table = np.empty((0, 0), dtype=np.float32)
        if table.shape == expected and table.dtype == np.float32:
            return table
    table = minilm.embed(texts, progress)
    buffer = io.BytesIO()
    np.save(buffer, table, allow_pickle=False)
    try:
        replace(path, buffer.getvalue())
    except OSError as error:
        raise UserError(f"cannot write the feature cache {path}: {error.strerror}; set PREFBENCH_CACHE") from error
    return table
