"""Pairs of texts that people judged, opened for a policy: the SFT policy, the pool, and how a policy is judged."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.data.pairs import Dataset, Pair
from bench.domains.corpora import Turn, turns
from bench.domains.settings import Backbone
from bench.domains.text import language_model
from bench.errors import UserError
from bench.generate import sample
from bench.generate.kept_arrays import grouped
from bench.label import Judgements
from bench.label.likelihood import log_ratio
from bench.learn.kept import Made, kept, place
from bench.learn.policy.completions import Completions, turned
from bench.learn.policy.encoding import Limits, encode
from bench.learn.policy.objectives import PairwiseReward, Preference
from bench.learn.policy.reference import data_hash, weights_hash
from bench.learn.policy.reward_model import RewardModel
from bench.learn.policy.text_policy import Size, text_policy
from bench.seeds import seed_for
from bench.spec import Context, Progress, canonical
from bench.testbeds.pool import Place
from bench.testbeds.ranked import before, ranked
from bench.testbeds.text_parts import STUDY, parts
from bench.testbeds.training import Trainer

DIALOGUE = "\n\nHuman:"  # what a prompt of hh_rlhf begins with


@dataclass(frozen=True)
class Held:
    """Pairs that nobody learns from."""

    groups: list[Completions]  # (chosen, rejected)
    clusters: list[str]  # (n,): groups of the dataset
    longer: NDArray[np.float64]  # (n,): 1 where the chosen answer has more characters, 0.5 where both have as many


class OpenTexts:
    """The SFT policy and the pairs of one seed. `settings` are those of `bench.testbeds.text_policies`.

    `progress` gets (steps done, in all) of the training that all seeds share.
    """

    def __init__(
        self,
        dataset: Dataset,
        settings: Mapping[str, Any],
        seed: int,
        context: Context,
        progress: Progress | None = None,
    ) -> None:
        self.settings = settings
        self.seed = seed
        self.progress = progress
        self.name = dataset.name
        self.folder = context.cache_dir / STUDY
        self.limits = Limits(prompt=settings["prompt_tokens"], response=settings["response_tokens"])
        self.parts = parts(dataset, seed, sft=settings["sft_pairs"], pool=settings["pool"], test=settings["test"])
        shown = tuple((pair.prompt, pair.chosen) for pair in self.parts.sft)
        policy = Policy(canonical(settings["policy"]), shown, self.limits, context.cache_dir)
        if progress is not None:
            policy.make(progress)
        self.sft, self.tokenizer, self.weights = _loaded(policy)

    @cached_property
    def place(self) -> Place:
        """For a pool's ground."""
        return Place(
            name=f"{STUDY}/{self.name}",
            seed=self.seed,
            sft=self.sft,
            end=int(self.tokenizer.eos_token_id),
            groups=self.groups,
            prefer=self.people,
            rewards=lambda groups: list(self.reward_model.scores(groups)),
            sample=self.sampled,
            trainer=Trainer(f"{STUDY}/{self.name}", self.seed, self.settings["training"]),
            taught=lambda _, reference: Preference("dpo", reference),
        )

    @cached_property
    def groups(self) -> list[Completions]:
        """The pool, the two answers in an order that a coin of the pair decides."""
        coins = [seed_for(STUDY, "side", self.name, key) & 1 for key in self._sold]
        return [turned(group) if coin else group for coin, group in zip(coins, self._sold.values(), strict=True)]

    @cached_property
    def _sold(self) -> dict[str, Completions]:
        """The pool as (chosen, rejected), by what a pair is in either order: it is sold once, and the first counts."""
        found: dict[str, Completions] = {}
        for group in self._encoded(self.parts.pool)[1]:
            found.setdefault(_unordered(group), group)
        return found

    @cached_property
    def test(self) -> Held:
        """Pairs of groups that neither policy nor reward model has seen."""
        pairs, groups = self._encoded(self.parts.test)
        gap = np.array([len(pair.chosen) - len(pair.rejected) for pair in pairs])
        return Held(groups, [pair.group for pair in pairs], (1 + np.sign(gap)) / 2)

    @cached_property
    def reward_model(self) -> RewardModel:
        """The one at hand: of what people said of the SFT policy's part, which is counted nowhere."""
        learned = self.settings["reward_model"]
        groups = self._encoded(self.parts.sft)[1]
        named = {"version": self.settings["version"], "sft": self.weights, "groups": data_hash(groups), **learned}
        model = kept(place(self.folder, "reward-model", named), self._headed, lambda: self._rewarding(groups)).module
        assert isinstance(model, RewardModel)
        return model

    def people(self, groups: Sequence[Completions]) -> Judgements:
        """What people said of pairs of the pool. Raises UserError for other pairs."""
        first = []
        for group in groups:
            sold = self._sold.get(_unordered(group))
            if sold is None:
                raise UserError(f"task {self.name}: a group is no pair of the pool: nobody said which answer is better")
            first.append(np.array_equal(group.responses[0], sold.responses[0]))
        return Judgements(np.where(first, np.inf, -np.inf), len(groups))

    def sampled(self, policy: Any, groups: Sequence[Completions], samples: int, seed: int) -> list[Completions]:
        """New answers to the prompts of any groups, as long as those that people judged."""
        prompts = [group.prompt for group in groups]
        found = sample(
            policy,
            prompts,
            samples=samples,
            stop=(int(self.tokenizer.eos_token_id),),
            max_tokens=self.settings["response_tokens"],
            temperature=self.settings["temperature"],
            seed=seed,
        )
        return grouped(prompts, [[one.tokens for one in each] for each in found])

    def judged(self, policy: Any) -> dict[str, float]:
        """By held-out pairs: see `ranked`; and the accuracy of the longer answer, which needs no label."""
        after = log_ratio(policy, self.test.groups)
        return {
            **ranked(self._before, after, np.array(self.test.clusters)),
            "implicit_margin": float((after - self._before).mean()),  # nats
            "accuracy_of_longer": float(self.test.longer.mean()),
        }

    @cached_property
    def _before(self) -> NDArray[np.float64]:
        """(n,): log pi_sft of the chosen answers of the test, less that of the rejected; nats."""
        groups = self.test.groups
        return before(self.folder, self.weights, groups, lambda: log_ratio(self.sft, groups))

    def _encoded(self, pairs: Sequence[Pair]) -> tuple[list[Pair], list[Completions]]:
        """Pairs and their tokens (chosen, rejected), without those whose answers are cut to the same tokens."""
        chat = self.tokenizer.chat_template is not None
        prompts = [_messages(pair.prompt) if chat else pair.prompt for pair in pairs]
        answers = [(pair.chosen, pair.rejected) for pair in pairs]
        groups = encode([pair.id for pair in pairs], prompts, answers, self.tokenizer, self.limits, chat=chat)
        rows = [row for row, group in enumerate(groups) if not np.array_equal(group.responses[0], group.responses[1])]
        return [pairs[row] for row in rows], [groups[row] for row in rows]

    def _headed(self) -> RewardModel:
        return RewardModel(copy.deepcopy(self.sft.base_model), 0)

    def _rewarding(self, groups: Sequence[Completions]) -> Made:
        trainer = Trainer(STUDY, 0, {**self.settings["training"], **self.settings["reward_model"]})
        model, tokens = trainer.trained(self._headed(), groups, PairwiseReward(), {}, "reward model", self.progress)
        return Made(model, {"tokens": float(tokens)})


def _unordered(group: Completions) -> str:
    """The same for a pair in either order."""
    return min(data_hash([group]), data_hash([turned(group)]))


def _messages(prompt: str) -> str | list[dict[str, str]]:
    """A dialogue as its turns, for a chat template; any other prompt as it is."""
    if not prompt.startswith(DIALOGUE):
        return prompt
    return [_message(turn) for turn in turns(prompt)]


def _message(turn: Turn) -> dict[str, str]:
    return {"role": turn.role, "content": turn.content}


@dataclass(frozen=True)
class Policy:
    """The SFT policy that settings name: one with an `origin` is pretrained (keys of `Backbone`), and taken as it is;
    any other is made of the (prompt, answer) that it is `shown` (keys of `Size`)."""

    settings: str  # JSON
    shown: tuple[tuple[str, str], ...]
    limits: Limits
    cache_dir: Path

    def make(self, progress: Progress | None) -> tuple[Any, Any]:
        """The model and its tokenizer."""
        settings = json.loads(self.settings)
        if "origin" in settings:
            return language_model(Backbone.model_validate(settings), "float32")
        return text_policy(self.shown, Size(**settings), self.limits, cache_dir=self.cache_dir, progress=progress)


@lru_cache(maxsize=2)
def _loaded(policy: Policy) -> tuple[Any, Any, str]:
    """Model, tokenizer, and the hash of the weights."""
    model, tokenizer = policy.make(None)
    return model, tokenizer, weights_hash(model)
