"""How long a method works."""

from __future__ import annotations

import time


class Stopwatch:
    """`seconds` spent within the context, in all."""

    seconds = 0.0

    def __enter__(self) -> Stopwatch:
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._began
