"""A learnt vector for each annotator, appended to what the reward model reads: P-DPO's individual model.

    reward(x, u) = MLP([x, prompt, e_u]),    e_u = e_0 + o_u

Personalised-RLHF (Li, Zhou, Lipton and Leqi 2024, arXiv 2402.05133, example 2), as far as a reward model on frozen
features has it: e_0 is the generic annotator, who stands for anybody unknown, and every comparison counts twice,

    alpha f(reward difference under e_u) + (1 - alpha) f(reward difference under e_0),   f(m) = log(1 + exp(-m)),

once as its annotator's and once as anybody's. A prior of the o_u, prior / 2 ||o_u||^2 beside the sum of the personal
losses, is ours: without it one label can carry a new annotator anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor, nn
from torch.nn.functional import softplus

from bench.errors import UserError
from bench.learn.reward.personal.base import ProfiledRewardModel
from bench.learn.reward.personal.comparisons import Ordered
from bench.learn.reward.personal.model import Places
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

ADAPTATION_STEPS = 100
ENOUGH = 1e-6  # relative gain of a step below which an adaptation ends
FIRST_DAMPING, MOST_DAMPING = 0.1, 1e8


class UserEmbedding(ProfiledRewardModel):
    """A profile is o_u, the average one zero. Reads prompts where they are given.

    `adapt` minimises, over a new annotator's o_u from zero on and with the network and e_0 as they are,
    sum_i f(margin_i) + prior / 2 ||o_u||^2, for all new annotators at once.
    """

    reads_prompts = True

    def __init__(
        self,
        dimension: int = 8,
        hidden: int = 32,
        alpha: float = 0.5,
        prior: float = 0.3,
        epochs: int = 20,
        batch_size: int = 64,
        learning_rate: float = 1e-2,
        seed: int = 0,
    ) -> None:
        self.dimension = dimension
        self.hidden = hidden
        self.alpha = alpha
        self.prior = prior
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed

    def _learn(self, known: Ordered) -> Array:
        q, hidden = check_count("dimension", self.dimension), check_count("hidden", self.hidden)
        if not 0 <= self.alpha <= 1:
            raise UserError(f"alpha must lie between 0 and 1, got {self.alpha}; the default is 0.5")
        self.standardise_ = Standardiser(known.items, known.prompts)
        pairs, places = self.standardise_(known.items, known.prompts), torch.from_numpy(known.places)
        batch, epochs = check_count("batch_size", self.batch_size), check_count("epochs", self.epochs)
        with drawn_from(seed_for("user embedding", self.seed)) as generator:
            self.reward_ = perceptron([pairs.shape[2] + q, hidden, hidden, 1])
            self.generic_ = nn.Parameter(0.5 * torch.randn(q, dtype=torch.float64))
            own = nn.Parameter(torch.zeros(len(known.annotators.known), q, dtype=torch.float64))
            losses = self._losses(pairs, places, own, check_positive("prior", self.prior), batch, generator)
            steps, rate = epochs * -(-len(pairs) // batch), check_positive("learning_rate", self.learning_rate)
            descend([self.reward_], [self.generic_, own], losses, steps, rate)
        self.average_profile_ = np.zeros(q)
        return own.detach().numpy()

    def _losses(
        self, pairs: Tensor, places: Tensor, own: Tensor, prior: float, batch: int, generator: torch.Generator
    ) -> Iterator[Callable[[], Tensor]]:
        """The loss of one batch after another, every comparison once an epoch."""
        while True:
            for rows in torch.split(torch.randperm(len(pairs), generator=generator), batch):

                def loss(rows: Tensor = rows) -> Tensor:
                    there = pairs[rows]
                    generic = self.generic_.expand(len(rows), -1)
                    personal = softplus(-margins(self.reward_, there, generic + own[places[rows]])).mean()
                    anybody = softplus(-margins(self.reward_, there, generic)).mean()
                    penalty = prior / 2 * (own**2).sum() / len(pairs)
                    return self.alpha * (personal + penalty) + (1 - self.alpha) * anybody

                yield loss

    def _profile(self, judged: Ordered) -> Array:
        pairs = self.standardise_(judged.items, judged.prompts)

        def linearised(own: Array, rows: Places) -> tuple[Array, Array]:
            persons = (self.generic_.detach() + torch.from_numpy(own)).requires_grad_()
            values = margins(self.reward_, pairs[torch.from_numpy(rows)], persons)
            (jacobian,) = torch.autograd.grad(values.sum(), persons)  # a margin depends on its own row only
            return values.detach().numpy(), jacobian.numpy()

        return fit_profiles(linearised, judged.places, self.dimension, self.prior)

    def _log_odds(self, items: Array, prompts: Array, profiles: Array) -> Array:
        with torch.no_grad():
            persons = self.generic_ + torch.from_numpy(profiles)
            return np.asarray(margins(self.reward_, self.standardise_(items, prompts), persons).numpy())

    def _shared_parameters(self) -> dict[str, int]:
        return {"reward": parameter_count(self.reward_), "generic": self.generic_.numel()}


def fit_profiles(
    linearised: Callable[[Array, Places], tuple[Array, Array]], places: Places, q: int, prior: float
) -> Array:
    """(annotators, q): minima of sum_i f(margin_i) + prior / 2 ||o_u||^2, from zero on, everybody's at once.

    `linearised(own, rows)` gives the margins of these comparisons, and their derivatives (rows, q), where each has its
    annotator's profile, own (rows, q). `places` (n,) are ascending. Gauss-Newton steps, damped for each annotator by
    how well the last one was foreseen (Levenberg and Marquardt, with Nielsen's rule); who has arrived takes no more.
    """
    users = int(places[-1]) + 1
    own, going = np.zeros((users, q)), np.ones(users, dtype=bool)
    damping, raised = np.full(users, FIRST_DAMPING), np.full(users, 2.0)
    values, jacobian = linearised(own[places], np.arange(len(places)))
    for _ in range(ADAPTATION_STEPS):
        who, rows = np.flatnonzero(going), np.flatnonzero(going[places])
        starts = np.searchsorted(places[rows], who)
        objective = _objective(values[rows], own[who], starts, prior)
        wrong = expit(-values[rows])
        gradient = prior * own[who] - np.add.reduceat(jacobian[rows] * wrong[:, None], starts, axis=0)
        root = jacobian[rows] * np.sqrt(wrong * (1 - wrong))[:, None]
        hessian = np.add.reduceat(root[:, :, None] * root[:, None], starts, axis=0)
        lifted = hessian + (prior + damping[who])[:, None, None] * np.eye(q)
        step = -np.linalg.solve(lifted, gradient[:, :, None])[:, :, 0]
        trial = own[who] + step
        place = np.searchsorted(who, places[rows])
        trial_values, trial_jacobian = linearised(trial[place], rows)
        gain = objective - _objective(trial_values, trial, starts, prior)
        better = gain > 0
        own[who[better]] = trial[better]
        values[rows[better[place]]] = trial_values[better[place]]
        jacobian[rows[better[place]]] = trial_jacobian[better[place]]
        going[who] = np.where(better, gain > ENOUGH * objective, damping[who] < MOST_DAMPING)
        expected = (step * (damping[who, None] * step - gradient)).sum(axis=1) / 2
        relief = np.maximum(1 / 3, 1 - (2 * np.clip(gain / expected, 0, 2) - 1) ** 3)
        damping[who] *= np.where(better, relief, raised[who])
        raised[who] = np.where(better, 2.0, 2 * raised[who])
        if not going.any():
            break
    return own


def _objective(values: Array, own: Array, starts: Places, prior: float) -> Array:
    return np.asarray(np.add.reduceat(np.logaddexp(0, -values), starts) + prior / 2 * (own**2).sum(axis=1))
