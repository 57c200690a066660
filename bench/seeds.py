"""Random streams by name: the order of work and the number of workers change no draw."""

from __future__ import annotations

import hashlib

from bench.spec import Scalar, canonical


def seed_for(*axes: Scalar) -> int:
    """The seed of the stream named by `axes`, e.g. ("fig4", "subset", "hh_rlhf", 3): 63 bits of their sha256."""
    return int.from_bytes(hashlib.sha256(canonical(axes).encode()).digest()[:8], "big") >> 1
