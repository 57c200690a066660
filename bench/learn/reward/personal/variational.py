"""A latent vector for each annotator, read off their labels by an encoder: variational preference learning.

    q(z | labels of u) = N(mu, diag sigma^2),   (mu, log sigma^2) = rho(mean_i phi(preferred_i, other_i), log(1 + m))
    P(u prefers the first) = F(reward(x_1, z) - reward(x_2, z))

VPL (Poddar, Wan, Ivison, Gupta and Jaques, NeurIPS 2024), whose evidence bound is maximised over encoder and reward:

    E_q [sum_i log F(reward difference_i)] - kl_weight KL(q || N(0, I)).

Theirs reads a fixed number of labels, concatenated. Ours reads any number m, also none, by their mean, and in training
sees a random part of an annotator's labels and explains all: annotators here differ in how much they said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import softplus

from bench.learn.reward.personal.base import ProfiledRewardModel
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.networks import (
    Standardiser,
    descend,
    drawn_from,
    margins,
    parameter_count,
    perceptron,
)
from bench.learn.reward.validation import check_count, check_positive
from bench.seeds import seed_for

Array = NDArray[np.float64]

ANNOTATORS_A_STEP = 16


class VariationalPreferences(ProfiledRewardModel):
    """A profile is the mean mu of q, the average one that of an annotator who said nothing. Reads prompts where given.

    `adapt` encodes: nothing is learnt, and no parameters belong to an annotator. A training step shows up to `labels`
    comparisons of each of 16 annotators.
    """

    reads_prompts = True

    def __init__(
        self,
        dimension: int = 4,
        hidden: int = 64,
        kl_weight: float = 0.1,
        labels: int = 32,
        steps: int = 300,
        learning_rate: float = 3e-3,
        seed: int = 0,
    ) -> None:
        self.dimension = dimension
        self.hidden = hidden
        self.kl_weight = kl_weight
        self.labels = labels
        self.steps = steps
        self.learning_rate = learning_rate
        self.seed = seed

    def _learn(self, known: Ordered) -> Array:
        q, hidden = check_count("dimension", self.dimension), check_count("hidden", self.hidden)
        check_count("labels", self.labels)
        weight, rate = check_positive("kl_weight", self.kl_weight), check_positive("learning_rate", self.learning_rate)
        self.standardise_ = Standardiser(known.items, known.prompts)
        pairs = self.standardise_(known.items, known.prompts)
        features = pairs.shape[2]
        with drawn_from(seed_for("variational", self.seed)) as generator:
            self.encoder_ = _Encoder(features, hidden, q)
            self.reward_ = perceptron([features + q, hidden, hidden, 1])
            losses = self._losses(known, pairs, weight, generator)
            descend([self.encoder_, self.reward_], [], losses, check_count("steps", self.steps), rate)
        with torch.no_grad():
            nothing = torch.empty((0, 2, features), dtype=torch.float64)
            self.average_profile_ = self.encoder_(nothing, torch.empty(0, dtype=torch.int64), 1)[0][0].numpy()
        return self._profile(known)

    def _losses(
        self, known: Ordered, pairs: Tensor, kl_weight: float, generator: torch.Generator
    ) -> Iterator[Callable[[], Tensor]]:
        """Minus the evidence bound a comparison, for some annotators after others, everybody once a round."""
        starts, counts = known.starts, known.counts
        while True:
            for some in torch.split(torch.randperm(len(starts), generator=generator), ANNOTATORS_A_STEP):
                shown, whose, seen = [], [], []
                for index, annotator in enumerate(some.tolist()):
                    drawn = torch.randperm(int(counts[annotator]), generator=generator)[: self.labels]
                    read = int(torch.randint(len(drawn) + 1, (1,), generator=generator))
                    shown.append(drawn + int(starts[annotator]))
                    whose.append(torch.full((len(drawn),), index))
                    seen.append(torch.arange(len(drawn)) < read)
                noise = torch.randn((len(some), self.dimension), dtype=torch.float64, generator=generator)
                rows, place, context = torch.cat(shown), torch.cat(whose), torch.cat(seen)

                def loss(
                    rows: Tensor = rows, place: Tensor = place, context: Tensor = context, noise: Tensor = noise
                ) -> Tensor:
                    there = pairs[rows]
                    mean, log_variance = self.encoder_(there[context], place[context], len(noise))
                    z = mean + torch.exp(log_variance / 2) * noise
                    misfit: Tensor = softplus(-margins(self.reward_, there, z[place])).sum()
                    divergence: Tensor = (mean**2 + log_variance.exp() - 1 - log_variance).sum() / 2
                    return (misfit + kl_weight * divergence) / len(rows)

                yield loss

    def _profile(self, judged: Ordered) -> Array:
        pairs = self.standardise_(judged.items, judged.prompts)
        with torch.no_grad():
            mean, _ = self.encoder_(pairs, torch.from_numpy(judged.places), len(judged.annotators.known))
        return np.asarray(mean.numpy())

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        with torch.no_grad():
            values = margins(self.reward_, self.standardise_(items, prompts), torch.from_numpy(profiles))
        return np.asarray(values.numpy())

    def _own_parameters(self, profiles: Array) -> int:
        return 0

    def _shared_parameters(self) -> dict[str, int]:
        return {"encoder": parameter_count(self.encoder_), "reward": parameter_count(self.reward_)}


class _Encoder(nn.Module):
    """Sets of comparisons to Gaussians."""

    def __init__(self, features: int, hidden: int, dimension: int) -> None:
        super().__init__()
        self.of_a_comparison = perceptron([2 * features, hidden, hidden])
        self.of_a_set = perceptron([hidden + 1, hidden, 2 * dimension])

    def forward(self, pairs: Tensor, places: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Mean and log variance (count, q) from comparisons `pairs` (n, 2, f), preferred first, of `places` (n,)."""
        each = self.of_a_comparison(pairs.flatten(1))
        said = torch.zeros(count, dtype=pairs.dtype).index_add(0, places, torch.ones(len(places), dtype=pairs.dtype))
        total = torch.zeros((count, each.shape[1]), dtype=pairs.dtype).index_add(0, places, each)
        mean = total / said.clamp(min=1)[:, None]
        known: Tensor = self.of_a_set(torch.cat([mean, torch.log1p(said)[:, None]], dim=1))
        middle, log_variance = known.chunk(2, dim=1)
        return middle, log_variance
