"""A known-truth world, opened: its pool, its people, and its judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cached_property
from itertools import combinations
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.data.world import Prompt
from bench.data.world.gold import rewards
from bench.domains.domain import Ids
from bench.domains.measures import divergence
from bench.domains.world import WorldDomain
from bench.errors import UserError
from bench.evaluate.win_rate import win_rate
from bench.generate.kept_arrays import grouped, kept_arrays, read, written
from bench.label import Judgements
from bench.learn.kept import place
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import response_log_probs, response_sums
from bench.learn.policy.objectives import Preference
from bench.learn.policy.reference import data_hash
from bench.learn.policy.reward_model import RewardModel
from bench.methods.method import Slot
from bench.seeds import seed_for
from bench.spec import Context, Progress
from bench.testbeds.pool import Place, PolicyGround, PoolGround
from bench.testbeds.ranked import before, ranked
from bench.testbeds.response_features import Features
from bench.testbeds.reward_ground import HeldOut, RewardGround
from bench.testbeds.spread import mean_of
from bench.testbeds.training import Trainer

STUDY = "compare-world"  # names random streams and the folder in the cache


def open_ground(settings: Mapping[str, Any], learner: Slot, seed: int, budget: int, context: Context) -> PoolGround:
    """World `seed`; `settings` are those of `bench.testbeds.world`. Raises UserError for more prompts than it has."""
    here = OpenWorld(settings, seed, context)
    if learner == Slot.REWARD:
        return RewardGround(here.place, budget, here.features, here.held_out)
    return PolicyGround(here.place, budget, here.judged)


def prepare(settings: Mapping[str, Any], seeds: Sequence[int], context: Context, progress: Progress | None) -> None:
    """Make what the worlds of `seeds` keep in the cache, as many worlds at a time as there are threads."""
    report = progress or (lambda done, of: None)
    if min(context.threads, len(seeds)) < 2:
        for done, seed in enumerate(seeds, start=1):
            _warm(settings, seed, context)
            report(done, len(seeds))
        return
    with ProcessPoolExecutor(context.threads, mp_context=get_context("spawn")) as workers:
        making = [workers.submit(_warm, dict(settings), seed, context) for seed in seeds]
        for done, made in enumerate(as_completed(making), start=1):
            made.result()
            report(done, len(seeds))


def _warm(settings: Mapping[str, Any], seed: int, context: Context) -> None:
    """With one thread, as tasks run: samples are the same to the bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        here = OpenWorld(settings, seed, context)
        here.reward_model.scores(here.groups[:1])
        here.features.of(here.groups)
        here.features.of(here.opponents)
    finally:
        torch.set_num_threads(threads)


class OpenWorld:
    """World `seed` with its SFT policy, and what is made of them; all of it is kept by content."""

    def __init__(self, settings: Mapping[str, Any], seed: int, context: Context) -> None:
        self.settings = settings
        self.seed = seed
        self.domain = WorldDomain(settings, seed, context, STUDY)
        self.folder = context.cache_dir / STUDY
        self.prompts = self._prompts("train", settings["pool"])
        self.asked = {prompt.ids.tobytes(): prompt for prompt in self.prompts}
        self.test_prompts = self._prompts("test", settings["test_prompts"])

    @cached_property
    def place(self) -> Place:
        """For a pool's ground."""
        return Place(
            name=STUDY,
            seed=self.seed,
            sft=self.domain.sft,
            end=self.domain.end,
            groups=self.groups,
            prefer=self.people,
            rewards=lambda groups: list(self.reward_model.scores(groups)),
            sample=self.sampled,
            trainer=Trainer(STUDY, self.seed, self.settings["training"]),
            taught=lambda _, reference: Preference("dpo", reference),
        )

    @cached_property
    def groups(self) -> list[Completions]:
        """The pool."""
        return self._responses(self.prompts, self.settings["responses"], "pool")

    @cached_property
    def opponents(self) -> list[Completions]:
        """Test prompts with responses of the SFT policy."""
        return self._responses(self.test_prompts, self.settings["opponents"], "opponents")

    @cached_property
    def reward_model(self) -> RewardModel:
        """The one at hand: it learnt from labels of prompts that are in no pool, which are counted nowhere."""
        return self.domain.reward_model("at hand", **self.settings["reward_model"])

    @cached_property
    def features(self) -> Features:
        """Of responses, by the SFT policy."""
        return Features(self.domain.sft, self.domain.sft_hash, self.folder)

    @cached_property
    def held_out(self) -> HeldOut:
        """All pairs of the SFT policy's responses to a test prompt whose gold rewards differ, in the gold order."""
        k = self.settings["opponents"]
        worth = self._worth(self.test_prompts, self.opponents)
        chosen = [(row, *pair) for row in range(len(worth)) for pair in combinations(range(k), 2)]
        gaps = [worth[row, one] - worth[row, other] for row, one, other in chosen]
        decided = [(pair, gap) for pair, gap in zip(chosen, gaps, strict=True) if gap != 0]
        return HeldOut(self.opponents, [pair for pair, _ in decided], np.sign([gap for _, gap in decided]))

    def people(self, groups: Sequence[Completions]) -> Judgements:
        """Labels of pairs of the pool. Raises UserError for a prompt that is not in it."""
        return self.domain.people(self._known(groups), groups)

    def sampled(self, policy: Any, groups: Sequence[Completions], samples: int, seed: int) -> list[Completions]:
        """New responses to prompts of the pool, as those of the pool were sampled."""
        return grouped([group.prompt for group in groups], self._sample(policy, self._known(groups), samples, seed))

    def judged(self, policy: Any) -> dict[str, float]:
        """By the gold reward: a response to every test prompt, against several of the SFT policy each.

        All policies of a seed answer with the same random numbers; the SFT policy had others. Errors are clustered by
        prompt. And how the policy ranks those several responses: see `ranked`.
        """
        own = [each[0] for each in self._sample(policy, self.test_prompts, 1, self._stream("judged"))]
        k, prompts = self.settings["opponents"], self.test_prompts
        theirs = [response for group in self.opponents for response in group.responses]
        rows = np.repeat(np.arange(len(prompts)), k)
        wins = self.domain.compare([prompts[row] for row in rows], [own[row] for row in rows], theirs)
        won = win_rate(wins, rows)
        worth = rewards(prompts, own)
        length = np.array([len(response) for response in own], dtype=float)
        return {
            "win_rate_over_sft": won.mean,
            "win_rate_over_sft_error": won.standard_error,
            **mean_of("gold_reward", worth, np.arange(len(prompts))),
            **mean_of("length", length, np.arange(len(prompts))),
            "kl_from_sft": divergence(
                self.domain,
                policy,
                prompts[: self.settings["divergence_prompts"]],
                max_tokens=self.settings["max_tokens"],
                seed=self._stream("divergence"),
            ),
            **ranked(self._before, self._margins(policy), np.array([row for row, _, _ in self.held_out.pairs])),
        }

    @cached_property
    def _before(self) -> NDArray[np.float64]:
        """(n,): log pi_sft of the better response of every held-out pair, less that of the other; nats."""
        domain = self.domain
        return before(self.folder, domain.sft_hash, self.opponents, lambda: self._margins(domain.sft))

    def _margins(self, policy: Any) -> NDArray[np.float64]:
        """The same under `policy`."""
        sums = np.stack(response_sums(self.opponents, response_log_probs(policy, self.opponents)))
        rows, first, second = np.array(self.held_out.pairs).T
        found: NDArray[np.float64] = self.held_out.better * (sums[rows, first] - sums[rows, second])
        return found

    def _prompts(self, part: str, count: int) -> list[Prompt]:
        from bench.data.world.world import SIZES

        most = SIZES[part] - (self.settings["reward_model"]["labels"] if part == "train" else 0)
        if count > most:
            raise UserError(f"task world: {count:,} prompts of the part '{part}' are asked for, and it has {most:,}")
        return self.domain.prompts(part, 0, count)

    def _known(self, groups: Sequence[Completions]) -> list[Prompt]:
        try:
            return [self.asked[group.prompt.tobytes()] for group in groups]
        except KeyError:
            raise UserError("task world: a group has a prompt that is not in the pool") from None

    def _worth(self, prompts: Sequence[Prompt], groups: Sequence[Completions]) -> NDArray[np.float64]:
        """(n, k): gold rewards."""
        k = len(groups[0].responses)
        found = rewards(
            [prompt for prompt in prompts for _ in range(k)], [y for each in groups for y in each.responses]
        )
        return found.reshape(len(groups), k)

    def _responses(self, prompts: Sequence[Prompt], samples: int, name: str) -> list[Completions]:
        ids = [prompt.ids for prompt in prompts]
        parts = {
            **{key: self.settings[key] for key in ("version", "max_tokens", "temperature")},
            **{"of": name, "seed": self.seed, "sft": self.domain.sft_hash, "samples": samples},
            "prompts": data_hash([Completions(one, ()) for one in ids]),
        }
        path = place(self.folder, "responses", parts)
        stream = self._stream(name)
        return grouped(
            ids, read(kept_arrays(path, lambda: written(self._sample(self.domain.sft, prompts, samples, stream))))
        )

    def _sample(self, policy: Any, prompts: Sequence[Prompt], samples: int, seed: int) -> list[list[Ids]]:
        sampling = {key: self.settings[key] for key in ("max_tokens", "temperature")}
        return self.domain.sample(policy, prompts, samples=samples, seed=seed, **sampling)

    def _stream(self, name: str) -> int:
        return seed_for(STUDY, "sample", name, self.seed)
