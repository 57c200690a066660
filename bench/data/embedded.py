"""Comparisons of which only features are at hand: of prompts and items that nobody here can look at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from bench.data.annotated import Annotated, make_annotated
from bench.errors import UserError

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Embedded:
    """Comparisons with their features. Items are ids, such as "7/first" of ranking 7; prompts are features alone."""

    comparisons: Annotated
    rankings: tuple[int, ...]  # (n,): the source's numbers of the comparisons
    prompts: Vectors  # (n, p)
    items: Vectors  # (n, 2, d): the first and the second one of each comparison

    def __len__(self) -> int:
        return len(self.comparisons)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of comparisons and features."""
        digest = hashlib.sha256(self.comparisons.fingerprint.encode())
        for features in (self.prompts, self.items):
            digest.update(repr(features.shape).encode() + features.astype("<f4").tobytes())
        return digest.hexdigest()

    def take(self, which: ArrayLike) -> Embedded:
        """The comparisons at these places, or where a mask is true, in that order."""
        chosen = np.arange(len(self))[np.asarray(which)]
        return Embedded(
            self.comparisons.take(chosen),
            tuple(self.rankings[place] for place in chosen),
            self.prompts[chosen],
            self.items[chosen],
        )


def make_embedded(
    name: str,
    *,
    rankings: Sequence[int],
    annotators: Sequence[str],
    labels: ArrayLike,
    prompts: Vectors,
    items: Vectors,
    source: str,
    left_out: int = 0,
) -> Embedded:
    """From columns. Raises UserError for columns of different lengths, and features that are not finite."""
    count = len(rankings)
    if prompts.shape[:1] != (count,) or items.shape[:2] != (count, 2) or (prompts.ndim, items.ndim) != (2, 3):
        raise UserError(f"{name}: {count} rankings, features of prompts {prompts.shape} and of items {items.shape}")
    for kind, features in (("prompts", prompts), ("items", items)):
        if len(bad := np.flatnonzero(~np.isfinite(features).reshape(count, -1).all(axis=1))):
            raise UserError(f"{name}: features of the {kind} of ranking {rankings[bad[0]]} are not finite")
    comparisons = make_annotated(
        name,
        items=[f"{ranking}/{side}" for ranking in rankings for side in ("first", "second")],
        first=np.arange(0, 2 * count, 2),
        second=np.arange(1, 2 * count, 2),
        labels=labels,
        annotators=annotators,
        source=source,
        left_out=left_out,
    )
    return Embedded(comparisons, tuple(rankings), prompts.astype(np.float32), items.astype(np.float32))


def write(embedded: Embedded, path: Path) -> None:
    """One safetensors file: what took minutes to gather from many is read in seconds."""
    data = embedded.comparisons
    save_file(
        {
            "prompts": np.ascontiguousarray(embedded.prompts),
            "items": np.ascontiguousarray(embedded.items),
            "labels": data.labels,
            "judged": data.judged,
            "rankings": np.array(embedded.rankings, dtype=np.int64),
        },
        path,
        metadata={
            "name": data.name,
            "people": json.dumps(data.people),
            "source": data.source,
            "left_out": str(data.left_out),
        },
    )


def read(path: Path) -> Embedded:
    """What `write` wrote. Raises UserError for a missing file and for one that it did not write."""
    if not path.is_file():
        raise UserError(f"no file {path}")
    try:
        with safe_open(path, "numpy") as file:
            said = file.metadata()
            found = {key: file.get_tensor(key) for key in ("prompts", "items", "labels", "judged", "rankings")}
            people = json.loads(said["people"])
    except (SafetensorError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a file of embedded comparisons ({error})") from error
    return make_embedded(
        said["name"],
        rankings=found["rankings"].tolist(),
        annotators=[people[place] for place in found["judged"]],
        labels=found["labels"],
        prompts=found["prompts"],
        items=found["items"],
        source=said["source"],
        left_out=int(said["left_out"]),
    )
