"""Frozen features of text preferences, computed once and cached by content; and the length-only baseline."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.data import encoder as minilm
from bench.data.decoder import Decoder
from bench.data.fingerprint import sha256_rows
from bench.data.pairs import Dataset
from bench.data.tables import read_table, write_table
from bench.data.texts import Text
from bench.errors import UserError, unknown
from bench.models import Origin, Source
from bench.spec import Progress, Scalar, canonical

Array = NDArray[np.float64]


class Encoder(Protocol):
    """What turns texts into features: `bench.data.encoder` as a module, or a `bench.data.decoder.Decoder`."""

    def require(self) -> None:
        """Raises Unavailable, saying how to get it, where this machine lacks the encoder."""

    def settings(self) -> Mapping[str, Scalar]:
        """All that the features depend on besides the texts: hashes of the weights among it."""

    def dimension(self) -> int:
        """Features of a text."""

    def embed(
        self, texts: Sequence[Text], progress: Progress | None = None, partial: Path | None = None
    ) -> NDArray[np.float32]:
        """Features (texts, dimension); `progress` gets (texts done, texts in all), for `partial` see `texts.py`."""


ENCODERS: Mapping[str, Encoder] = {
    "minilm": minilm,
    "smollm2": Decoder(Source(Origin.SMOLLM2)),
    "llama-3.2-1b": Decoder(Source(Origin.HUB, "meta-llama/Llama-3.2-1B")),
}


def find_encoder(name: str, path: str | None = None) -> Encoder:
    """The encoder of that name; a language model with the weights in the folder `path` where one is given.

    Raises UserError for an unknown encoder, and for a path with one that is not a language model.
    """
    if name not in ENCODERS:
        raise unknown("encoder", name, ENCODERS)
    if path is None:
        return ENCODERS[name]
    if not isinstance(ENCODERS[name], Decoder):
        raise UserError(f"the encoder '{name}' is a package and takes no path, got '{path}'")
    return Decoder(Source(Origin.PATH, path))


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
    dataset: Dataset,
    encoder: str = "minilm",
    *,
    path: str | None = None,
    cache_dir: Path,
    progress: Progress | None = None,
) -> Features:
    """Embeddings of prompt + answer for both answers of every pair; each distinct text is embedded once.

    The embeddings are kept as float32 in `cache_dir/features/<fingerprint>.npy`; a file there that is damaged is
    replaced, and embedding that was killed is taken up again where it was a minute before. `progress` gets (texts
    done, texts in all) while embedding, and is not called for cached features. `path`: see `find_encoder`.
    Raises UserError for an unknown encoder, one that is not the tested one, or a full disk, and UserError or
    Unavailable for one that this machine lacks.
    """
    texts = _texts(dataset)
    chosen = find_encoder(encoder, path)
    table = text_table(list(texts), chosen, encoder, cache_dir, progress)
    first = [texts[Text(pair.prompt, pair.chosen)] for pair in dataset.pairs]
    second = [texts[Text(pair.prompt, pair.rejected)] for pair in dataset.pairs]
    return Features(
        first=table[first].astype(np.float64),
        second=table[second].astype(np.float64),
        ids=tuple(pair.id for pair in dataset.pairs),
        fingerprint=_key(texts, encoder, chosen),
    )


def features_fingerprint(dataset: Dataset, encoder: str = "minilm", path: str | None = None) -> str:
    """What `Features.fingerprint` will be: sha256 of the encoder's hashes, its settings and the distinct texts.

    It does not depend on where the weights lie. Raises Unavailable where a language model is not on this machine.
    """
    return _key(_texts(dataset), encoder, find_encoder(encoder, path))


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


def _key(texts: Iterable[Text], name: str, encoder: Encoder) -> str:
    content = sha256_rows([text.prompt, text.answer] for text in texts)
    return hashlib.sha256(canonical([name, dict(encoder.settings()), content]).encode()).hexdigest()


def text_table(
    texts: Sequence[Text], encoder: Encoder, name: str, cache_dir: Path, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Features (texts, d) of distinct texts, kept by content: see `difference_features`."""
    path = cache_dir / "features" / f"{_key(texts, name, encoder)}.npy"
    table = read_table(path, (len(texts), encoder.dimension()))
    if table is None:
        partial = path.with_suffix(".partial.npy")
        table = encoder.embed(texts, progress, partial)
        write_table(path, table)
        partial.unlink(missing_ok=True)
    return table
