"""Comparisons as the baselines read them: the preferred item first, and in an order of their own.

A result must not depend on the order of rows, nor on what annotators are called. So rows are sorted by their content
and annotators by the content of all their rows, before anything is drawn at random or summed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError
from bench.learn.reward.personal.model import Annotators, Places, check_annotators, check_items, differences
from bench.learn.reward.validation import check_labels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ordered:
    """n comparisons, those of one annotator after those of another."""

    items: Array  # (n, 2, d), the preferred one first
    prompts: Array  # (n, p), p = 0 without prompts
    places: Places  # (n,), of `annotators`; ascending
    annotators: Annotators

    @property
    def signed(self) -> Array:
        """(n, d): preferred item less the other, so that <theta, signed> is the margin of a linear reward."""
        return differences(self.items)

    @property
    def counts(self) -> Places:
        """(annotators,): comparisons of each."""
        return np.bincount(self.places, minlength=len(self.annotators.known))

    @property
    def starts(self) -> Places:
        """(annotators,): the first comparison of each."""
        return np.concatenate([[0], np.cumsum(self.counts)[:-1]])


def read(
    X: ArrayLike,
    labels: ArrayLike,
    annotators: Sequence[Hashable],
    prompts: ArrayLike | None = None,
    features: int | None = None,
    prompt_features: int | None = None,
) -> Ordered:
    """Check and sort. Raises UserError for arrays that do not go together, or other widths than a fit had."""
    items = check_items(X, features)
    preferred_first = check_labels(labels, len(items))[:, None, None] > 0
    met = Annotators.met(check_annotators(annotators, len(items)))
    asked = check_prompts(prompts, len(items), prompt_features)
    items = np.where(preferred_first, items, items[:, ::-1])
    content = _bytes_of_rows(np.column_stack([items.reshape(len(items), -1), asked]))
    row_order = np.argsort(content, kind="stable")
    places = met.places(annotators)
    by_annotator = row_order[np.argsort(places[row_order], kind="stable")]
    ends = np.cumsum(np.bincount(places))[:-1]
    digests = [hashlib.sha256(content[rows].tobytes()).digest() for rows in np.split(by_annotator, ends)]
    order = sorted(range(len(digests)), key=digests.__getitem__)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    rows = by_annotator[np.argsort(rank[places[by_annotator]], kind="stable")]
    known = Annotators(tuple(met.known[place] for place in order))
    return Ordered(items[rows], asked[rows], rank[places[rows]], known)


def check_prompts(prompts: ArrayLike | None, count: int, features: int | None = None) -> Array:
    """(n, p), p = 0 for None. Raises UserError for another shape, and for another p than `features`."""
    asked = np.empty((count, 0)) if prompts is None else np.asarray(prompts, dtype=np.float64)
    if asked.ndim != 2 or len(asked) != count:
        raise UserError(f"prompts: expected features of {count} prompts, ({count}, p), got shape {asked.shape}")
    if features is not None and asked.shape[1] != features:
        raise UserError(f"prompts: the model was fitted on {features} features of a prompt, got {asked.shape[1]}")
    if len(bad := np.flatnonzero(~np.isfinite(asked).all(axis=1))):
        raise UserError(f"prompts: row {bad[0]} has features that are not finite")
    return asked


def _bytes_of_rows(rows: Array) -> NDArray[np.void]:
    """(n,): each row as one value that can be sorted."""
    plain = np.ascontiguousarray(rows + 0.0)  # -0.0 and 0.0 are one number of two patterns
    return plain.view(np.dtype((np.void, plain.dtype.itemsize * plain.shape[1])))[:, 0]
