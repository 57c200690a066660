"""Hidden states of a frozen language model, kept in memory: for many models that read the same texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from bench.learn.reward.pal.features import hidden_states
from bench.learn.reward.pal.tokens import Keys, Texts


class Memory:
    """The states of a corpus at all positions, run once; `reach` is as far as shorter texts are padded.

    Other texts, and positions further on, are run when they are asked for, and not kept: so states do not depend, bit
    for bit, on what was asked before. `backbone` is not to change as long as this lives.
    """

    def __init__(self, backbone: Any, corpus: Texts, reach: int = 0) -> None:
        self.backbone = backbone
        lengths = np.array([max(len(row), reach) for row in corpus.rows])
        starts = np.cumsum(lengths) - lengths
        self._places = {row.tobytes(): place for place, row in enumerate(corpus.rows)}
        self._starts, self._lengths = starts, lengths
        texts = Texts(int(lengths.max()), corpus.padding)
        keys = [
            texts.add(row) * texts.max_length + np.arange(length)
            for row, length in zip(corpus.rows, lengths, strict=True)
        ]
        with torch.no_grad():
            self._states = hidden_states(backbone, texts, np.concatenate(keys)).cpu()

    @torch.no_grad()
    def states(self, texts: Texts, keys: Keys) -> torch.Tensor:
        """(R, D): those that the ascending `keys` name, on the CPU."""
        of_text, positions = np.divmod(keys, texts.max_length)
        read, of_key = np.unique(of_text, return_inverse=True)
        places = np.array([self._places.get(texts.rows[text].tobytes(), -1) for text in read])[of_key]
        known = (places >= 0) & (positions < self._lengths[places])
        found = self._states.new_empty(len(keys), self._states.shape[1])
        found[torch.from_numpy(known)] = self._states[torch.from_numpy((self._starts[places] + positions)[known])]
        if not known.all():
            found[torch.from_numpy(~known)] = hidden_states(self.backbone, texts, keys[~known]).cpu()
        return found
