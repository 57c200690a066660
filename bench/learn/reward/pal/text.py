"""PAL on texts: PAL-Tiny on a language model's frozen hidden states, and PAL-Large, which trains the model too."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from bench.learn.policy.completions import Completions
from bench.learn.reward.pal.estimators import PAL
from bench.learn.reward.pal.features import frozen_states, hidden_states
from bench.learn.reward.pal.fitted import Fitted
from bench.learn.reward.pal.memory import Memory
from bench.learn.reward.pal.reading import CORRECTED, Reading
from bench.learn.reward.pal.tokens import Keys, TextComparisons, Texts, Tokens, TokenSource, tokenwise
from bench.learn.reward.personal.model import Annotators
from bench.spec import Progress

Array = NDArray[np.float64]


class TextPAL:
    """`method`, PALA or PALB with its settings, on the hidden states of `backbone`.

    `backbone` is a transformers model without language-model head (a causal model's `base_model`), used in evaluation
    mode. Frozen, its hidden states are computed once for all comparisons of a call, and kept by content in
    `cache_dir`, or in a `memory` of the same backbone: epochs do not run it. With `train_backbone` it is taken over
    and trained in place, dropout off, as far as is known as released.

    Items of PAL-B are responses alone, and the prompt is read apart; items of PAL-A are prompts with responses.
    Attributes after `fit`: `fitted_`, as of PAL.
    """

    fitted_: Fitted

    def __init__(
        self,
        method: PAL,
        backbone: Any,
        padding: int,
        reading: Reading = CORRECTED,
        *,
        cache_dir: Path | None = None,
        memory: Memory | None = None,
        train_backbone: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.method = method
        self.backbone = backbone.eval()
        self.padding = padding
        self.reading = reading
        self.cache_dir = cache_dir
        self.memory = memory
        self.train_backbone = train_backbone
        self.progress = progress

    def fit(
        self,
        groups: Sequence[Completions],
        labels: Sequence[float] | Array,
        *,
        annotators: Sequence[Hashable],
        validation: TextComparisons | None = None,
    ) -> Self:
        """Learn the network, the weights of `annotators`, and the backbone where it trains.

        Of all epochs, the one best on `validation` is kept. Raises UserError for what does not go together, and
        FloatingPointError where training diverges.
        """
        met = Annotators.met(annotators)
        source = self._source(TextComparisons(groups, labels, annotators), met, live=self.train_backbone)
        judged = None if validation is None else self._source(validation, met, live=self.train_backbone)
        with torch.no_grad():
            width = source.batch(torch.arange(1)).items.shape[1]  # a model may project its states (OPT-350m)
        network = self.method.network(width, width if self.method.reads_prompts else None).to(self._device)
        learned = list(self.backbone.parameters()) if self.train_backbone else []
        self.fitted_ = Fitted.of(network, source, met, self.method.training, self.method.seed, judged, learned)
        return self

    def adapt(
        self,
        groups: Sequence[Completions],
        labels: Sequence[float] | Array,
        *,
        annotators: Sequence[Hashable],
        validation: TextComparisons | None = None,
    ) -> Self:
        """A copy, sharing backbone and network, that knows `annotators` too: see PAL.adapt."""
        met = Annotators.met(annotators)
        source = self._source(TextComparisons(groups, labels, annotators), met)
        judged = None if validation is None else self._source(validation, met)
        adapted = copy.copy(self)
        adapted.fitted_ = self.fitted_.adapted(source, met, self.method.adaptation, self.method.seed, judged)
        return adapted

    def decision_function(self, groups: Sequence[Completions], *, annotators: Sequence[Hashable]) -> Array:
        """(n,): the mean margin of every comparison's tokens, as they weigh in the loss; a stranger's at mean weights.

        Raises UserError as `fit` does.
        """
        comparisons = TextComparisons(groups, np.ones(len(groups)), annotators)
        return self.fitted_.decisions(self._source(comparisons, self.fitted_.annotators))

    def token_margins(
        self, groups: Sequence[Completions], *, annotators: Sequence[Hashable], reading: Reading | None = None
    ) -> list[Array]:
        """Each comparison's margins (T,), first less second, token by token, read as in training or by `reading`.

        The released code tabulates the share of tokens that are right (its AccuMeanToken), and that of the last
        position alone (AccuLastToken: `Window.FIXED_END`).
        """
        comparisons = TextComparisons(groups, np.ones(len(groups)), annotators)
        other = copy.copy(self)
        other.reading = reading or self.reading
        margins, _, rows = self.fitted_.margins(other._source(comparisons, self.fitted_.annotators))
        return np.split(margins, np.searchsorted(rows, np.arange(1, len(groups))))

    def scalar_reward(self, of: Hashable | Mapping[Hashable, float] | Array) -> TextReward:
        """An ordinary reward model of an annotator, or of a mixture; `of`: see Fitted.mixture."""
        return TextReward(self, self.fitted_.mixture(of))

    @property
    def learned_parameters_(self) -> Mapping[str, int]:
        """Numbers learnt, by part; those of all annotators are named "annotators"."""
        counts = self.fitted_.learned_parameters()
        if not self.train_backbone:
            return counts
        return {**counts, "backbone": sum(values.numel() for values in self.backbone.parameters())}

    @property
    def _device(self) -> torch.device:
        device: torch.device = next(self.backbone.parameters()).device
        return device

    def _source(self, comparisons: TextComparisons, known: Annotators, live: bool = False) -> TokenSource:
        apart = self.method.reads_prompts
        tokens = tokenwise(comparisons, known, self.reading, self.padding, prompts_apart=apart)
        if live:
            return TokenSource(tokens, lambda keys: hidden_states(self.backbone, tokens.texts, keys), self._device)
        return TokenSource(tokens, self._table(tokens), self._device)

    def _table(self, tokens: Tokens) -> Callable[[Keys], torch.Tensor]:
        known = tokens.keys
        if self.memory is not None:
            states = self.memory.states(tokens.texts, known)
        else:
            states = frozen_states(self.backbone, tokens.texts, known, self.cache_dir, self.progress)

        def look_up(keys: Keys) -> torch.Tensor:
            return states[torch.from_numpy(np.searchsorted(known, keys))].to(self._device)

        return look_up


@dataclass(frozen=True)
class TextReward:
    """r(prompt, response) of an annotator or a mixture, read where the released code for deployment reads it.

    That is the last token of each. Differences are decisions where a model is read so too: by its own last tokens
    alone, the prompt's last.
    """

    model: TextPAL
    weights: torch.Tensor  # (1, K)

    @torch.no_grad()
    def scores(self, groups: Sequence[Completions]) -> list[NDArray[np.float32]]:
        """The rewards (k,) of every group's responses, as RewardModel.scores gives them."""
        model, apart = self.model, self.model.method.reads_prompts
        network, texts = model.fitted_.network, Texts(model.reading.max_length, model.padding)
        whole = [ids if apart else np.concatenate([group.prompt, ids]) for group in groups for ids in group.responses]
        items = np.array([texts.last(texts.add(ids)) for ids in whole])
        prompts = np.array([texts.last(texts.add(group.prompt)) for group in groups]) if apart else items[:0]
        keys = np.union1d(items, prompts)
        states = hidden_states(model.backbone, texts, keys)
        asked = states[torch.from_numpy(np.searchsorted(keys, prompts))] if apart else None
        who = torch.zeros(len(groups), dtype=torch.long, device=states.device)
        points = network.ideal_points(self.weights, who, asked)
        sizes = [len(group.responses) for group in groups]
        of_group = torch.from_numpy(np.repeat(np.arange(len(groups)), sizes))
        projected = network.items(states[torch.from_numpy(np.searchsorted(keys, items))])
        rewards: NDArray[np.float32] = network.rewards(projected, points[of_group]).cpu().numpy()
        return np.split(rewards, np.cumsum(sizes)[:-1])
