"""A testbed of a dozen prompts and a language model of some thousand weights: where a method's contract is checked.

It watches what a method may not do. Held-out labels remember whether anybody read them. People remember how often they
were asked, whichever way that was. And what people think, but for the labels that are bought at the start, is one of
two opposite tastes: a method that learnt of it without paying gives itself away, for it answers otherwise in the other.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from bench.errors import UserError
from bench.generate import sample
from bench.label import Judgements, ordered
from bench.learn.policy import attention
from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Preference
from bench.learn.policy.reference import ReferenceLogProbs, data_hash, reference_log_probs, weights_hash
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training
from bench.seeds import seed_for
from bench.select import policy_embeddings

Shape = Literal["plain", "single", "duplicates", "ties"]
WORDS, END, LONGEST = 24, 1, 6  # tokens; the first words are no tokens of responses
POOL = 12
TRAINING = Training(learning_rate=1e-3, batch_size=4, schedule="constant")


@dataclass
class People:
    """They like some tokens and dislike others, or with a `taste` of -1 the opposite; they remember being asked."""

    taste: int
    asked: int = 0

    def prefer(self, groups: Sequence[Completions]) -> NDArray[np.float64]:
        """(n,): +1 or -1; of two equal responses +1."""
        self.asked += len(groups)
        return self.answers(groups)

    def answers(self, groups: Sequence[Completions]) -> NDArray[np.float64]:
        """The same, asked by nobody."""
        gaps = np.array([_worth(group.responses[0]) - _worth(group.responses[1]) for group in groups])
        return np.where(self.taste * gaps >= 0, 1.0, -1.0)


@dataclass
class HeldOut:
    """Pairs that a learner is judged on."""

    groups: Sequence[Completions]
    people: People
    read: bool = False

    @property
    def labels(self) -> NDArray[np.float64]:
        """(n,)"""
        self.read = True
        return self.people.answers(self.groups)


class Ground:
    """`groups` are half of the pool. With `bought`, labels of the other half are, which do not depend on the taste."""

    def __init__(self, shape: Shape, *, taste: int, responses: int, bought: bool, extra: int) -> None:
        pool = _pool(shape, responses)
        half = max(1, len(pool) // 2)
        self.groups = pool[half:]
        self.people = People(taste)
        self.held_out = HeldOut(_groups("held out", POOL, 2), self.people)
        pairs = [replace(group, responses=group.responses[:2]) for group in pool[:half]]
        coins = np.random.default_rng(seed_for("check", "bought", shape)).choice([-np.inf, np.inf], len(pairs))
        self.known = SmallKnown(self, ordered(pairs, Judgements(coins)) if bought else [])
        self.budget = extra
        self.spent = 0

    def buy(self, groups: Sequence[Completions]) -> Judgements:
        """Labels of people. Raises UserError, and buys none, beyond the budget."""
        if self.spent + len(groups) > self.budget:
            raise UserError(f"{len(groups)} labels asked for, {self.budget - self.spent} of {self.budget} left")
        self.spent += len(groups)
        return Judgements(self.people.prefer(groups) * np.inf, labels_spent=len(groups))


class SmallKnown:
    """What a method may use here; see `bench.methods.contract.Known`."""

    def __init__(self, ground: Ground, bought: Sequence[Completions]) -> None:
        self._ground = ground
        self.seed = 0
        self.policy = copy.deepcopy(_policy())
        self.end = END
        self.bought = bought

    def rewards(self, groups: Sequence[Completions]) -> list[NDArray[np.float64]]:
        """See Known."""
        return [np.array([np.sin(response).mean() for response in group.responses]) for group in groups]

    def reference(self, groups: Sequence[Completions]) -> ReferenceLogProbs:
        """See Known."""
        return reference_log_probs(self.policy, groups, cache_dir=None)

    def embed(self, groups: Sequence[Completions]) -> NDArray[np.float64]:
        """See Known."""
        return policy_embeddings(self.policy, groups)

    def taught(self) -> Any:
        """See Known."""
        if not self.bought:
            raise UserError("no label was bought yet that a policy could be taught by")
        policy = copy.deepcopy(self.policy)
        train(policy, self.bought, Preference("dpo", self.reference(self.bought)), TRAINING)
        return policy

    def people(self, groups: Sequence[Completions]) -> Judgements:
        """See Known."""
        return self._ground.buy(groups)

    def sample(self, policy: Any, groups: Sequence[Completions], samples: int, name: str) -> list[Completions]:
        """See Known."""
        seed = seed_for("check", "sample", name, self.seed)
        prompts = [group.prompt for group in groups]
        found = sample(policy, prompts, max_tokens=LONGEST, seed=seed, samples=samples, stop=(END,))
        return [
            replace(group, responses=tuple(one.tokens for one in each))
            for group, each in zip(groups, found, strict=True)
        ]

    def fingerprint(self) -> tuple[str, str]:
        """Hashes of the policy and of what was bought."""
        return weights_hash(self.policy), data_hash(self.bought)


def _worth(response: NDArray[np.int32]) -> float:
    return float(np.cos(3 * response).sum())


def _pool(shape: Shape, responses: int) -> list[Completions]:
    """Pairs, or more responses a prompt; a single one beside the one that is bought, a few thrice, or equal ones."""
    if shape == "single":
        return _groups("pool", 2, responses)
    if shape == "duplicates":
        few = _groups("pool", POOL // 3, responses)
        return [copy.deepcopy(group) for group in few for _ in range(3)]
    groups = _groups("pool", POOL, responses)
    if shape == "ties":
        return [replace(g, responses=tuple(g.responses[0].copy() for _ in g.responses)) for g in groups]
    return groups


def _groups(name: str, count: int, responses: int) -> list[Completions]:
    random = np.random.default_rng(seed_for("check", name))

    def tokens(longest: int) -> NDArray[np.int32]:
        return random.integers(END + 1, WORDS, random.integers(2, longest + 1), dtype=np.int32)

    return [
        Completions(tokens(LONGEST), tuple(np.append(tokens(LONGEST - 1), np.int32(END)) for _ in range(responses)))
        for _ in range(count)
    ]


@lru_cache(maxsize=1)
def _policy() -> Any:
    """A decoder with random weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=WORDS,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=64,
        bos_token_id=0,
        eos_token_id=END,
        initializer_range=0.3,  # far enough from uniform that log-probabilities of responses differ
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        policy = LlamaForCausalLM(config).eval()
    attention.enable(policy)
    return policy
