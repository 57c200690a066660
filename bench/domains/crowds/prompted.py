"""Features of items that say how near their prompt is, for reward models that read items alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.data.embedded import Embedded
from bench.learn.reward.personal.cosine import cosines


def with_cosine(embedded: Embedded) -> Embedded:
    """The same with the cosine of item and prompt as one more feature of every item."""
    near = cosines(embedded.items.astype(np.float64), embedded.prompts.astype(np.float64))
    items = np.concatenate([embedded.items, near[:, :, None].astype(np.float32)], axis=2)
    return replace(embedded, items=items)
