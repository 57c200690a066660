"""Comparisons of texts, token by token: which hidden states they need, from a language model or from its table."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError
from bench.learn.policy.completions import Completions, Ids, require_two
from bench.learn.reward.pal.batch import Batch
from bench.learn.reward.pal.reading import Reading, read
from bench.learn.reward.personal.model import Annotators, check_annotators
from bench.learn.reward.validation import check_labels

Keys = NDArray[np.int64]


@dataclass(frozen=True)
class TextComparisons:
    """What annotators said of two responses: +1 where the first was preferred, -1 where the second was."""

    groups: Sequence[Completions]
    labels: ArrayLike
    annotators: Sequence[Hashable]


class Texts:
    """Distinct texts, cut on their right. A key names the hidden state at a position: text * max_length + position."""

    def __init__(self, max_length: int, padding: int) -> None:
        self.max_length = max_length
        self.padding = padding
        self.rows: list[Ids] = []
        self._numbers: dict[bytes, int] = {}

    def add(self, ids: Ids) -> int:
        """The text's number."""
        cut = np.ascontiguousarray(ids[: self.max_length], dtype=np.int32)
        number = self._numbers.setdefault(cut.tobytes(), len(self.rows))
        if number == len(self.rows):
            self.rows.append(cut)
        return number

    def last(self, text: int) -> int:
        """The key of a text's last token."""
        return text * self.max_length + len(self.rows[text]) - 1


@dataclass(frozen=True)
class Tokens:
    """n comparisons with M tokens in all, whose hidden states are named by the keys of `texts`."""

    texts: Texts
    ends: Keys  # (n,): where a comparison's tokens end
    first: Keys  # (M,)
    second: Keys  # (M,)
    prompt: Keys | None  # (M,); None where a prompt is part of its items
    weights: NDArray[np.float32]  # (M,)
    annotators: Keys  # (n,) places
    labels: NDArray[np.float64]  # (n,)

    @property
    def keys(self) -> Keys:
        """All that are needed, in order, once each."""
        return np.unique(np.concatenate([self.first, self.second, *([] if self.prompt is None else [self.prompt])]))

    def of(self, rows: NDArray[np.int64]) -> tuple[Keys, Keys]:
        """The tokens of these comparisons, and which of the comparisons each belongs to (0..B-1)."""
        lengths = self.ends[rows] - np.where(rows > 0, self.ends[rows - 1], 0)
        comparison = np.repeat(np.arange(len(rows)), lengths)
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.repeat(self.ends[rows] - lengths, lengths) + within, comparison


def tokenwise(
    comparisons: TextComparisons, known: Annotators, reading: Reading, padding: int, *, prompts_apart: bool
) -> Tokens:
    """Lay comparisons out. `prompts_apart` (PAL-B): items are responses, read without the prompt; else both in one.

    Raises UserError for what does not go together, groups without two responses, and prompts without a token.
    """
    require_two(comparisons.groups, "PAL compares two")
    count = len(comparisons.groups)
    if not count:
        raise UserError("no comparisons")
    places = known.places(check_annotators(comparisons.annotators, count))
    labels = check_labels(comparisons.labels, count)
    texts = Texts(reading.max_length, padding)
    columns: dict[str, list[Keys]] = {"first": [], "second": [], "prompt": []}
    weights, ends = [], []
    for group in comparisons.groups:
        whole = [ids if prompts_apart else np.concatenate([group.prompt, ids]) for ids in group.responses]
        texts_of = {"first": texts.add(whole[0]), "second": texts.add(whole[1])}
        if prompts_apart:
            texts_of["prompt"] = texts.add(group.prompt)
        asked = len(texts.rows[texts_of["prompt"]]) if prompts_apart else 0
        found = read(texts.rows[texts_of["first"]], texts.rows[texts_of["second"]], asked, reading, padding)
        for column, text in texts_of.items():
            columns[column].append(text * reading.max_length + getattr(found, column))
        weights.append(found.weights)
        ends.append(len(found.weights))
    return Tokens(
        texts=texts,
        ends=np.cumsum(ends),
        first=np.concatenate(columns["first"]),
        second=np.concatenate(columns["second"]),
        prompt=np.concatenate(columns["prompt"]) if prompts_apart else None,
        weights=np.concatenate(weights),
        annotators=places,
        labels=labels,
    )


@dataclass(frozen=True)
class TokenSource:
    """A Source: `states(keys)` gives the hidden states (R, D) of distinct keys (R,), ascending."""

    tokens: Tokens
    states: Callable[[Keys], torch.Tensor]
    device: torch.device

    def __len__(self) -> int:
        return len(self.tokens.ends)

    @property
    def annotators(self) -> torch.Tensor:
        """See Source."""
        return torch.from_numpy(self.tokens.annotators).to(self.device)

    @property
    def labels(self) -> torch.Tensor:
        """See Source."""
        return torch.from_numpy(self.tokens.labels).float().to(self.device)

    def batch(self, rows: torch.Tensor) -> Batch:
        """See Source."""
        tokens, places = self.tokens, rows.cpu().numpy()
        at, comparison = tokens.of(places)
        items, of_items = np.unique(np.concatenate([tokens.first[at], tokens.second[at]]), return_inverse=True)
        if tokens.prompt is None:
            asked, prompt, judged = items[:0], comparison, places
        else:
            # An ideal point is of a prompt and an annotator: comparisons that share a prompt have one each.
            span = len(tokens.texts.rows) * tokens.texts.max_length
            pairs, prompt = np.unique(comparison * span + tokens.prompt[at], return_inverse=True)
            asked, judged = pairs % span, places[pairs // span]
        keys = np.union1d(items, asked)
        states = self.states(keys)
        first, second = np.split(of_items, 2)

        def tensor(values: NDArray[np.generic]) -> torch.Tensor:
            return torch.from_numpy(values).to(self.device)

        return Batch(
            items=states[tensor(np.searchsorted(keys, items))],
            first=tensor(first),
            second=tensor(second),
            prompts=None if tokens.prompt is None else states[tensor(np.searchsorted(keys, asked))],
            annotators=tensor(tokens.annotators[judged]),
            prompt=tensor(prompt),
            comparison=tensor(comparison),
            weights=tensor(tokens.weights[at]),
            labels=tensor(tokens.labels[places].astype(np.float32)),
        )
