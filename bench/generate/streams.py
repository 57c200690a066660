"""Random numbers of a sample: a stream of its own, named by seed, prompt and sample index.

Nothing is shared between samples, so that neither the batch a prompt rode in nor the order of prompts changes a draw.
The stream is SHAKE-256 of its name: the same numbers for ever, on any machine, and those for `max_tokens` = 10 begin
those for 20.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from bench.seeds import seed_for

Name = tuple[str, int]  # the key of a prompt, the index of a sample
Numbers = Callable[[int, Iterable[Name], int], NDArray[np.float64]]  # what `uniforms` does


def content_key(prompt: NDArray[np.int32]) -> str:
    """The key of a prompt that was given none: its token ids. Equal prompts then get equal samples."""
    return hashlib.sha256(prompt.astype("<i4").tobytes()).hexdigest()


def stream_seed(seed: int, name: Name) -> int:
    """63 bits that name the stream of one sample."""
    return seed_for("generate", seed, *name)


def uniforms(seed: int, names: Iterable[Name], length: int) -> NDArray[np.float64]:
    """(rows, length): uniform numbers in [0, 1), 53 bits each, row by row from the streams of `names`."""
    digests = [hashlib.shake_256(stream_seed(seed, name).to_bytes(8, "little")).digest(8 * length) for name in names]
    bits = np.frombuffer(b"".join(digests), dtype="<u8").reshape(len(digests), length)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
