"""Reward models of summaries under one interface: PAL token by token, and baselines on one vector an item."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bench.data.annotated import Annotated
from bench.evaluate.personal import correct
from bench.learn.reward.pal import (
    PALA,
    PALB,
    Adaptation,
    Architecture,
    Asked,
    Rates,
    Reading,
    Training,
    Weighting,
    Window,
)
from bench.learn.reward.pal.reading import token_weights
from bench.learn.reward.pal.text import TextPAL
from bench.learn.reward.pal.tokens import TextComparisons, Texts
from bench.learn.reward.personal.model import PersonalRewardModel
from bench.papers.pal.models import model
from bench.papers.pal.summaries_source import Reader

Array = NDArray[np.float64]
KINDS = {"pal_a": PALA, "pal_b": PALB}


class SummaryModel(Protocol):
    """A reward model for each worker."""

    @property
    def learned_parameters_(self) -> Mapping[str, int]:
        """Numbers learnt, by part."""

    def fit(self, train: Annotated, validation: Annotated) -> Self:
        """Learn everything."""

    def adapt(self, said: Annotated, asked: Annotated) -> Self:
        """A copy that knows these workers; `asked`, the test, may be looked at by what repeats the released code."""

    def decisions(self, asked: Annotated) -> Array:
        """(n,): positive where the first summary is the better one."""


@dataclass
class TokenModel:
    """PAL on token states."""

    text: TextPAL
    reader: Reader
    epoch_on_test: bool

    @property
    def learned_parameters_(self) -> Mapping[str, int]:
        """See SummaryModel."""
        return self.text.learned_parameters_

    def fit(self, train: Annotated, validation: Annotated) -> TokenModel:
        """See SummaryModel. The epoch is kept that is best on the validation part."""
        groups, judged = self._groups(train), self._said(validation)
        self.text.fit(groups, train.labels.astype(float), annotators=train.annotators, validation=judged)
        return self

    def adapt(self, said: Annotated, asked: Annotated) -> TokenModel:
        """See SummaryModel."""
        judged = self._said(asked) if self.epoch_on_test else None
        groups = self._groups(said)
        adapted = self.text.adapt(groups, said.labels.astype(float), annotators=said.annotators, validation=judged)
        return replace(self, text=adapted)

    def decisions(self, asked: Annotated) -> Array:
        """See SummaryModel: the mean of a comparison's margins, as they weigh in the loss; 0 where it has no token."""
        return self.measured(asked)[0]

    def measured(self, asked: Annotated) -> tuple[Array, float]:
        """Decisions (n,), and the mean share of a comparison's tokens that are right: AccuMeanToken as released."""
        margins, weighting = self._margins(asked, self.text.reading), self.text.reading.weighting
        decisions = [each @ token_weights(len(each), weighting) for each in margins]
        shares = [correct(each, label).mean() for each, label in zip(margins, asked.labels, strict=True) if len(each)]
        return np.array(decisions), float(np.mean(shares))

    def last_token(self, asked: Annotated) -> float:
        """Accuracy at the last position of the fixed length, padding as a rule: AccuLastToken as released."""
        ends = self._margins(asked, replace(self.text.reading, window=Window.FIXED_END))
        return float(correct([each[-1] for each in ends], asked.labels).mean())

    def _margins(self, asked: Annotated, reading: Reading) -> list[Array]:
        return self.text.token_margins(self._groups(asked), annotators=asked.annotators, reading=reading)

    def cut_share(self, asked: Annotated) -> float:
        """Of comparisons, those with a response that does not end within the greatest length."""
        apart, longest = self.text.method.reads_prompts, self.text.reading.max_length
        lengths = [
            max(len(ids) for ids in group.responses) + (0 if apart else len(group.prompt))
            for group in self._groups(asked)
        ]
        return float(np.mean(np.array(lengths) > longest))

    def _groups(self, said: Annotated) -> Any:
        return self.reader.completions(said, apart=self.text.method.reads_prompts)

    def _said(self, said: Annotated) -> TextComparisons:
        return TextComparisons(self._groups(said), said.labels, said.annotators)


@dataclass
class VectorModel:
    """A reward model on one vector an item: `features` (n, 2, d)."""

    personal: PersonalRewardModel
    features: Callable[[Annotated], NDArray[np.float32]]

    @property
    def learned_parameters_(self) -> Mapping[str, int]:
        """See SummaryModel."""
        return self.personal.learned_parameters_

    def fit(self, train: Annotated, validation: Annotated) -> VectorModel:
        """See SummaryModel. There is nothing to choose by the validation part."""
        self.personal.fit(self.features(train), train.labels, annotators=train.annotators)
        return self

    def adapt(self, said: Annotated, asked: Annotated) -> VectorModel:
        """See SummaryModel."""
        adapted = self.personal.adapt(self.features(said), said.labels, annotators=said.annotators)
        return replace(self, personal=adapted)

    def decisions(self, asked: Annotated) -> Array:
        """See SummaryModel."""
        return self.personal.decision_function(self.features(asked), annotators=asked.annotators)


def summary_model(
    method: str, K: int | None, settings: Mapping[str, Any], seed: int, reader: Reader
) -> TokenModel | VectorModel:
    """The untrained model that a task names."""
    if method == "length":
        return VectorModel(model("per_user", None, settings, seed), lengths)
    if method not in KINDS:
        return VectorModel(model(method, K, settings, seed), lambda said: last_states(reader, said))
    training = settings["training"]
    pal = KINDS[method](
        K=settings["K"],
        projector=Architecture(**settings["projector"]),
        training=Training(**{**training, "rates": Rates(**training["rates"])}),
        adaptation=Adaptation(**settings["adaptation"]),
        seed=seed,
    )
    trains = settings["train_backbone"]
    text = TextPAL(
        pal,
        copy.deepcopy(reader.backbone) if trains else reader.backbone,
        reader.padding,
        reading(settings["reading"]),
        cache_dir=reader.cache_dir,
        memory=None if trains else reader.memory,
        train_backbone=trains,
    )
    return TokenModel(text, reader, settings["epoch_on_test"])


def reading(settings: Mapping[str, Any]) -> Reading:
    """Of the settings `summaries.Reading`."""
    kinds: Mapping[str, Callable[[Any], Any]] = {"asked": Asked, "window": Window, "weighting": Weighting}
    read: dict[str, Any] = {key: kinds.get(key, lambda same: same)(value) for key, value in settings.items()}
    return Reading(**read)


def lengths(said: Annotated) -> NDArray[np.float32]:
    """(n, 2, 1): characters of both summaries, in hundreds: all that a model needs which reads no word."""
    count = np.array([len(item) for item in said.items], dtype=np.float32)
    both: NDArray[np.float32] = np.stack([count[said.first], count[said.second]], axis=1)[..., None] / np.float32(100)
    return both


def last_states(reader: Reader, said: Annotated) -> NDArray[np.float32]:
    """(n, 2, D): the state of the last token of prompt and response, where a reward model has its head."""
    groups = reader.completions(said, apart=False)
    wholes = [np.concatenate([group.prompt, ids]) for group in groups for ids in group.responses]
    texts = Texts(max(len(whole) for whole in wholes), reader.padding)
    keys, of_items = np.unique([texts.last(texts.add(whole)) for whole in wholes], return_inverse=True)
    states: NDArray[np.float32] = reader.states(texts, keys).numpy()[of_items]
    return states.reshape(len(groups), 2, -1)
