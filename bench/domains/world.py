"""The known-truth world: the annotator is paid, and the gold reward judges."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.data.world import Annotator, Prompt, World
from bench.data.world.gold import rewards
from bench.data.world.lexicon import NUMBERS
from bench.data.world.vocabulary import END_ID, Ids, word_id
from bench.evaluate.judges import GoldJudge
from bench.generate import sample
from bench.label import Human, Judgements, Labeler, Reward, ordered
from bench.label.llm_judge import Question, TokenQuestion
from bench.learn.kept import Made, kept, place
from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import PairwiseReward
from bench.learn.policy.reference import weights_hash
from bench.learn.policy.reward_model import RewardModel
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training
from bench.learn.policy.world_policy import base_policy, world_policy
from bench.seeds import seed_for
from bench.spec import Context

REWARD_MODEL_VERSION = 1
REWARD_MODEL_TOKENS = 40  # of a response that a reward model learns from
BATCH_TOKENS = 2**16  # sampled at a time: of policies so small, all samples of a stage


class WorldDomain:
    """World `seed` and its SFT policy. `settings`: those of `WorldSettings`."""

    end = END_ID
    engine: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, settings: Mapping[str, Any], seed: int, context: Context, study: str) -> None:
        self.settings = settings
        self.seed = seed
        self.context = context
        self.study = study
        self.sft, self.sft_hash = _sft(context.cache_dir, seed, settings["policy"])

    def prompts(self, part: str, first: int, last: int) -> list[Prompt]:
        """See Domain."""
        return list(_world(self.seed).prompts(part)[first:last])

    def given(self, prompts: Sequence[Prompt]) -> None:
        """Nothing: people judge what the SFT policy samples."""

    def sample(self, policy: Any, prompts: Sequence[Prompt], **sampling: Any) -> list[list[Ids]]:
        """See Domain."""
        ids = [prompt.ids for prompt in prompts]
        found = sample(policy, ids, stop=(END_ID,), batch_tokens=BATCH_TOKENS, **sampling)
        return [[one.tokens for one in each] for each in found]

    def people(self, prompts: Sequence[Prompt], groups: Sequence[Completions]) -> Judgements:
        """See Domain."""
        annotator = Annotator(seed=self.seed, budget=len(groups))
        pairs = list(zip(*(group.responses for group in groups), strict=True))
        return Human(lambda _: annotator.prefer(prompts, *pairs)).label(groups)

    def truth(self, prompts: Sequence[Prompt], groups: Sequence[Completions]) -> NDArray[np.float64]:
        """The gold reward's; see Domain."""
        first, second = (rewards(prompts, [group.responses[side] for group in groups]) for side in (0, 1))
        return first - second

    def ranker(self) -> Labeler:
        """The reward model of `settings.ranker`; see Domain."""
        return Reward(self.reward_model("ranker", **self.settings["ranker"]).scores)

    def reward_model(self, name: str, *, labels: int, epochs: int, learning_rate: float) -> RewardModel:
        """Starts from the SFT policy and learns from paid labels of pairs of its samples; made once and kept.

        The pairs are of the last `labels` training prompts, which a study must leave to it, one a prompt. `name` is of
        its random streams and its file.
        """
        labelled = {"labels": labels, "epochs": epochs, "learning_rate": learning_rate}
        parts = {"version": REWARD_MODEL_VERSION, "seed": self.seed, "sft": self.sft_hash, **labelled}
        path = place(self.context.cache_dir / self.study, name, parts)
        model = kept(path, self._headed, lambda: self._labelled(name, labels, epochs, learning_rate)).module
        assert isinstance(model, RewardModel)
        return model

    def question(self) -> Question:
        """The two responses one after the other; the answer is one of two words."""
        first, second = NUMBERS[:2]
        return TokenQuestion(separator=END_ID, answers=(word_id(first), word_id(second)))

    def base(self) -> Any:
        """The same architecture, trained on demonstrations that stand under other prompts."""
        return _base(self.context.cache_dir, self.seed, self.settings["policy"])

    def compare(self, prompts: Sequence[Prompt], own: Sequence[Ids], theirs: Sequence[Ids]) -> NDArray[np.float64]:
        """See Domain."""
        return GoldJudge(rewards).compare(prompts, own, theirs)

    def quality(self, prompts: Sequence[Prompt], responses: Sequence[Ids]) -> dict[str, float]:
        """See Domain."""
        return {"gold_reward": float(rewards(prompts, responses).mean())}

    def _headed(self) -> RewardModel:
        return RewardModel(copy.deepcopy(self.sft.base_model), self.seed)

    def _labelled(self, name: str, labels: int, epochs: int, learning_rate: float) -> Made:
        prompts = list(_world(self.seed).prompts("train")[-labels:])
        found = sample(
            self.sft,
            [prompt.ids for prompt in prompts],
            samples=2,
            stop=(END_ID,),
            seed=seed_for(self.study, name, "sample", self.seed),
            max_tokens=REWARD_MODEL_TOKENS,
            temperature=1.0,
        )
        groups = [
            Completions(prompt.ids, tuple(one.tokens for one in each))
            for prompt, each in zip(prompts, found, strict=True)
        ]
        training = Training(
            learning_rate=learning_rate,
            epochs=epochs,
            batch_size=32,
            warmup=0.1,
            seed=seed_for(self.study, name, "train", self.seed),
        )
        model = self._headed()
        fit = train(model, ordered(groups, self.people(prompts, groups)), PairwiseReward(), training)
        return Made(model.eval(), {"training_seconds": fit.seconds})


@lru_cache(maxsize=2)
def _world(seed: int) -> World:
    return World(seed)


@lru_cache(maxsize=2)
def _sft(cache_dir: Path, seed: int, size: str) -> tuple[Any, str]:
    policy, _ = world_policy(cache_dir=cache_dir, seed=seed, size=size)
    return policy, weights_hash(policy)


@lru_cache(maxsize=2)
def _base(cache_dir: Path, seed: int, size: str) -> Any:
    policy, _ = base_policy(cache_dir=cache_dir, seed=seed, size=size)
    return policy
