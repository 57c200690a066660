"""Relevance as a reward, regularised: no preference is learnt from.

Kim and Seo (2024, arXiv 2402.03469; R3 in its first version, "Preference-free alignment learning with regularized
relevance reward"): a retriever alone as a reward is hacked, so that relevance is multiplied by two things that hold it
in check,

    r(x, y) = relevance(x, y) * |y| / 100 * different trigrams of y / all trigrams of y,

with |y| in tokens, and 1 for the last factor where y has fewer than three. The formula is that of the authors' released
code for open-ended questions. Their other branch, for questions with one answer, compares y with a reference answer and
ignores length; it is left out, as nothing here says of what kind a question is.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError

Array = NDArray[np.float64]

TOKENS = 100  # that a length of 1 stands for


def regularised_relevance(relevance: ArrayLike, responses: Sequence[Sequence[Hashable]]) -> Array:
    """(n,): r of responses, sequences of tokens without an end token, of this `relevance` (n,) to their prompts.

    Raises UserError for a relevance that is negative or not finite, a length would then be a penalty, and for another
    number of them than of responses.
    """
    near = np.asarray(relevance, dtype=float)
    if near.shape != (len(responses),):
        raise UserError(f"relevance: expected one of each of the {len(responses)} responses, found shape {near.shape}")
    if len(bad := np.flatnonzero(~((near >= 0) & np.isfinite(near)))):
        raise UserError(f"relevance {bad[0]} is {near[bad[0]]}; it must be finite and not negative")
    lengths = np.array([len(response) for response in responses]) / TOKENS
    return np.asarray(near * lengths * np.array([_different(response) for response in responses]))


def nearness(first: Array, second: Array) -> Array:
    """(n,): (1 + cosine) / 2 of features (n, d), both less the mean of all; 1/2 where one has no length.

    Ours, for the inner product of a retriever's embeddings, which are positive there: of hidden states of a language
    model one is large whatever the texts, so the mean is taken off, and then half of all cosines are negative.
    """
    mean = np.concatenate([first, second]).mean(axis=0)
    ours, theirs = first - mean, second - mean
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    inner = np.einsum("nd,nd->n", ours, theirs)
    return np.asarray((1 + np.divide(inner, lengths, out=np.zeros_like(inner), where=lengths > 0)) / 2)


def _different(response: Sequence[Hashable]) -> float:
    trigrams = list(zip(response, response[1:], response[2:], strict=False))
    return len(set(trigrams)) / len(trigrams) if trigrams else 1.0
