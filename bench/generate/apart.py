"""Candidates of one prompt that are negatively correlated: none says more often than it must what another says.

Zhang et al. (2025), "Cultivating Pluralism in Algorithmic Monoculture: the Community Alignment dataset" (arXiv
2507.09650): independent samples of a policy are so alike that people's labels of them do not show what people differ
in, so candidates for a label should be sampled with negative correlation. Theirs is that idea and one way to do it: one
prompt asks a language model for several responses at once that stand for different values.

The way below is ours, for any decoder, also one that cannot be asked so. Sample j of k takes at every token the number
u + j / k (mod 1), where u is uniform and shared by the k samples, and the number falls on a token by the inverse of the
cumulative distribution. Each number is uniform, so each sample alone has the policy's distribution exactly. Where two
of the samples have said the same so far and k = 2, both say a token of probability p next with probability

    max(0, 2 p - 1),

which no joint distribution with these marginals makes less, and which is at most p^2, that of independent samples: the
covariance of "says the token" is negative, or zero for p in {0, 1}. Mirrored numbers, u and 1 - u, lack this: a token
whose share lies in the middle is said by both with probability p. Once two samples differ, their next tokens come from
different distributions, and shared numbers mean nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.generate.request import Sample
from bench.generate.sampling import sample
from bench.generate.streams import Name, Numbers, uniforms


def sample_apart(
    model: Any, prompts: Sequence[ArrayLike], *, max_tokens: int, seed: int, samples: int = 2, **sampling: Any
) -> list[list[Sample]]:
    """`samples` responses to each of `prompts`, those of one prompt negatively correlated.

    All arguments are those of `bench.generate.sample`, and so is the distribution of every single response. How many
    samples there are changes all but the first, which is the first of `sample`. Raises UserError as `sample` does.
    """
    return sample(
        model, prompts, max_tokens=max_tokens, seed=seed, samples=samples, numbers=shifted(samples), **sampling
    )


def shifted(samples: int) -> Numbers:
    """`uniforms`, with one stream a prompt, which sample j of `samples` reads shifted by j / samples (mod 1)."""

    def numbers(seed: int, names: Iterable[Name], length: int) -> NDArray[np.float64]:
        rows = list(names)
        shared = uniforms(seed, ((key, 0) for key, _ in rows), length)
        return np.asarray((shared + np.array([[index / samples] for _, index in rows])) % 1.0)

    return numbers
