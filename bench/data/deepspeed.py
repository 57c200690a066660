"""Which rows DeepSpeed-Chat gives to a training phase."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.errors import UserError


def deepspeed_split(rows: int, parts: Sequence[float] = (2, 4, 4), part: int = 1, seed: int = 1234) -> tuple[int, ...]:
    """The rows of phase `part` (0 SFT, 1 reward model, 2 RL) when `rows` rows are shared out as `parts` under `seed`.

    DeepSpeed-Chat (dschat/utils/data/data_utils.py) shuffles all row numbers with NumPy's legacy generator and cuts
    them at the rounded sizes of the parts. What rounding leaves over or short moves every cut, so it falls to the
    first part. One shuffle serves all parts: they are disjoint and cover all rows. The seed is the training seed, so
    every seed of the paper's runs has its own rows.
    Raises UserError for a part that does not exist, fewer than 1 row, proportions that are not shares, or a first
    part that rounding makes negative (DeepSpeed-Chat then wraps around to an empty part).
    """
    if rows < 1:
        raise UserError(f"rows must be at least 1, got {rows}")
    if not parts or min(parts) < 0 or sum(parts) <= 0:
        raise UserError(f"parts must be shares >= 0 with a positive sum, got {tuple(parts)}")
    if not 0 <= part < len(parts):
        raise UserError(f"part must be 0..{len(parts) - 1}, got {part}")
    sizes = [round(share / sum(parts) * float(rows)) for share in parts]
    sizes[0] += rows - sum(sizes)
    if sizes[0] < 0:
        raise UserError(f"{rows} rows cannot be shared out as {tuple(parts)}: rounding leaves the first part negative")
    shuffled = np.arange(rows)
    np.random.RandomState(seed).shuffle(shuffled)
    start = sum(sizes[:part])
    return tuple(shuffled[start : start + sizes[part]].tolist())
