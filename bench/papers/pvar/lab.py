"""Where the study runs: the known-truth world, or language models on text; what it asks of either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.label import Judgements
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import ReferenceLogProbs
from bench.spec import Context

Values = NDArray[np.float64]


class Lab(Protocol):
    """All of the study that is not choosing, pairing and training. Prompts, groups and rewards go row by row."""

    settings: Mapping[str, Any]
    seed: int
    folder: Path  # of what is kept
    sft: Any  # the policy before any preference
    sft_hash: str  # of its weights
    engine: Mapping[str, Any]  # how training is done here: further keys of Training
    judges: Mapping[str, str]  # fingerprints of what decides a judgement beside the settings
    checkpoints: Path | None  # where a training leaves them, so that it can go on after a kill

    def pool(self, spread: str) -> tuple[list[Any], list[Completions]]:
        """The prompts of `spread`, and for each a group of responses."""

    def rewards(self, spread: str, model: str) -> Values:
        """(pool, k): of every response, in the unit in which a difference of 1 has odds e : 1."""

    def reference(self, spread: str) -> ReferenceLogProbs | None:
        """The SFT policy's log-probabilities of the pool's responses; None where pairs may be of others."""

    def given(self, prompts: Sequence[Any]) -> list[Completions] | None:
        """The pairs that the prompts come with, better and worse in any order; None where they come with none."""

    def people(self, prompts: Sequence[Any], groups: Sequence[Completions]) -> Judgements:
        """Paid labels of pairs of responses."""

    def truth(self, prompts: Sequence[Any], groups: Sequence[Completions]) -> Values | None:
        """(n, k): the gold reward of every response; None where nobody knows it."""

    def held_out(self, prompts: int) -> tuple[list[Completions], Values]:
        """Pairs (better, worse) of prompts that no pool has, at most so many, and the SFT policy's `gaps` of them."""

    def judged(self, policy: Any, judging: Mapping[str, int]) -> dict[str, float]:
        """What a policy is worth."""

    def place(self, kind: str, parts: Mapping[str, Any]) -> Path:
        """Where arrays are kept that depend on the lab and on `parts`."""


def lab(settings: Mapping[str, Any], seed: int, context: Context) -> Lab:
    """The lab of a task."""
    if "text" in settings:
        from bench.papers.pvar.text_lab import TextLab

        return TextLab(settings, seed, context)
    from bench.papers.pvar import world

    return world.lab(settings, seed, context)
