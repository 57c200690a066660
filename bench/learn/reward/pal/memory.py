"""Hidden states of a frozen language model, kept in memory: for many models that read the same texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from bench.learn.reward.pal.features import hidden_states
from bench.learn.reward.pal.tokens import Keys, Texts


class Memory:
    """A text is run once, as far as it was ever read; its states at all positions stay.

    `backbone` is not to change as long as this lives.
    """

    def __init__(self, backbone: Any, padding: int) -> None:
        self.backbone = backbone
        self.padding = padding
        self._places: dict[bytes, tuple[int, int]] = {}  # where a text's states begin, and how many there are
        self._states = torch.empty(0)

    @torch.no_grad()
    def states(self, texts: Texts, keys: Keys) -> torch.Tensor:
        """(R, D): those that the ascending `keys` name, on the CPU."""
        of_text, positions = np.divmod(keys, texts.max_length)
        read, of_key = np.unique(of_text, return_inverse=True)
        reach = np.zeros(len(read), dtype=np.int64)
        np.maximum.at(reach, of_key, positions + 1)
        names = [texts.rows[text].tobytes() for text in read]
        lengths = np.maximum(reach, [len(texts.rows[text]) for text in read])
        self._run(
            {
                name: (texts.rows[text], int(length))
                for name, text, length in zip(names, read, lengths, strict=True)
                if name not in self._places or self._places[name][1] < length
            }
        )
        starts = np.array([self._places[name][0] for name in names])
        return self._states[torch.from_numpy(starts[of_key] + positions)]

    def _run(self, new: dict[bytes, tuple[np.ndarray[Any, np.dtype[np.int32]], int]]) -> None:
        if not new:
            return
        longest = max(length for _, length in new.values())
        texts, keys, start = Texts(longest, self.padding), [], len(self._states)
        for name, (row, length) in new.items():
            keys.append(texts.add(row) * longest + np.arange(length))
            self._places[name] = (start, length)
            start += length
        found = hidden_states(self.backbone, texts, np.concatenate(keys)).cpu()
        self._states = torch.cat([self._states.reshape(-1, found.shape[1]), found])
