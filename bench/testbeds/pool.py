"""A pool of prompts with responses: people who judge them for a label each, and what methods may know of it."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError
from bench.label import Judgements, ordered
from bench.label.rankings import by_wins, comparisons, pairs_of
from bench.learn.policy.completions import Completions, turned
from bench.learn.policy.reference import ReferenceLogProbs, data_hash, reference_log_probs, weights_hash
from bench.methods.contract import PAIR
from bench.seeds import seed_for
from bench.select import policy_embeddings
from bench.testbeds.stopwatch import Stopwatch
from bench.testbeds.testbed import Learnt
from bench.testbeds.training import Trainer

Rewards = Callable[[Sequence[Completions]], list[NDArray[np.floating]]]
Sampling = Callable[[Any, Sequence[Completions], int, int], list[Completions]]  # policy, groups, samples, seed


@dataclass(frozen=True)
class Place:
    """Where a policy learns, opened for a seed: what pools of the known-truth world and of texts have in common."""

    name: str  # of its random streams
    seed: int
    sft: Any
    end: int
    groups: Sequence[Completions]  # the pool
    prefer: Callable[[Sequence[Completions]], Judgements]  # what people say of groups of the pool; not counted here
    rewards: Rewards  # of a reward model that was at hand before any label was bought
    sample: Sampling
    trainer: Trainer
    taught: Callable[[Sequence[Completions], ReferenceLogProbs], Any]  # the objective that `Known.taught` trains for


class Account:
    """Labels that are bought, up to a budget, and the pairs that they make."""

    def __init__(self, place: Place, budget: int) -> None:
        self.place = place
        self.budget = budget
        self.spent = 0
        self.bought: list[Completions] = []
        self.sold: dict[int, float] = {}  # rows of the pool, with log-odds

    def buy(self, rows: Sequence[int]) -> Judgements:
        """What people say of these rows of the pool. Raises UserError as `ask`."""
        judgements = self._ask([first_two(self.place.groups[row]) for row in rows])
        self.sold.update(zip(rows, judgements.log_odds.tolist(), strict=True))
        return judgements

    def ask(self, groups: Sequence[Completions]) -> Judgements:
        """What people say, counted; of a pair of the pool, its row is sold. Raises UserError beyond the budget."""
        judgements = self._ask(groups)
        for group, log_odds in zip(groups, judgements.log_odds.tolist(), strict=True):
            for one, says in ((group, log_odds), (turned(group), -log_odds)):
                free = [row for row in self._rows.get(_named(one), []) if row not in self.sold]
                self.sold.update(dict.fromkeys(free[:1], says))
        return judgements

    def rank(self, rows: Sequence[int], first: Sequence[bool], k: int) -> list[Completions]:
        """The first k responses at rows that were bought, best first; all pairs but the first are bought now.

        `first`: whether the first response of each row's first pair is preferred. So many rows are ranked as the rest
        of the budget pays for. Raises UserError where it pays for none, or a row has fewer responses.
        """
        ranked = list(rows)[: (self.budget - self.spent) // (comparisons(k) - 1)]
        if not ranked:
            raise UserError(f"a ranking of {k} takes {comparisons(k)} labels; a budget of {self.budget} pays for none")
        groups = [self.place.groups[row] for row in ranked]
        if short := next((group for group in groups if len(group.responses) < k), None):
            raise UserError(f"people rank {k} responses, and a prompt here has {len(short.responses)}")
        others = self._ask([pair for group in groups for pair in pairs_of(group, k)[1:]]).first
        wins = np.column_stack([first[: len(groups)], others.reshape(len(groups), -1)])
        return [by_wins(group, k, row) for group, row in zip(groups, wins.tolist(), strict=True)]

    @cached_property
    def _rows(self) -> dict[str, list[int]]:
        """Where each pair of the pool stands."""
        found: dict[str, list[int]] = {}
        for row, group in enumerate(self.place.groups):
            found.setdefault(_named(first_two(group)), []).append(row)
        return found

    def _ask(self, groups: Sequence[Completions]) -> Judgements:
        if self.spent + len(groups) > self.budget:
            left = self.budget - self.spent
            raise UserError(f"{len(groups):,} labels asked for, {left:,} of a budget of {self.budget:,} left")
        judgements = self.place.prefer(groups) if groups else Judgements(np.zeros(0))
        self.spent += len(groups)
        self.bought += ordered(groups, judgements)
        return judgements


def first_two(group: Completions) -> Completions:
    """What people judge of a group, and what is learnt from."""
    return replace(group, responses=group.responses[:2])


def read_only(groups: Sequence[Completions]) -> None:
    """Tokens are what people are asked about, for everybody after this method too: who writes to them fails."""
    for group in groups:
        for tokens in (group.prompt, *group.responses):
            tokens.flags.writeable = False


def _named(pair: Completions) -> str:
    return data_hash([pair])


class Knowledge:
    """What methods may use in a pool: see `bench.methods.contract.Known`."""

    def __init__(self, place: Place, account: Account) -> None:
        self._place = place
        self._account = account
        self._references: dict[str, ReferenceLogProbs] = {}
        self._taught: tuple[int, Any] | None = None
        self.seed = place.seed
        # A copy of this task's own: the one that everybody starts from, and is judged by, stays the testbed's.
        self.policy = copy.deepcopy(place.sft)
        self.end = place.end
        self.bought: Sequence[Completions] = account.bought  # the account's own list: it grows
        self.tokens = 0  # trained and sampled on a method's behalf

    def require_unchanged(self) -> None:
        """Raise UserError where a method has changed the weights of `policy`, which nobody may."""
        if weights_hash(self.policy) != weights_hash(self._place.sft):
            raise UserError("a method changed the SFT policy's weights; train copy.deepcopy(known.policy)")

    def rewards(self, groups: Sequence[Completions]) -> list[NDArray[np.floating]]:
        """See Known."""
        return self._place.rewards(groups)

    def reference(self, groups: Sequence[Completions]) -> ReferenceLogProbs:
        """See Known. Remembered for this task alone: another method's task has the same cost."""
        data = data_hash(groups)
        if data not in self._references:
            self._references[data] = reference_log_probs(self._place.sft, groups, cache_dir=None)
        return self._references[data]

    def embed(self, groups: Sequence[Completions]) -> NDArray[np.float64]:
        """See Known."""
        return policy_embeddings(self._place.sft, groups)

    def taught(self) -> Any:
        """See Known. Raises UserError before any label was bought."""
        pairs = list(self.bought)
        if not pairs:
            raise UserError("no label was bought yet: there is nothing that a policy could have learnt from")
        if self._taught is None or self._taught[0] != len(pairs):
            objective = self._place.taught(pairs, self.reference(pairs))
            policy, tokens = self._place.trainer.trained(self._place.sft, pairs, objective, {}, "taught")
            self._taught = len(pairs), policy
            self.tokens += tokens
        return self._taught[1]

    def people(self, groups: Sequence[Completions]) -> Judgements:
        """See Known. Groups are of the pool, cut to two responses."""
        return self._account.ask(groups)

    def sample(self, policy: Any, groups: Sequence[Completions], samples: int, name: str) -> list[Completions]:
        """See Known."""
        seed = seed_for(self._place.name, "sample for a method", self.seed, name)
        found = self._place.sample(policy, groups, samples, seed)
        self.tokens += sum(len(response) for group in found for response in group.responses)
        return found


class PoolGround(ABC):
    """See `bench.testbeds.testbed.Ground`; learners of different slots differ in `learn`."""

    def __init__(self, place: Place, budget: int) -> None:
        self.place = place
        self.groups = place.groups
        read_only(self.groups)
        self.size = len(place.groups)
        self.account = Account(place, budget)
        self.known = Knowledge(place, self.account)

    @property
    def spent(self) -> int:
        """See Ground."""
        return self.account.spent

    @property
    def sold(self) -> Mapping[int, float]:
        """See Ground."""
        return self.account.sold

    def buy(self, rows: Sequence[int]) -> Judgements:
        """See Ground."""
        return self.account.buy(rows)

    def pairs(self, rows: Sequence[int]) -> list[Completions]:
        """The first two responses of these rows: what people judge, and what is learnt from."""
        return [first_two(self.groups[row]) for row in rows]

    @abstractmethod
    def learn(self, learner: Any, rows: Sequence[int], judgements: Judgements, training: Mapping[str, Any]) -> Learnt:
        """See Ground."""


class PolicyGround(PoolGround):
    """A policy learns, and `judged(policy)` says what it is worth."""

    def __init__(self, place: Place, budget: int, judged: Callable[[Any], Mapping[str, float]]) -> None:
        super().__init__(place, budget)
        self.judged = judged

    def learn(self, learner: Any, rows: Sequence[int], judgements: Judgements, training: Mapping[str, Any]) -> Learnt:
        """See Ground. `tokens` counts those trained and sampled for the method, not those that judging takes."""
        k = getattr(learner, "lists", PAIR)
        rank = self.account.rank
        with Stopwatch() as learning:
            groups = ordered(self.pairs(rows), judgements) if k == PAIR else rank(rows, judgements.first.tolist(), k)
            objective = learner.objective(groups, self.known)
            policy, tokens = self.place.trainer.trained(self.place.sft, groups, objective, training, "learner")
        self.known.require_unchanged()
        return Learnt({**self.judged(policy), "tokens": float(tokens + self.known.tokens)}, learning.seconds)
