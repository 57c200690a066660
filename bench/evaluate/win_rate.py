"""How often one policy is preferred to another, with ties and an error that knows which judgements share a prompt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError
from bench.evaluate.clustered import clustered_error

Array = NDArray[np.float64]


@dataclass(frozen=True)
class WinRate:
    """A mean over judgements, as a fraction (0 to 1), and how they came out."""

    mean: float
    standard_error: float  # NaN where there is a single prompt: no spread can be seen
    n_wins: int  # judgements above one half
    n_losses: int  # below
    n_draws: int  # exactly one half
    n_prompts: int


def win_rate(wins: ArrayLike, prompts: ArrayLike | None = None) -> WinRate:
    """The win rate of judgements `wins` (n,): 1 a win, 0 a loss, 0.5 a draw, or the judge's probability of a win.

    `prompts` (n,) says which prompt each judgement is of. Judgements of one prompt (two orders, several samples,
    several judges) are not independent, so the error is that of clusters (`clustered_error`). Without
    `prompts`, or with one judgement a prompt, it is the standard error of a mean.

    Raises UserError for no judgements, values outside [0, 1] or not finite, and arrays of different length.
    """
    values = np.asarray(wins, dtype=float)
    if values.ndim != 1 or values.size == 0:
        raise UserError(f"wins: expected at least one judgement as an array (n,), found shape {values.shape}")
    bad = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if bad.size:
        raise UserError(f"wins[{bad[0]}]: {values[bad[0]]} is not a win in [0, 1]")
    groups = np.arange(values.size) if prompts is None else _groups(prompts, values.size)
    return WinRate(
        mean=float(values.mean()),
        standard_error=clustered_error(values, groups),
        n_wins=int((values > 0.5).sum()),
        n_losses=int((values < 0.5).sum()),
        n_draws=int((values == 0.5).sum()),
        n_prompts=int(groups.max()) + 1,
    )


def _groups(prompts: ArrayLike, n: int) -> NDArray[np.intp]:
    labels = np.asarray(prompts)
    if labels.shape != (n,):
        raise UserError(f"prompts: expected one for each of the {n} judgements, found shape {labels.shape}")
    return np.unique(labels, return_inverse=True)[1]
