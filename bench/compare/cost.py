"""What a method costs: its own time, and how far the process grows while it works."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading

import psutil

INTERVAL = 0.01  # seconds between two looks at the memory


class Growth:
    """`bytes`: the most resident memory within the context, less that at its beginning.

    What earlier tasks of the process have freed is handed back to the system first, where the system's allocator can
    (glibc), so that it is counted again when this one takes it.
    """

    def __enter__(self) -> Growth:
        gc.collect()
        if sys.platform == "linux":
            trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl has not
            if trim is not None:
                trim(0)
        self._process = psutil.Process()
        self._before = self._most = self._process.memory_info().rss
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()

    @property
    def bytes(self) -> int:
        """Never negative."""
        return int(self._most - self._before)

    def _look(self) -> None:
        while True:
            self._most = max(self._most, self._process.memory_info().rss)
            if self._done.wait(INTERVAL):
                return
