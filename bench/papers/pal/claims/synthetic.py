"""Of people with known ideal points."""

from __future__ import annotations

from bench.spec import Claim

SYNTHETIC: tuple[Claim, ...] = ()
