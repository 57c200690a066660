"""The known-truth world as the study sees it: pools of prompts, reward models, people, and the judge.

Everything is made once and kept by content: some four hundred tasks share a pool and its rewards.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bench.data.world import Annotator, Prompt, World
from bench.data.world.annotator import NOISE
from bench.data.world.gold import rewards
from bench.data.world.vocabulary import END_ID, Ids
from bench.evaluate.divergence import sampled_kl
from bench.evaluate.judges import GoldJudge
from bench.evaluate.win_rate import win_rate
from bench.generate import sample
from bench.generate.kept_arrays import Arrays, grouped, kept_arrays, read, written
from bench.label import Human, Judgements, ordered
from bench.learn.kept import Made, kept, place
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import response_log_probs, response_sums
from bench.learn.policy.objectives import PairwiseReward
from bench.learn.policy.reference import ReferenceLogProbs, reference_log_probs, weights_hash
from bench.learn.policy.reward_model import RewardModel
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training
from bench.learn.policy.world_policy import world_policy
from bench.papers.pvar.growth import gaps
from bench.papers.pvar.lab import Values
from bench.seeds import seed_for
from bench.spec import Context, canonical

VERSION = 1  # of what is sampled and scored
BATCH_TOKENS = 65_536  # keys and values that sampling holds at a time
LABELLED_BATCH = 32  # pairs a step, of a reward model


class WorldLab:
    """World `seed` and its SFT policy. `settings`: policy, pool, responses, max_tokens, temperature, reward_models."""

    engine: Mapping[str, Any] = MappingProxyType({})
    judges: Mapping[str, str] = MappingProxyType({})
    checkpoints: Path | None = None  # a training is a matter of seconds

    def __init__(self, settings: Mapping[str, Any], seed: int, cache_dir: Path) -> None:
        self.settings = settings
        self.seed = seed
        self.folder = cache_dir / "pvar"
        self.world = World(seed)
        self.sft, _ = world_policy(cache_dir=cache_dir, seed=seed, size=settings["policy"])
        self.sft_hash = weights_hash(self.sft)
        self._pools: dict[str, tuple[list[Prompt], list[Completions]]] = {}
        self._references: dict[str, ReferenceLogProbs] = {}
        self._rewards: dict[tuple[str, str], Values] = {}
        self._held_out: dict[int, tuple[list[Completions], Values]] = {}

    def pool(self, spread: str) -> tuple[list[Prompt], list[Completions]]:
        """The prompts of `spread`, and for each a group of responses of the SFT policy."""
        if spread not in self._pools:
            there = self.world.prompts("train")
            wanted = [prompt for prompt in there if spread == "wide" or prompt.stakes == "middle"]
            prompts = wanted[: self.settings["pool"]]
            self._pools[spread] = prompts, self.responses(prompts, self.settings["responses"], "pool")
        return self._pools[spread]

    def reference(self, spread: str) -> ReferenceLogProbs:
        """The SFT policy's log-probabilities of the pool's responses."""
        if spread not in self._references:
            self._references[spread] = reference_log_probs(self.sft, self.pool(spread)[1], cache_dir=self.folder)
        return self._references[spread]

    def rewards(self, spread: str, model: str) -> Values:
        """(pool, k): of every response, in the unit in which a difference of 1 has odds e : 1; "gold" is the truth."""
        if (spread, model) not in self._rewards:
            prompts, groups = self.pool(spread)
            if model == "gold":
                self._rewards[spread, model] = self.truth(prompts, groups) / NOISE
            else:
                parts = {"of": "rewards", "spread": spread, "model": model}
                found = kept_arrays(self.place("rewards", parts), lambda: self._scored(model, groups))
                self._rewards[spread, model] = np.asarray(found["rewards"], dtype=np.float64)
        return self._rewards[spread, model]

    def truth(self, prompts: Sequence[Prompt], groups: Sequence[Completions]) -> Values:
        """(n, k): the gold reward of every response."""
        k = len(groups[0].responses)
        found = rewards([prompt for prompt in prompts for _ in range(k)], [y for g in groups for y in g.responses])
        return found.reshape(len(groups), k)

    def given(self, prompts: Sequence[Prompt]) -> None:
        """Nothing: people judge what the SFT policy samples."""

    def people(self, prompts: Sequence[Prompt], groups: Sequence[Completions]) -> Judgements:
        """Paid labels of pairs of responses."""
        annotator = Annotator(seed=self.seed, budget=len(groups))
        pairs = list(zip(*(group.responses for group in groups), strict=True))
        return Human(lambda _: annotator.prefer(prompts, *pairs)).label(groups)

    def reward_model(self, name: str) -> RewardModel:
        """Begins as the SFT policy, and learns from paid labels of the last training prompts."""
        labelled = self.settings["reward_models"][name]
        path = place(self.folder, "reward-model", self._parts() | {"labelled": labelled})
        model = kept(path, self._headed, lambda: self._labelled(**labelled)).module
        assert isinstance(model, RewardModel)
        return model

    def test(self, prompts: int, opponents: int) -> tuple[list[Prompt], list[Completions]]:
        """Test prompts, with the responses of the SFT policy that others are compared with."""
        asked = list(self.world.prompts("test")[:prompts])
        return asked, self.responses(asked, opponents, "opponents")

    def held_out(self, prompts: int) -> tuple[list[Completions], Values]:
        """Validation pairs and the SFT policy's `gaps` of them.

        The better response comes first; pairs of equal reward tell nothing and are left out.
        """
        if prompts not in self._held_out:
            pairs = self._decided(prompts)
            self._held_out[prompts] = pairs, gaps(self.sft, pairs)
        return self._held_out[prompts]

    def judged(self, policy: Any, judging: Mapping[str, int]) -> dict[str, float]:
        """By the gold reward: a response to every test prompt, against some responses of the SFT policy each.

        All policies of a seed answer with the same random numbers, so that what they share does not blur how they
        differ; the SFT policy has others.
        """
        prompts, theirs = self.test(judging["test_prompts"], judging["opponents"])
        own = [each[0] for each in self.sample(policy, prompts, 1, "judged")]
        judge, asked = GoldJudge(rewards), [row for row in range(len(prompts)) for _ in range(judging["opponents"])]
        wins = judge.compare(
            [prompts[row] for row in asked],
            [own[row] for row in asked],
            [y for group in theirs for y in group.responses],
        )
        groups = grouped([prompt.ids for prompt in prompts], [[y] for y in own])[: judging["divergence"]]
        ours, sft = (
            np.concatenate(response_sums(groups, response_log_probs(model, groups))) for model in (policy, self.sft)
        )
        return {
            "win_rate_over_sft": win_rate(wins, asked).mean,
            "gold_reward": float(rewards(prompts, own).mean()),
            "length": float(np.mean([len(response) for response in own])),
            "kl_from_sft": sampled_kl(ours, sft).k1.mean,
        }

    def _decided(self, prompts: int) -> list[Completions]:
        asked = list(self.world.prompts("validation")[:prompts])
        groups = self.responses(asked, 2, "held out")
        gap = np.subtract(*self.truth(asked, groups).T)
        decided = [row for row in range(len(groups)) if gap[row] != 0]
        return ordered([groups[row] for row in decided], Judgements(gap[decided]))

    def responses(self, prompts: Sequence[Prompt], samples: int, name: str) -> list[Completions]:
        """`samples` of the SFT policy for every prompt, from the random stream `name`."""
        asked = hashlib.sha256(canonical([prompt.text for prompt in prompts]).encode()).hexdigest()
        path = self.place("responses", {"of": name, "prompts": asked, "samples": samples})
        found = read(kept_arrays(path, lambda: written(self.sample(self.sft, prompts, samples, name))))
        return grouped([prompt.ids for prompt in prompts], found)

    def sample(self, policy: Any, prompts: Sequence[Prompt], samples: int, name: str) -> list[list[Ids]]:
        """Responses of any policy. A prompt and a `name` have random numbers of their own, whatever the policy."""
        found = sample(
            policy,
            [prompt.ids for prompt in prompts],
            samples=samples,
            stop=(END_ID,),
            seed=seed_for("pvar", "sample", name, self.seed),
            max_tokens=self.settings["max_tokens"],
            temperature=self.settings["temperature"],
            batch_tokens=BATCH_TOKENS,
        )
        return [[one.tokens for one in each] for each in found]

    def place(self, kind: str, parts: Mapping[str, Any]) -> Path:
        """Where arrays are kept that depend on the lab and on `parts`."""
        named = {"pool": self.settings["pool"], "responses": self.settings["responses"]}
        models = {"reward_models": self.settings["reward_models"]} if kind in ("rewards", "scores") else {}
        return place(self.folder, kind, self._parts() | named | models | dict(parts))

    def _parts(self) -> dict[str, Any]:
        """What everything here depends on."""
        sampling = {name: self.settings[name] for name in ("max_tokens", "temperature")}
        return {"version": VERSION, "seed": self.seed, "sft": self.sft_hash, **sampling}

    def _scored(self, model: str, groups: Sequence[Completions]) -> Arrays:
        return {"rewards": np.stack(self.reward_model(model).scores(groups))}

    def _headed(self) -> RewardModel:
        return RewardModel(copy.deepcopy(self.sft.base_model), self.seed)

    @cached_property
    def _annotated(self) -> list[Completions]:
        """As many labelled pairs as the largest reward model learns from."""
        most = max(each["labels"] for each in self.settings["reward_models"].values())
        prompts = list(self.world.prompts("train")[-most:])
        groups = self.responses(prompts, 2, "reward model")
        return ordered(groups, self.people(prompts, groups))

    def _labelled(self, labels: int, epochs: int, learning_rate: float) -> Made:
        training = Training(
            learning_rate=learning_rate,
            epochs=epochs,
            batch_size=LABELLED_BATCH,
            seed=seed_for("pvar", "reward model", self.seed),
        )
        model = self._headed()
        fit = train(model, self._annotated[-labels:], PairwiseReward(), training)
        return Made(model.eval(), {"training_seconds": fit.seconds})


def lab(settings: Mapping[str, Any], seed: int, context: Context) -> WorldLab:
    """The lab of a task; a worker keeps the last few, as neighbouring tasks have other seeds."""
    return _lab(canonical(settings), seed, context.cache_dir)


@lru_cache(maxsize=6)
def _lab(settings: str, seed: int, cache_dir: Path) -> WorldLab:
    return WorldLab(json.loads(settings), seed, cache_dir)
